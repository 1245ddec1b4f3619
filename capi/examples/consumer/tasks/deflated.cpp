// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "tasks/deflated.hpp"

#include <zlib.h>

#include <array>
#include <new>
#include <stdexcept>

namespace consumer {
namespace {

// A thread's own zlib stream. It is used again for every file: its 256 KiB are dearer to get than a small file is to
// compress.
class Stream {
 public:
  Stream() {
    if (deflateInit(&zlib_, Z_DEFAULT_COMPRESSION) != Z_OK) throw std::bad_alloc();
  }
  ~Stream() { deflateEnd(&zlib_); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  z_stream& zlib() { return zlib_; }

 private:
  z_stream zlib_{};
};

z_stream& this_threads_stream() {
  thread_local Stream stream;
  return stream.zlib();
}

}  // namespace

Deflated::Deflated() { deflateReset(&this_threads_stream()); }

void Deflated::take(std::span<const unsigned char> piece) {
  z_stream& zlib = this_threads_stream();
  zlib.next_in = const_cast<unsigned char*>(piece.data());  // zlib only reads it
  zlib.avail_in = static_cast<uInt>(piece.size());
  deflate_all(Z_NO_FLUSH);
}

std::int64_t Deflated::size() {
  this_threads_stream().avail_in = 0;
  deflate_all(Z_FINISH);
  return size_;
}

void Deflated::deflate_all(int flush) {
  z_stream& zlib = this_threads_stream();
  std::array<unsigned char, 16 * 1024> dropped;
  do {
    zlib.next_out = dropped.data();
    zlib.avail_out = static_cast<uInt>(dropped.size());
    if (deflate(&zlib, flush) == Z_STREAM_ERROR) throw std::runtime_error("zlib: deflate failed");
    size_ += static_cast<std::int64_t>(dropped.size() - zlib.avail_out);
  } while (zlib.avail_out == 0);
}

}  // namespace consumer
