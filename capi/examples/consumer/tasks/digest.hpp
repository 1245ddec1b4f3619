// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// digest.hpp - the first task: SHA-256.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>

#include "files/stream.hpp"

namespace consumer {

/// Computes the SHA-256 of what it takes.
class Digest final : public Sink {
 public:
  Digest();
  void take(std::span<const unsigned char> piece) override;

  /// Returns 64 lower-case hexadecimal digits. Call once, at the end.
  std::string hex();

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

}  // namespace consumer
