// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The account of the soak: what became of each task, in columns that hold how many there were and which ones, so that
// hours need no more memory than seconds, and one task that is lost does not hide behind another that is dropped twice.
#pragma once

#include "../stress/stress.hpp"

namespace soak {

using namespace stress;

struct Sum {
  std::uint64_t count = 0;
  std::uint64_t numbers = 0;  // of their numbers, mixed
  friend bool operator==(const Sum& a, const Sum& b) { return a.count == b.count && a.numbers == b.numbers; }
  friend Sum operator+(const Sum& a, const Sum& b) { return {a.count + b.count, a.numbers + b.numbers}; }
};

class Column {
 public:
  void add(std::uint64_t number) {
    Shard& shard = shards_[number % shards];
    shard.count.fetch_add(1, std::memory_order_relaxed);
    shard.numbers.fetch_add(mixed(number), std::memory_order_relaxed);
  }
  // Exact while nobody adds.
  Sum sum() const {
    Sum sum;
    for (const Shard& shard : shards_) sum = sum + Sum{shard.count.load(), shard.numbers.load()};
    return sum;
  }

 private:
  static constexpr std::size_t shards = 16;
  struct alignas(64) Shard {
    std::atomic<std::uint64_t> count{0}, numbers{0};
  };
  // The finalizer of splitmix64.
  static std::uint64_t mixed(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
  }
  Shard shards_[shards];
};

// Of tasks: accepted is what submits said, dropped is the end of each, with or without a run before it.
struct Account {
  Column accepted, ran, dropped, unrun;
  std::atomic<std::uint64_t> numbers{1};
  std::atomic<std::uint64_t> refused{0}, parts{0}, jobs{0}, turns{0}, groups{0}, pools{0}, notified{0}, told{0};

  bool is_settled() const { return accepted.sum() == dropped.sum() && notified.load() == told.load(); }
  void print(const char* when) const {
    const auto show = [](const char* name, const Sum& sum) {
      std::printf("  %-9s %12llu  %016llx\n", name, static_cast<unsigned long long>(sum.count),
                  static_cast<unsigned long long>(sum.numbers));
    };
    std::printf("account, %s (how many, and the sum of their numbers):\n", when);
    show("accepted", accepted.sum());
    show("dropped", dropped.sum());
    show("ran", ran.sum());
    show("unrun", unrun.sum());
    std::printf(
        "  refused %llu, parts %llu, jobs %llu, turns %llu, notifications %llu of %llu, groups %llu, pools %llu\n",
        static_cast<unsigned long long>(refused), static_cast<unsigned long long>(parts),
        static_cast<unsigned long long>(jobs), static_cast<unsigned long long>(turns),
        static_cast<unsigned long long>(told), static_cast<unsigned long long>(notified),
        static_cast<unsigned long long>(groups), static_cast<unsigned long long>(pools));
    std::fflush(stdout);
  }
  // Requires: nothing is under way.
  void check() const {
    CHECK(accepted.sum() == dropped.sum());
    CHECK(ran.sum() + unrun.sum() == dropped.sum());
    CHECK(notified == told);
  }
};
inline Account account;

}  // namespace soak
