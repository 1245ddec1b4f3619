// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// For libraries whose tasks cannot be waited for: a counter of unfinished tasks, as their users write it.
#ifndef POOL_BENCH_WAITGROUP_HPP
#define POOL_BENCH_WAITGROUP_HPP

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace bench {

class WaitGroup {
 public:
  void add() { unfinished_.fetch_add(1, std::memory_order_relaxed); }

  void done() {
    if (unfinished_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    const std::lock_guard lock(mutex_);
    finished_ = true;
    changed_.notify_one();
  }

  void wait() {
    done();  // the waiter's own unit
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return finished_; });
    finished_ = false;
    unfinished_.store(1, std::memory_order_relaxed);
  }

 private:
  std::atomic<long> unfinished_{1};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool finished_ = false;
};

}  // namespace bench

#endif  // POOL_BENCH_WAITGROUP_HPP
