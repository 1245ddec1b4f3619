// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// What the submitters of the soak do, one act after another. An act leaves nothing behind that does not end by itself:
// what it has submitted runs, expires or is dropped, and a group is destroyed, detached, or ends with its pool.
#pragma once

#include "item.hpp"

namespace soak {

// What lives as long as the program, and is used by all of them.
struct Lasting {
  pool_t pool{};
  pool_t standard{};  // the default pool
  std::atomic<std::uint64_t> accepted[lasting_groups]{};
  std::uint64_t checked[lasting_groups]{};
};
inline Lasting lasting;

inline bool among(pool_status_t status, std::initializer_list<pool_status_t> allowed) {
  if (std::find(allowed.begin(), allowed.end(), status) != allowed.end()) return true;
  std::fprintf(stderr, "unexpected: %s\n", pool_status_name(status));
  return false;
}

// One group, from its making to its end, by one thread.
class Visit {
 public:
  Visit(Random& random, pool_t pool) : random_(random), pool_(pool) {
    group_ = make({});
    if (random_.chance(30)) child_ = make(group_);
    if (random_.chance(15)) watch();
  }

  void operator()() {
    for (std::uint32_t steps = random_.below(12); steps > 0; --steps) step();
    if (child_.id != 0) OK(random_.chance(50) ? pool_group_destroy(child_) : pool_group_detach(child_));
    const bool is_awaited = !jobs_.empty() || random_.chance(60);
    if (is_awaited) settle();
    for (auto& job : jobs_) job->release(random_);
    if (descriptor_ >= 0 || is_awaited || random_.chance(50)) {
      OK(pool_group_destroy(group_));
    } else {
      OK(pool_group_detach(group_));
    }
    CHECK_STATUS(pool_group_poll(group_), POOL_EBADHANDLE);
    for (auto& job : jobs_) job->check();
    if (descriptor_ < 0) return;
    // It was empty at least once since: at its end.
    std::uint64_t moments = 0;
    CHECK(read(descriptor_, &moments, sizeof moments) == sizeof moments && moments > 0);
    close(descriptor_);
  }

