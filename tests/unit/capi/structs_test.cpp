// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "../../../capi/structs.hpp"

#include <gtest/gtest.h>

namespace pool::capi {
namespace {

struct Ours {
  std::uint32_t struct_size;
  std::uint32_t a;
  std::uint32_t b;
  std::uint32_t c;
};
constexpr Ours defaults = {sizeof(Ours), 0, 0, 0};

// What a caller has, of any version.
struct Theirs {
  alignas(8) unsigned char bytes[64];
  explicit Theirs(unsigned char fill) { std::memset(bytes, fill, sizeof bytes); }
  std::uint32_t word(std::size_t i) const {
    std::uint32_t value = 0;
    std::memcpy(&value, bytes + 4 * i, sizeof value);
    return value;
  }
  void set(std::size_t i, std::uint32_t value) { std::memcpy(bytes + 4 * i, &value, sizeof value); }
  const Ours* as_ours() const { return reinterpret_cast<const Ours*>(bytes); }
};

constexpr std::size_t narrow_end = 16;

TEST(Structs, KeepTheDefaultOfAFieldThatIsNotWhole) {
  Theirs theirs(0);
  for (std::size_t i = 1; i < 4; ++i) theirs.set(i, 9);
  theirs.set(0, 12);
  Ours ours = {sizeof(Ours), 1, 2, 3};
  // b and c are one field of eight bytes here, of which the caller has half.
  EXPECT_EQ(copy_in(theirs.as_ours(), ours, 8), CopyIn::ok);
  EXPECT_EQ(ours.a, 9U);
  EXPECT_EQ(ours.b, 2U);
  EXPECT_EQ(ours.c, 3U);
}

TEST(Structs, WriteOutAtMostWhatTheCallerHas) {
  const Ours ours = {sizeof(Ours), 1, 2, 3};
  for (std::size_t size = 8; size <= 64; size += 4) {
    Theirs theirs(0xee);
    copy_out(ours, theirs.bytes, size);
    const std::size_t written = std::min(size, sizeof(Ours));
    EXPECT_EQ(theirs.word(0), written);
    for (std::size_t i = 1; i < 16; ++i) EXPECT_EQ(theirs.word(i), i < written / 4 ? i : 0xeeeeeeeeU);
  }
}

TEST(Structs, AreFilledToTheCallersSize) {
  for (std::size_t size = 0; size <= 64; ++size) {
    Theirs theirs(0xee);
    const bool fine = size >= 8 && size % 4 == 0;
    EXPECT_EQ(init_out(defaults, theirs.bytes, size), fine);
    if (fine) {
      EXPECT_EQ(theirs.word(0), size);
    }
    for (std::size_t i = fine ? 4 : 0; i < 64; ++i) EXPECT_EQ(theirs.bytes[i], fine && i < size ? 0 : 0xee);
  }
  EXPECT_FALSE(init_out(defaults, nullptr, 16));
}

TEST(Structs, AreReadAsFarAsTheyGo) {
  for (std::uint32_t size = 8; size <= sizeof(Ours); size += 4) {
    Theirs theirs(0xee);
    for (std::size_t i = 1; i < size / 4; ++i) theirs.set(i, static_cast<std::uint32_t>(10 + i));
    theirs.set(0, size);
    Ours ours = {sizeof(Ours), 1, 2, 3};
    EXPECT_EQ(copy_in(theirs.as_ours(), ours, narrow_end), CopyIn::ok);
    EXPECT_EQ(ours.struct_size, sizeof(Ours));
    EXPECT_EQ(ours.a, 11U);
    EXPECT_EQ(ours.b, size > 8 ? 12U : 2U);
    EXPECT_EQ(ours.c, size > 12 ? 13U : 3U);
  }
}

TEST(Structs, MayBeLargerIfTheRestIsZero) {
  Theirs theirs(0);
  theirs.set(0, 64);
  theirs.set(1, 5);
  Ours ours = defaults;
  EXPECT_EQ(copy_in(theirs.as_ours(), ours, narrow_end), CopyIn::ok);
  EXPECT_EQ(ours.a, 5U);
  EXPECT_EQ(ours.struct_size, sizeof(Ours));
  for (std::size_t i = sizeof(Ours); i < 64; ++i) {
    theirs.bytes[i] = 1;
    Ours untouched = defaults;
    EXPECT_EQ(copy_in(theirs.as_ours(), untouched, narrow_end), CopyIn::unknown_field);
    EXPECT_EQ(untouched.a, 0U);
    theirs.bytes[i] = 0;
  }
}

TEST(Structs, OfImpossibleSizesAreRefused) {
  for (const std::uint32_t size : {0U, 1U, 4U, 7U, 9U, 10U, 15U, 63U, 0x80000000U, UINT32_MAX}) {
    Theirs theirs(0);
    theirs.set(0, size);
    Ours ours = defaults;
    EXPECT_EQ(copy_in(theirs.as_ours(), ours, narrow_end), CopyIn::bad_size) << size;
  }
}

}  // namespace
}  // namespace pool::capi
