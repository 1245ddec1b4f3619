# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# What Debian wants of its packages and cpack does not do. cpack runs this (packages.cmake) twice, without the variables
# of the build: when it has gathered the files, and when it has made the packages.

# Man pages and changelogs are compressed, without names and times.
if(NOT CPACK_PACKAGE_FILES)
  set(share ${CPACK_TEMPORARY_DIRECTORY}/*/usr/share)
  file(GLOB_RECURSE texts ${share}/man/* ${share}/doc/changelog*)
  execute_process(COMMAND gzip -9nf ${texts} COMMAND_ERROR_IS_FATAL ANY)
  return()
endif()

# Packages of several architectures stand beside each other, ldconfig is called by its trigger and not by scripts, and
# dpkg-deb packs in the same order each time, with no time after SOURCE_DATE_EPOCH.
foreach(package IN LISTS CPACK_PACKAGE_FILES)
  set(tree ${package}.tree)
  file(REMOVE_RECURSE ${tree})
  execute_process(COMMAND dpkg-deb -R ${package} ${tree} COMMAND_ERROR_IS_FATAL ANY)
  file(REMOVE ${tree}/DEBIAN/postinst ${tree}/DEBIAN/postrm)
  file(READ ${tree}/DEBIAN/control control)
  string(REPLACE "\nPackage:" "\nMulti-Arch: same\nPackage:" control "${control}")
  file(WRITE ${tree}/DEBIAN/control "${control}")
  execute_process(COMMAND chmod -R u=rwX,go=rX ${tree} COMMAND_ERROR_IS_FATAL ANY) # whatever the umask was
  execute_process(COMMAND dpkg-deb --root-owner-group -Zxz -b ${tree} ${package}
    OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
  file(REMOVE_RECURSE ${tree})
endforeach()
