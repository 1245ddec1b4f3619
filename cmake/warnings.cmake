# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# pool_warnings: an interface target that our own code links privately. A project that takes libpool in with
# add_subdirectory() keeps its own warnings, and POOL_WERROR stays off there.

add_library(pool_warnings INTERFACE)
target_compile_options(pool_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wundef -Wformat=2 -Wcast-qual -Wcast-align -Wvla
  -Wshadow
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes -Wmissing-prototypes>
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Woverloaded-virtual>
  $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wduplicated-cond -Wlogical-op>
  $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-Wthread-safety>)
if(POOL_WERROR)
  target_compile_options(pool_warnings INTERFACE -Werror)
endif()
