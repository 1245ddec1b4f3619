// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The tasks and the jobs of the soak. What keeps them from waiting for each other: a task waits for a group of its own
// alone, of tasks that do nothing; those that are told to wait for a time do so for a few milliseconds at most.
#pragma once

#include <sys/eventfd.h>

#include <chrono>
#include <initializer_list>
#include <stdexcept>

#include "measure.hpp"

namespace soak {

constexpr int lasting_groups = 4;
constexpr std::uint32_t most_workers = 6;
constexpr std::uint32_t most_in_burst = 4000;

// Groups that all submitters use, and timers that whoever likes may cancel or fire.
inline std::atomic<std::uint64_t> shared[lasting_groups];
inline std::atomic<std::uint64_t> timers[64];

inline void remember(pool_timer_t timer) { timers[timer.id % 64].store(timer.id); }
inline void meddle(Random& random) {
  const pool_timer_t timer{timers[random.below(64)].load()};
  const pool_status_t status = random.chance(50) ? pool_timer_fire(timer) : pool_timer_cancel(timer);
  CHECK(status == POOL_OK || status == POOL_EBUSY || status == POOL_EBADHANDLE);
}

class Item {
 public:
  // What its run does. Up to `kinds` chosen by chance, the rest on purpose.
  enum Kind : std::uint32_t { nothing, fails, throws, says, again, suspends, nests, blocks, kinds, exits, any };

  Item(Random& random, Kind kind) : number(account.numbers.fetch_add(1, std::memory_order_relaxed)) {
    if (kind != any) {
      kind_ = kind;
    } else if (random.chance(40)) {
      kind_ = static_cast<Kind>(random.below(kinds));
    }
    left_ = random.below(3);
    delay_ = random.chance(50) ? 0 : random.below(1'000'000);
  }

  static std::int32_t run(void* ctx) { return static_cast<Item*>(ctx)->part(); }
  static void drop(void* ctx) {
    auto* const item = static_cast<Item*>(ctx);
    CHECK(item->state_ == fresh || item->state_ == ran);
    if (item->state_ == fresh) account.unrun.add(item->number);
    const std::uint64_t number = item->number;
    delete item;
    account.dropped.add(number);
  }

  static bool is_refusal(pool_status_t status) {
    return status == POOL_EFULL || status == POOL_ETIMEDOUT || status == POOL_ECANCELED || status == POOL_ECLOSED;
  }

