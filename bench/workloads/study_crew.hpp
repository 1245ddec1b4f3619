// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// What the driver of the study is made of: threads that submit, the end of a part by the clock, room for groups.
#ifndef POOL_BENCH_STUDY_CREW_HPP
#define POOL_BENCH_STUDY_CREW_HPP

#include <sys/mman.h>

#include <atomic>
#include <functional>
#include <thread>

#include "measure.hpp"

namespace bench {

// Threads that submit at the same time, the calling one among them. They are there before the pool is, so that neither
// their start nor their memory is taken for the pool's.
template <typename Peer>
class Crew {
 public:
  explicit Crew(int members) {
    for (int i = 1; i < members; i++) others_.emplace_back([this, i] { work(i); });
  }
  ~Crew() {
    peer_ = nullptr;
    begin();
    for (std::thread& other : others_) other.join();
  }
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  // Calls body(0) here and body(i) on each other one; returns when all are over.
  template <typename Body>
  void run(Peer& peer, Body body) {
    peer_ = &peer;
    body_ = body;
    at_work_ = static_cast<int>(others_.size());
    begin();
    body(0);
    for (int left = at_work_; left != 0; left = at_work_) at_work_.wait(left);
  }

 private:
  void begin() {
    turn_.fetch_add(1);
    turn_.notify_all();
  }
  void work(int index) {
    for (int turn = 0;; turn++) {
      turn_.wait(turn);
      if (peer_ == nullptr) return;
      const auto body = [&] { body_(index); };
      peer_->enter(body);
      if (at_work_.fetch_sub(1) == 1) at_work_.notify_one();
    }
  }

  std::atomic<int> turn_{0};
  std::atomic<int> at_work_{0};
  Peer* peer_ = nullptr;
  std::function<void(int)> body_;
  std::vector<std::thread> others_;
};

// Says when it is time to start no new round. Short rounds are not looked at one by one.
class Pace {
 public:
  explicit Pace(int64_t end) : end_(end) {}
  bool is_over() {
    if (left_-- > 0) return false;
    constexpr int64_t kBetweenLooks = 50'000;
    const int64_t now = wall_ns();
    if (now - last_ < kBetweenLooks) {
      every_ = std::min(2 * every_, 4'096);
    } else if (now - last_ > 2 * kBetweenLooks) {
      every_ = std::max(every_ / 4, 1);
    }
    left_ = every_ - 1;
    last_ = now;
    if (!is_first_) return now >= end_;
    is_first_ = false;
    return false;
  }

 private:
  int64_t end_;
  int64_t last_ = 0;
  int every_ = 1;
  int left_ = 0;
  bool is_first_ = true;  // one round there is in any case
};

// Room for so many objects, in pages that nobody has touched yet, and that are really gone afterwards: the driver's
// memory does not hide what the library keeps.
template <typename T>
class Places {
 public:
  explicit Places(std::size_t count) : bytes_(count * sizeof(T)) {
    pages_ = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages_ == MAP_FAILED) std::abort();
  }
  ~Places() { release(); }
  Places(const Places&) = delete;
  Places& operator=(const Places&) = delete;

  void* at(std::size_t index) { return static_cast<std::byte*>(pages_) + index * sizeof(T); }
  void release() {
    if (bytes_ != 0) munmap(pages_, bytes_);
    bytes_ = 0;
  }

 private:
  std::size_t bytes_;
  void* pages_;
};

}  // namespace bench

#endif  // POOL_BENCH_STUDY_CREW_HPP
