// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#ifdef POOL_CHAOS

#include "sched/chaos.hpp"

#include <sched.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "os/futex.hpp"

namespace pool::sched {

thread_local constinit std::uint32_t ChaosThread::left_ = 0;
thread_local constinit std::uint64_t ChaosThread::state_ = 0;

namespace {

std::uint64_t read_seed() {
  const char* const text = std::getenv("POOL_CHAOS_SEED");
  const std::uint64_t seed = text != nullptr ? std::strtoull(text, nullptr, 10) : static_cast<std::uint64_t>(getpid());
  if (std::getenv("POOL_CHAOS_PRINT") != nullptr) {
    std::fprintf(stderr, "POOL_CHAOS_SEED=%llu\n", static_cast<unsigned long long>(seed));
  }
  return seed;
}

// Mixes all bits of a small number (splitmix64).
std::uint64_t mixed(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15U;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31);
}

// Others run for so long. Not a sleep: tests read from the kernel whether a thread has come to sleep, and mean in the
// library's own waits.
void stand_back(std::int64_t duration) {
  const std::int64_t until = os::now() + duration;
  do {
    sched_yield();
  } while (os::now() < until);
}

}  // namespace

void ChaosThread::begin() {
  static const std::uint64_t seed = read_seed();
  static std::atomic<std::uint64_t> threads = 0;
  state_ = mixed(mixed(seed) + threads.fetch_add(1, std::memory_order_relaxed)) | 1;
}

// Every 128 steps or so, and once in eight the next one comes at once: what it takes for something to go wrong is often
// two delays close together. Of 64: 32 short spins, up to 1 us or so; 28 yields; 4 times others run for 20 to 84 us.
void ChaosThread::stumble() {
  const std::uint32_t what = number();
  const std::uint32_t much = number();
  left_ = number() % (what / 64 % 8 == 0 ? 8 : 256);
  if (what % 64 < 32) {
    for (std::uint32_t i = much % 512; i > 0; --i) asm volatile("" ::: "memory");
  } else if (what % 64 < 60) {
    sched_yield();
  } else {
    stand_back(20'000 + much % 64'000);
  }
}

}  // namespace pool::sched

#endif
