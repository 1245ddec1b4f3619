# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# POOL_SANITIZE applies to everything below this folder: a sanitized library needs sanitized programs. pool_test_env
# is what each test is run with.

set(pool_test_env "")
if(POOL_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()
if(NOT POOL_SANITIZE)
  return()
endif()

list(JOIN POOL_SANITIZE "," pool_sanitizers)
add_compile_options(-fsanitize=${pool_sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
add_link_options(-fsanitize=${pool_sanitizers})

if("thread" IN_LIST POOL_SANITIZE)
  # g++ warns that ThreadSanitizer does not understand fences.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan)
  endif()
  set(pool_test_env
    "TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/cmake/tsan.supp:second_deadlock_stack=1:halt_on_error=0")
else()
  set(pool_test_env "ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1")
endif()
