// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// deflated.hpp - the third task: the size after compression.
#pragma once

#include <cstdint>

#include "files/stream.hpp"

namespace consumer {

/// Computes how many bytes the zlib format (RFC 1950: header, deflate stream, Adler-32) takes for what it takes, at
/// zlib's default level: what compress() and Python's zlib.compress() give. Only the size is kept.
class Deflated final : public Sink {
 public:
  Deflated();
  void take(std::span<const unsigned char> piece) override;

  /// Ends the stream and returns its size. Call once, at the end.
  std::int64_t size();

 private:
  void deflate_all(int flush);

  std::int64_t size_ = 0;
};

}  // namespace consumer
