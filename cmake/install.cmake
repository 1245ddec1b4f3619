# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# cmake --install: headers, libpool.so, libpool.a, pool.pc, the CMake package, the man pages if they were made, and
# gdb's printers. All of it may be moved afterwards, though gdb finds its printers by itself only where the library was
# to be when CMake was configured: pool.pc and poolTargets.cmake find the prefix from where they lie.
# Components, for packages.cmake: `runtime` is what a program needs to run, `dev` all else.

include(CMakePackageConfigHelpers)

set(pool_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/pool)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/pool ${PROJECT_BINARY_DIR}/include/pool
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev FILES_MATCHING PATTERN *.h PATTERN *.hpp)
install(TARGETS pool pool_static EXPORT poolTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT dev
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev)
install(EXPORT poolTargets NAMESPACE pool:: DESTINATION ${pool_package_dir} COMPONENT dev)

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/poolConfig.cmake.in ${PROJECT_BINARY_DIR}/poolConfig.cmake
  INSTALL_DESTINATION ${pool_package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/poolConfigVersion.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${PROJECT_BINARY_DIR}/poolConfig.cmake ${PROJECT_BINARY_DIR}/poolConfigVersion.cmake
  DESTINATION ${pool_package_dir} COMPONENT dev)

install(DIRECTORY ${PROJECT_BINARY_DIR}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR} COMPONENT dev OPTIONAL)

# Where gdb looks for it by itself.
cmake_path(ABSOLUTE_PATH CMAKE_INSTALL_LIBDIR BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX} NORMALIZE OUTPUT_VARIABLE libdir)
install(FILES ${PROJECT_SOURCE_DIR}/capi/gdb/libpool-gdb.py DESTINATION ${CMAKE_INSTALL_DATADIR}/gdb/auto-load${libdir}
  COMPONENT runtime RENAME libpool.so.${PROJECT_VERSION}-gdb.py)

# The folders may be relative to the prefix or absolute; pool.pc wants the way from its own folder.
cmake_path(ABSOLUTE_PATH CMAKE_INSTALL_INCLUDEDIR BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX} NORMALIZE
  OUTPUT_VARIABLE includedir)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY ${libdir}/pkgconfig OUTPUT_VARIABLE pool_pc_prefix)
cmake_path(RELATIVE_PATH libdir BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX} OUTPUT_VARIABLE pool_pc_libdir)
cmake_path(RELATIVE_PATH includedir BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX} OUTPUT_VARIABLE pool_pc_includedir)
foreach(path pool_pc_prefix pool_pc_libdir pool_pc_includedir)
  string(REPLACE " " "\\ " ${path} "${${path}}") # pkg-config splits at spaces
endforeach()
list(TRANSFORM pool_runtime_libraries PREPEND -l OUTPUT_VARIABLE pool_pc_private)
list(JOIN pool_pc_private " " pool_pc_private)
configure_file(${PROJECT_SOURCE_DIR}/pool.pc.in ${PROJECT_BINARY_DIR}/pool.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/pool.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)
