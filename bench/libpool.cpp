// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The cases over libpool.so, through its C interface.
#include <pool/pool.h>

#include "cases.hpp"

namespace {

int32_t empty(void* /*ctx*/) { return 0; }

void check(pool_status_t status) {
  if (status == POOL_OK) return;
  std::fprintf(stderr, "%s\n", pool_status_str(status));
  std::exit(1);
}

class Libpool {
 public:
  Libpool() {
    pool_options_t options;
    check(pool_options_init(&options, sizeof options));
    options.max_workers = bench::kWorkers;
    check(pool_create(&options, &pool_));
  }

  ~Libpool() { check(pool_destroy(pool_)); }

  Libpool(const Libpool&) = delete;
  Libpool& operator=(const Libpool&) = delete;

  void fan3() { flood(3); }

  void flood(int64_t count) {
    pool_group_t group;
    check(pool_group_create(pool_, nullptr, &group));
    for (int64_t i = 0; i < count; i++) check(pool_group_submit(group, empty, nullptr));
    check(pool_group_wait(group));
    check(pool_group_destroy(group));
  }

 private:
  pool_t pool_{};
};

}  // namespace

int main(int argc, char** argv) {
  Libpool peer;
  return bench::run(argc, argv, peer);
}
