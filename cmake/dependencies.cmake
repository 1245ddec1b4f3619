# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# What libpool is made with: Boost.Lockfree, spdlog and fmt, all header-only and all private. They are put together in
# the target pool_dependencies, which is never installed, so that neither the CMake package nor pool.pc knows of them.

find_path(POOL_BOOST_INCLUDE_DIR boost/lockfree/queue.hpp DOC "Folder with the headers of Boost.Lockfree")
find_path(POOL_SPDLOG_INCLUDE_DIR spdlog/spdlog.h DOC "Folder with the headers of spdlog")
find_package(fmt CONFIG QUIET)
mark_as_advanced(POOL_BOOST_INCLUDE_DIR POOL_SPDLOG_INCLUDE_DIR)

set(pool_missing "")
if(NOT POOL_BOOST_INCLUDE_DIR)
  list(APPEND pool_missing "Boost.Lockfree (Debian: libboost-dev)")
else()
  file(STRINGS "${POOL_BOOST_INCLUDE_DIR}/boost/version.hpp" pool_boost_line REGEX "^#define BOOST_VERSION [0-9]+")
  string(REGEX REPLACE "[^0-9]" "" pool_boost_version "${pool_boost_line}")
  if(pool_boost_version LESS 107400)
    list(APPEND pool_missing "Boost 1.74 or later (${POOL_BOOST_INCLUDE_DIR} has ${pool_boost_version})")
  endif()
endif()
if(NOT POOL_SPDLOG_INCLUDE_DIR)
  list(APPEND pool_missing "spdlog (Debian: libspdlog-dev)")
endif()
if(NOT TARGET fmt::fmt-header-only)
  list(APPEND pool_missing "fmt (Debian: libfmt-dev)")
endif()
if(pool_missing)
  list(JOIN pool_missing ", " pool_missing)
  message(FATAL_ERROR "libpool needs the headers of: ${pool_missing}")
endif()

# spdlog's own target spdlog::spdlog_header_only would link the compiled libfmt; only its headers are taken here.
add_library(pool_dependencies INTERFACE)
target_include_directories(pool_dependencies SYSTEM INTERFACE ${POOL_BOOST_INCLUDE_DIR} ${POOL_SPDLOG_INCLUDE_DIR})
target_compile_definitions(pool_dependencies INTERFACE SPDLOG_FMT_EXTERNAL)
target_link_libraries(pool_dependencies INTERFACE fmt::fmt-header-only Threads::Threads)
