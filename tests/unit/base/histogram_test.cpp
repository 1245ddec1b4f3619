// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "base/histogram.hpp"

#include <gtest/gtest.h>

namespace pool::base {
namespace {

TEST(Histogram, ADurationIsInTheFirstBucketThatEndsAfterIt) {
  for (int power = 0; power < 63; ++power) {
    for (std::int64_t more = 0; more < 64; ++more) {
      // Around each quarter, and around each power of two.
      const std::int64_t duration = (std::int64_t{1} << power) + (more / 8 << power) / 8 + more % 8 - 4;
      if (duration < 0) continue;
      const std::uint32_t bucket = bucket_of(duration);
      ASSERT_LT(bucket, histogram_buckets);
      EXPECT_LT(duration, bucket_end(bucket)) << duration;
      if (bucket != 0) {
        EXPECT_GE(duration, bucket_end(bucket - 1)) << duration;
      }
    }
  }
  EXPECT_EQ(bucket_of(-1), 0U);
  EXPECT_EQ(bucket_of(INT64_MAX), histogram_buckets - 1);
  EXPECT_EQ(bucket_end(histogram_buckets - 1), INT64_MAX);
}

TEST(Histogram, ABucketEndsAQuarterAfterItsBeginAtMost) {
  for (std::uint32_t bucket = 1; bucket < histogram_buckets - 1; ++bucket) {
    const std::int64_t begin = bucket_end(bucket - 1);
    EXPECT_GT(bucket_end(bucket), begin);
    EXPECT_LE(bucket_end(bucket) - begin, begin / 4);
  }
}

}  // namespace
}  // namespace pool::base