  // By any of the ways that there are; says whether it was accepted.
  static bool submit(Random& random, pool_group_t group, Kind kind) {
    auto* item = new Item(random, kind);
    pool_task_t task;
    OK(pool_task_init(&task, sizeof task));
    task.fn = run;
    task.ctx = item;
    task.drop = drop;
    pool_timer_t timer{0};
    if (kind == any) {
      if (random.chance(30)) {
        task.fn = run_copy;
        task.drop = drop_copy;
        task.ctx = &item;
        task.copy_size = sizeof item;
      }
      task.overflow = random.chance(50) ? random.below(6) : 0;
      task.overflow_timeout = random.chance(30) ? static_cast<std::int64_t>(random.below(50'000)) - 1000 : 0;
      task.delay = random.chance(15) ? random.below(2'000'000) : 0;
      task.timer = random.chance(20) ? &timer : nullptr;
    }
    const std::uint64_t number = item->number;
    const pool_status_t status = pool_group_submit_task(group, &task);
    if (status != POOL_OK) {
      CHECK(is_refusal(status));
      delete item;
      account.refused.fetch_add(1, std::memory_order_relaxed);
      return false;
    }
    account.accepted.add(number);
    if (timer.id != 0) remember(timer);
    return true;
  }

  // The shortest way: there is no drop, the run is its end. Requires: nobody cancels or discards.
  static void submit_plainly(Random& random, pool_group_t group) {
    auto* const item = new Item(random, nothing);
    const std::uint64_t number = item->number;
    OK(pool_group_submit(group, run_and_drop, item));
    account.accepted.add(number);
  }
  static void submit_to_pool(Random& random, pool_t pool) {
    auto* const item = new Item(random, nothing);
    const std::uint64_t number = item->number;
    OK(pool_submit(pool, run_and_drop, item));
    account.accepted.add(number);
  }

  const std::uint64_t number;

 private:
  enum State : std::uint32_t { fresh = 0x50414c31, ran = 0x50414c32 };

  static std::int32_t run_and_drop(void* ctx) {
    const std::int32_t result = run(ctx);
    drop(ctx);
    return result;
  }
  static std::int32_t run_copy(void* ctx) { return run(*static_cast<Item**>(ctx)); }
  static void drop_copy(void* ctx) { drop(*static_cast<Item**>(ctx)); }

  std::int32_t part() {
    account.parts.fetch_add(1, std::memory_order_relaxed);
    if (!has_begun_) {
      CHECK(state_ == fresh);
      has_begun_ = true;
      state_ = ran;
      account.ran.add(number);
    }
    CHECK(state_ == ran);
    switch (kind_) {
      case fails:
        return 7;
      case throws:
        throw std::runtime_error("soak");
      case says:
        OK(pool_task_set_failure(5, "soak"));
        return 0;
      case again:
        return left_-- > 0 ? pool_task_again_after(delay_) : 0;
      case suspends: {
        if (left_-- == 0) return 0;
        pool_timer_t timer{0};
        const std::int32_t result = pool_task_suspend(delay_, &timer);
        remember(timer);
        return result;
      }
      case nests:
        nest(3);
        return 0;
      case blocks:
        OK(pool_blocking_begin());
        std::this_thread::yield();
        // One in three leaves it to the end of the task.
        if (left_ > 0) OK(pool_blocking_end());
        return 0;
      case exits:
        pthread_exit(nullptr);
      default:
        return 0;
    }
  }

  // A group in a task, whose tasks make groups.
  static void nest(int depth) {
    pool_t pool{};
    OK(pool_current_pool(&pool));
    pool_group_options_t options;
    OK(pool_group_options_init(&options, sizeof options));
    options.parent_kind = depth % 2 == 0 ? POOL_PARENT_CURRENT : POOL_PARENT_NONE;
    pool_group_t group{};
    const pool_status_t made = pool_group_create(pool, &options, &group);
    // The pool may be shutting down, and the handle of the task's own group over.
    if (made != POOL_OK) return CHECK(made == POOL_ECLOSED || made == POOL_EBADHANDLE);
    account.groups.fetch_add(1, std::memory_order_relaxed);
    std::atomic<std::uint64_t> runs{0};
    const auto leaf = [](void* ctx) -> std::int32_t {
      static_cast<std::atomic<std::uint64_t>*>(ctx)->fetch_add(1);
      return 0;
    };
    const auto further = [](void* ctx) -> std::int32_t {
      nest(1);
      static_cast<std::atomic<std::uint64_t>*>(ctx)->fetch_add(1);
      return 0;
    };
    std::uint64_t accepted = 0;
    for (int i = 0; i < depth; ++i) {
      const pool_status_t status = pool_group_submit(group, depth > 1 && i == 0 ? further : leaf, &runs);
      CHECK(status == POOL_OK || is_refusal(status));
      accepted += status == POOL_OK ? 1 : 0;
    }
    const pool_status_t status = pool_group_wait(group);
    CHECK(status == POOL_OK || status == POOL_ECANCELED || status == POOL_EFAILED);
    const auto stats = stats_of(group);
    CHECK(stats.submitted == accepted && stats.succeeded == runs);
    CHECK(stats.succeeded + stats.cancelled + stats.discarded == accepted);
    OK(pool_group_destroy(group));
  }

  // Not atomic: the library orders the parts of a task and its drop.
  State state_ = fresh;
  bool has_begun_ = false;
  Kind kind_ = nothing;
  std::uint32_t left_ = 0;
  std::int64_t delay_ = 0;
};

// A job, whose memory is its submitter's; its group is empty before it goes.
class JobItem {
 public:
  bool submit(pool_group_t group) {
    const pool_status_t status = pool_group_submit_job(group, run, this, nullptr, drop_result, &job_);
    if (status == POOL_OK) {
      account.jobs.fetch_add(1, std::memory_order_relaxed);
    } else {
      CHECK(Item::is_refusal(status));
    }
    return status == POOL_OK;
  }

  void wait(Random& random) const {
    const bool is_timed = random.chance(30);
    const pool_status_t ended = is_timed ? pool_job_wait_for(job_, random.below(100'000)) : pool_job_wait(job_);
    CHECK(ended == POOL_OK || ended == POOL_EFAILED || ended == POOL_ECANCELED ||
          (is_timed && ended == POOL_ETIMEDOUT));
  }

  // Requires: its group was waited for.
  void release(Random& random) {
    std::int32_t code = 0;
    const pool_status_t ended = pool_job_status(job_, &code);
    CHECK(ended == POOL_OK || ended == POOL_EFAILED || ended == POOL_ECANCELED);
    CHECK_STATUS(pool_job_wait(job_), ended);
    CHECK(runs_ <= 1 && (runs_ == 1 || ended != POOL_OK));
    if (random.chance(50)) {
      void* result = nullptr;
      const pool_status_t status = pool_job_result(job_, &result);
      CHECK_STATUS(status, ended);
      claims_ = status == POOL_OK ? 1 : 0;
      if (status == POOL_OK) CHECK(result == this);
    }
    CHECK_STATUS(pool_job_cancel(job_), POOL_EBUSY);
    OK(pool_job_release(job_));
  }
  // Requires: the group, which may have kept it, has ended.
  void check() const { CHECK(runs_ == claims_ + drops_); }

 private:
  static std::int32_t run(void* ctx, void** result) {
    static_cast<JobItem*>(ctx)->runs_.fetch_add(1);
    *result = ctx;
    return 0;
  }
  static void drop_result(void* result) { static_cast<JobItem*>(result)->drops_.fetch_add(1); }

  pool_job_t job_{};
  std::atomic<int> runs_{0}, drops_{0};
  int claims_ = 0;
};

}  // namespace soak
