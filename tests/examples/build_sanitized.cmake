# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# Installs a sanitized libpool and builds the examples against it with the same sanitizer.

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${ARGN} gave ${status}:\n${output}")
  endif()
endfunction()

set(flags "-fsanitize=${SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g")
run(${CMAKE_COMMAND} --install ${LIBRARY_BUILD} --prefix ${PREFIX})
run(${CMAKE_COMMAND} -S ${SOURCE} -B ${BUILD} -D CMAKE_PREFIX_PATH=${PREFIX} -D CMAKE_BUILD_TYPE=RelWithDebInfo
  -D CMAKE_C_COMPILER=${C_COMPILER} -D CMAKE_CXX_COMPILER=${CXX_COMPILER}
  "-DCMAKE_C_FLAGS=${flags}" "-DCMAKE_CXX_FLAGS=${flags}")
run(${CMAKE_COMMAND} --build ${BUILD} --parallel 2)
