# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# What `cpack` makes. A build for the prefix /usr (the preset `debian`) where there is dpkg makes Debian's packages:
#
#   libpool1      libpool.so.1, gdb's printers
#   libpool-dev   headers, libpool.so, libpool.a, pool.pc, the CMake package, the man pages
#
# Any other build makes one archive with all that is installed. Source tarballs are made by packages.sh.

set(POOL_PACKAGE_MAINTAINER "the libpool authors <libpool@packages.invalid>" CACHE STRING
  "Maintainer of the Debian packages, with an address; whoever publishes them gives theirs")

set(CPACK_PACKAGE_NAME lib${PROJECT_NAME})
set(CPACK_PACKAGE_VENDOR "the libpool authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "bounded pool of worker threads, shared by many groups of tasks")
string(REPLACE "-" "~" CPACK_PACKAGE_VERSION ${PROJECT_VERSION}${POOL_VERSION_SUFFIX}) # 1.0.0~dev is before 1.0.0
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON) # libpool.so alone; libpool.a keeps its symbols

find_program(POOL_DPKG_DEB dpkg-deb)
mark_as_advanced(POOL_DPKG_DEB)
if(NOT POOL_DPKG_DEB OR NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  set(CPACK_GENERATOR TGZ)
  set(CPACK_COMPONENTS_ALL_IN_ONE_PACKAGE ON)
  include(CPack)
  file(REMOVE ${PROJECT_BINARY_DIR}/CPackSourceConfig.cmake) # it would take files that git does not know
  return()
endif()

# --- Debian ---

set(runtime libpool${PROJECT_VERSION_MAJOR})
set(revision 1)
set(version ${CPACK_PACKAGE_VERSION}-${revision})
set(folder ${PROJECT_BINARY_DIR}/debian)

set(CPACK_GENERATOR DEB)
set(CPACK_COMPONENTS_ALL runtime dev)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SOURCE libpool)
set(CPACK_DEBIAN_PACKAGE_RELEASE ${revision})
set(CPACK_DEBIAN_PACKAGE_MAINTAINER ${POOL_PACKAGE_MAINTAINER})
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME ${runtime})
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_RUNTIME_DESCRIPTION "libpool gives a program one bounded pool of worker threads, shared by many
groups of tasks. Each group is waited for, and succeeds or fails, by itself.
.
This package holds the shared library.")

set(CPACK_DEBIAN_DEV_PACKAGE_NAME libpool-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "${runtime} (= ${version})")
set(CPACK_DEBIAN_DEV_PACKAGE_SUGGESTS "pkg-config, libstdc++-dev") # the latter for programs with libpool.a
set(CPACK_DEBIAN_DEV_DESCRIPTION "libpool gives a program one bounded pool of worker threads, shared by many
groups of tasks. Each group is waited for, and succeeds or fails, by itself.
.
This package holds the headers for C and C++, the static library, the files for
pkg-config and CMake, and the man pages.")

# What dpkg-shlibdeps reads for programs that use the library: each symbol with the version that first had it, which is
# that of its node in libpool.map, and for tools that do not read symbols, the same for the whole library.
set(symbols "libpool.so.${PROJECT_VERSION_MAJOR} ${runtime} #MINVER#\n* Build-Depends-Package: libpool-dev\n")
file(STRINGS ${PROJECT_SOURCE_DIR}/capi/libpool.map lines REGEX "^LIBPOOL_[0-9.]+ |^ *pool_[a-z0-9_]+;")
foreach(line IN LISTS lines)
  string(REGEX MATCH "[A-Za-z0-9_.]+" symbol ${line})
  if(symbol MATCHES "^LIBPOOL_([0-9]+[.][0-9]+)$")
    set(node ${symbol})
    set(since ${CMAKE_MATCH_1}~) # what comes before 1.0.0 has it too
  endif()
  string(APPEND symbols " ${symbol}@${node} ${since}\n")
endforeach()
file(WRITE ${folder}/symbols "${symbols}")
file(WRITE ${folder}/shlibs
  "libpool ${PROJECT_VERSION_MAJOR} ${runtime} (>= ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}~)\n")
file(WRITE ${folder}/triggers "activate-noawait ldconfig\n")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA ${folder}/symbols ${folder}/shlibs ${folder}/triggers)

# Of the commit where SOURCE_DATE_EPOCH says so, as packages.sh does.
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE ${folder}/changelog "libpool (${version}) unstable; urgency=medium

  * What changed is in changelog.gz.

 -- ${POOL_PACKAGE_MAINTAINER}  ${date}
")
file(READ ${PROJECT_SOURCE_DIR}/LICENSE licence)
file(WRITE ${folder}/copyright "${licence}
The libraries hold code of the headers of Boost (Boost Software License 1.0),
fmt and spdlog (the same licence as above), with the copyrights that
/usr/share/doc/libboost-dev, libfmt-dev and libspdlog-dev tell.
")
# Only in packages.
function(pool_package_documents component package)
  set(documents ${CMAKE_INSTALL_DATADIR}/doc/${package})
  install(FILES ${folder}/copyright DESTINATION ${documents} COMPONENT ${component} EXCLUDE_FROM_ALL)
  install(FILES ${folder}/changelog DESTINATION ${documents} RENAME changelog.Debian
    COMPONENT ${component} EXCLUDE_FROM_ALL)
  install(FILES ${PROJECT_SOURCE_DIR}/CHANGELOG.md DESTINATION ${documents} RENAME changelog
    COMPONENT ${component} EXCLUDE_FROM_ALL)
endfunction()
pool_package_documents(runtime ${runtime})
pool_package_documents(dev libpool-dev)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/debian.cmake)
set(CPACK_POST_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/debian.cmake)

include(CPack)
file(REMOVE ${PROJECT_BINARY_DIR}/CPackSourceConfig.cmake)
