// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "base/handle.hpp"

#include <gtest/gtest.h>

namespace pool::base {
namespace {

TEST(Handle, PartsComeBack) {
  for (const Kind kind : {Kind::pool, Kind::group}) {
    for (const std::uint32_t index : {0U, 1U, 1023U, Handle::index_mask}) {
      for (const std::uint32_t generation : {1U, 3U, 0x7fffffffU, UINT32_MAX}) {
        const std::uint64_t id = Handle::make(kind, index, generation);
        EXPECT_TRUE(Handle::is(kind, id));
        EXPECT_EQ(Handle::index(id), index);
        EXPECT_EQ(Handle::generation(id), generation);
      }
    }
  }
}

TEST(Handle, AnotherKindIsNone) {
  EXPECT_FALSE(Handle::is(Kind::group, Handle::make(Kind::pool, 5, 7)));
  EXPECT_FALSE(Handle::is(Kind::pool, Handle::make(Kind::group, 5, 7)));
}

TEST(Handle, ZeroAndEvenGenerationsAreNone) {
  EXPECT_FALSE(Handle::is(Kind::pool, 0));
  EXPECT_FALSE(Handle::is(Kind::group, 0));
  EXPECT_FALSE(Handle::is(Kind::pool, Handle::make(Kind::pool, 0, 0)));
  EXPECT_FALSE(Handle::is(Kind::group, Handle::make(Kind::group, 5, 2)));
}

TEST(Handle, UnusedKindsAreNone) {
  for (std::uint32_t kind = 0; kind < 16; ++kind) {
    if (kind == 1 || kind == 2) continue;
    const std::uint64_t id = pack(1, kind << Handle::index_bits);
    EXPECT_FALSE(Handle::is(Kind::pool, id));
    EXPECT_FALSE(Handle::is(Kind::group, id));
  }
}

TEST(Handle, AnotherEraIsNoneOfOurs) {
  for (std::uint32_t era = 0; era < 3 * Handle::eras; ++era) {
    const std::uint64_t id = Handle::make(Kind::job, 5, 7, era);
    EXPECT_TRUE(Handle::is(Kind::job, id, era));
    EXPECT_FALSE(Handle::is(Kind::job, id, era + 1));
    EXPECT_FALSE(Handle::is(Kind::group, id, era));
    EXPECT_EQ(Handle::index(id), 5U);
    EXPECT_EQ(Handle::generation(id), 7U);
  }
}

TEST(Handle, OnlyAnEarlierEraIsInherited) {
  for (std::uint32_t now = 0; now < 3 * Handle::eras; ++now) {
    for (std::uint32_t era = 0; era < Handle::eras; ++era) {
      const std::uint64_t id = Handle::make(Kind::pool, 5, 7, era);
      const bool is_earlier = era != now % Handle::eras && (now >= Handle::eras || era < now);
      EXPECT_EQ(Handle::is_inherited(Kind::pool, id, now), is_earlier) << era << " seen from " << now;
      EXPECT_FALSE(Handle::is_inherited(Kind::group, id, now));
    }
    EXPECT_FALSE(Handle::is_inherited(Kind::pool, Handle::make(Kind::pool, 5, 8, now + 1), now + 2));
    EXPECT_FALSE(Handle::is_inherited(Kind::pool, 0, now));
  }
}

}  // namespace
}  // namespace pool::base
