// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "base/bits.hpp"

#include <gtest/gtest.h>

namespace pool::base {
namespace {

TEST(Bits, HalvesComeBack) {
  for (const std::uint32_t a : {0U, 1U, 0x7fffffffU, 0x80000000U, UINT32_MAX}) {
    for (const std::uint32_t b : {0U, 1U, 0x7fffffffU, 0x80000000U, UINT32_MAX}) {
      EXPECT_EQ(high(pack(a, b)), a);
      EXPECT_EQ(low(pack(a, b)), b);
    }
  }
  EXPECT_EQ(pack(1, 2), 0x0000000100000002U);
}

}  // namespace
}  // namespace pool::base
