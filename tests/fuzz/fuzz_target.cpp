// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The same sequences for libFuzzer, which looks for bytes that reach what others did not.
#include <cstdlib>

#include "session.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  stress::before_end = std::abort;  // libFuzzer keeps the bytes then
  fuzz::run(data, size);
  return 0;
}
