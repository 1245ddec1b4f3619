// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "tasks/digest.hpp"

#include <array>
#include <new>
#include <stdexcept>
#include <string_view>

namespace consumer {
namespace {

void must(int ok) {
  if (ok != 1) throw std::runtime_error("libcrypto: SHA-256 failed");
}

}  // namespace

Digest::Digest() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
  if (!context_) throw std::bad_alloc();
  // Looked up once: EVP_sha256() would make OpenSSL 3 look it up for every file.
  static EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  must(sha256 != nullptr ? EVP_DigestInit_ex(context_.get(), sha256, nullptr) : 0);
}

void Digest::take(std::span<const unsigned char> piece) {
  must(EVP_DigestUpdate(context_.get(), piece.data(), piece.size()));
}

std::string Digest::hex() {
  std::array<unsigned char, 32> hash{};
  must(EVP_DigestFinal_ex(context_.get(), hash.data(), nullptr));
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * hash.size());
  for (unsigned char byte : hash) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

}  // namespace consumer