 private:
  pool_group_t make(pool_group_t parent) {
    pool_group_options_t options;
    OK(pool_group_options_init(&options, sizeof options));
    options.overflow = random_.below(6);
    options.queue_capacity = random_.chance(30) ? 1 + random_.below(8) : 0;
    options.max_concurrency = random_.chance(30) ? 1 + random_.below(3) : 0;
    options.weight = random_.below(4);
    options.help = random_.below(4);
    options.fail_fast = random_.chance(10) ? 1 : 0;
    options.keep_jobs = random_.chance(20) ? 1 : 0;
    options.overflow_timeout = random_.chance(30) ? 1 + random_.below(100'000) : 0;
    options.limit_counts_suspended = random_.below(2);
    options.parent_kind = parent.id != 0 ? POOL_PARENT_GROUP : POOL_PARENT_NONE;
    options.parent = parent;
    options.name = random_.chance(20) ? "a name that is longer than thirty-one bytes" : nullptr;
    pool_group_t group{};
    OK(pool_group_create(pool_, &options, &group));
    account.groups.fetch_add(1, std::memory_order_relaxed);
    return group;
  }

  void watch() {
    descriptor_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    CHECK(descriptor_ >= 0);
    OK(pool_group_set_eventfd(group_, descriptor_));
  }

  void step() {
    switch (random_.below(24)) {
      case 0:
        CHECK(among(pool_group_wait_for(group_, random_.below(50'000)),
                    {POOL_OK, POOL_EFAILED, POOL_ECANCELED, POOL_ETIMEDOUT}));
        break;
      case 1:
        if (random_.chance(30)) OK(pool_group_cancel(group_));
        break;
      case 2:
        CHECK(among(pool_group_suspend(group_), {POOL_OK, POOL_ECANCELED}));
        if (random_.chance(30)) std::this_thread::yield();
        OK(pool_group_resume(group_));
        break;
      case 3:
        account.notified.fetch_add(1);
        OK(pool_group_notify(
            group_, [](void*, pool_status_t) { account.told.fetch_add(1); }, nullptr));
        break;
      case 4:
        turns();
        break;
      case 5:
      case 6:
        if (const pool_status_t status = pool_group_enter(group_); status == POOL_OK) {
          ++accepted_;
          OK(pool_group_leave(group_, random_.chance(10) ? 3 : 0));
        } else {
          CHECK_STATUS(status, POOL_ECANCELED);
        }
        break;
      case 7:
        several();
        break;
      case 8:
      case 9:
        jobs_.push_back(std::make_unique<JobItem>());
        if (jobs_.back()->submit(group_)) {
          ++accepted_;
        } else {
          jobs_.pop_back();
        }
        break;
      case 10:
        meddle(random_);
        break;
      case 11:
        if (!jobs_.empty()) jobs_[random_.below(static_cast<std::uint32_t>(jobs_.size()))]->wait(random_);
        break;
      default:
        if (child_.id != 0 && random_.chance(40)) {
          Item::submit(random_, child_, Item::any);
        } else if (Item::submit(random_, group_, Item::any)) {
          ++accepted_;
        }
    }
  }

  void turns() {
    std::atomic<std::uint64_t> made{0};
    const std::uint64_t count = random_.below(60);
    const pool_status_t status = pool_group_apply(
        group_, count, random_.below(5),
        [](void* ctx, std::uint64_t) -> std::int32_t {
          static_cast<std::atomic<std::uint64_t>*>(ctx)->fetch_add(1);
          return 0;
        },
        &made);
    CHECK(among(status, {POOL_OK, POOL_EFAILED, POOL_ECANCELED, POOL_EFULL, POOL_ETIMEDOUT}));
    CHECK(status == POOL_OK ? made == count : made <= count);
    account.turns.fetch_add(made, std::memory_order_relaxed);
    has_looped_ = true;
  }

  void several() {
    void* items[8];
    std::uint64_t numbers[8];
    const std::size_t count = 1 + random_.below(8);
    for (std::size_t i = 0; i < count; ++i) {
      auto* const item = new Item(random_, Item::any);
      items[i] = item;
      numbers[i] = item->number;
    }
    std::size_t in = 0;
    const pool_status_t status = pool_group_submit_n(group_, Item::run, items, count, Item::drop, &in);
    CHECK((status == POOL_OK) == (in == count));
    CHECK(status == POOL_OK || Item::is_refusal(status));
    for (std::size_t i = 0; i < in; ++i) account.accepted.add(numbers[i]);
    for (std::size_t i = in; i < count; ++i) delete static_cast<Item*>(items[i]);
    account.refused.fetch_add(count - in, std::memory_order_relaxed);
    accepted_ += in;
  }

  // Waits, and then the counters and the outcome are those of what was submitted.
  void settle() {
    const pool_status_t status = pool_group_wait(group_);
    CHECK(among(status, {POOL_OK, POOL_EFAILED, POOL_ECANCELED}));
    const auto stats = stats_of(group_);
    CHECK(stats.queued == 0 && stats.running == 0);
    CHECK(stats.succeeded + stats.failed + stats.cancelled + stats.discarded == stats.submitted);
    if (has_looped_) return;  // which adds what it likes
    CHECK(stats.submitted == accepted_);
    const bool is_failed = stats.failed + stats.discarded > 0;
    CHECK((status == POOL_EFAILED) == is_failed);
    if (!is_failed) CHECK((status == POOL_ECANCELED) == (stats.cancelled > 0));
  }

  Random& random_;
  const pool_t pool_;
  pool_group_t group_{}, child_{};
  std::uint64_t accepted_ = 0;
  bool has_looped_ = false;
  int descriptor_ = -1;
  std::vector<std::unique_ptr<JobItem>> jobs_;
};

// --- acts ---

// Groups as one makes them for a message: many, made and dropped at once.
inline void churn(Random& random, pool_t pool) {
  for (int i = 0; i < 200; ++i) {
    const pool_group_t group = make_group(pool);
    account.groups.fetch_add(1, std::memory_order_relaxed);
    for (std::uint32_t tasks = random.below(4); tasks > 0; --tasks) Item::submit_plainly(random, group);
    OK(i % 2 == 0 ? pool_group_wait(group) : POOL_OK);
    OK(pool_group_destroy(group));
  }
}

// Many at once: more threads come, and leave when it is over.
inline void burst(Random& random, pool_t pool) {
  const pool_group_t group = make_group(pool);
  account.groups.fetch_add(1, std::memory_order_relaxed);
  for (std::uint32_t tasks = random.below(most_in_burst); tasks > 0; --tasks) Item::submit_plainly(random, group);
  OK(random.chance(50) ? pool_group_destroy(group) : pool_group_detach(group));
}

// Tasks that end their threads: of a group whose waits run none of them.
inline void ended_threads(Random& random, pool_t pool) {
  pool_group_options_t options;
  OK(pool_group_options_init(&options, sizeof options));
  options.help = POOL_HELP_NEVER;
  options.overflow = POOL_OVERFLOW_REJECT;
  pool_group_t group{};
  OK(pool_group_create(pool, &options, &group));
  account.groups.fetch_add(1, std::memory_order_relaxed);
  std::uint64_t in = 0;
  for (int i = 0; i < 3; ++i) in += Item::submit(random, group, Item::exits) ? 1 : 0;
  CHECK_STATUS(pool_group_wait(group), in == 0 ? POOL_OK : POOL_EFAILED);
  OK(pool_group_destroy(group));
}

// A pool of one's own, of any kind, with what it has left when it ends.
inline void own_pool(Random& random) {
  pool_options_t options;
  OK(pool_options_init(&options, sizeof options));
  options.max_workers = 1 + random.below(most_workers);
  options.burst_workers = random.below(3);
  options.min_workers = random.below(options.max_workers + 1);
  options.prestart = random.below(2);
  options.queue_capacity = random.chance(60) ? 1 + random.below(6) : 0;
  options.overflow = random.below(6);
  options.overflow_timeout = random.chance(30) ? 1 + random.below(200'000) : 0;
  options.help = random.below(4);
  options.wake_policy = random.below(3);
  options.idle_timeout = random.chance(50) ? 1 + random.below(1'000'000) : 0;
  options.burst_delay = random.chance(50) ? 1 + random.below(200'000) : 0;
  options.timing = random.below(3);
  pool_t pool{};
  OK(pool_create(&options, &pool));
  account.pools.fetch_add(1, std::memory_order_relaxed);
  for (std::uint32_t visits = 1 + random.below(20); visits > 0; --visits) Visit(random, pool)();
  if (random.chance(20)) ended_threads(random, pool);
  if (random.chance(30)) OK(pool_resize(pool, 0, 1 + random.below(most_workers)));
  // Groups that nobody ends, with what is queued in them: they end with the pool.
  for (std::uint32_t groups = random.below(3); groups > 0; --groups) {
    const pool_group_t group = make_group(pool);
    account.groups.fetch_add(1, std::memory_order_relaxed);
    for (int i = 0; i < 4; ++i) Item::submit(random, group, Item::any);
  }
  if (random.chance(60)) {
    const std::int32_t mode = random.chance(50) ? POOL_SHUTDOWN_DRAIN : POOL_SHUTDOWN_CANCEL;
    CHECK(among(pool_shutdown(pool, mode, random.below(1'000'000)), {POOL_OK, POOL_ETIMEDOUT}));
  }
  OK(pool_destroy(pool));
}

// A group that all of them use.
inline void share(Random& random) {
  const std::uint32_t which = random.below(lasting_groups);
  const pool_group_t group{shared[which].load()};
  for (std::uint32_t tasks = random.below(30); tasks > 0; --tasks) {
    if (Item::submit(random, group, Item::any)) lasting.accepted[which].fetch_add(1, std::memory_order_relaxed);
  }
  if (random.chance(30)) {
    OK(pool_group_suspend(group));
    OK(pool_group_resume(group));
  }
  if (random.chance(50)) (void)pool_group_wait_for(group, random.below(200'000));
}

inline void act(Random& random) {
  switch (random.below(40)) {
    case 0:
      own_pool(random);
      break;
    case 1:
      burst(random, lasting.pool);
      break;
    case 2:
      OK(pool_resize(lasting.pool, random.below(2), 1 + random.below(most_workers)));
      break;
    case 3:
      ended_threads(random, lasting.pool);
      break;
    case 4:
      // Workers that idle leave meanwhile.
      std::this_thread::sleep_for(std::chrono::milliseconds(random.below(3)));
      break;
    case 5:
    case 6:
      Item::submit_to_pool(random, random.chance(50) ? lasting.standard : lasting.pool);
      break;
    case 7:
    case 8:
    case 9:
    case 10:
      share(random);
      break;
    case 11:
    case 12:
    case 13:
    case 14:
    case 15:
    case 16:
      churn(random, random.chance(70) ? lasting.pool : lasting.standard);
      break;
    default:
      Visit(random, random.chance(80) ? lasting.pool : lasting.standard)();
  }
}

}  // namespace soak
