// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Everything mixed, for as long as one likes: four submitters make and drop groups, pools, tasks, jobs, timers and
// descriptors, resize, burst, cancel and fail. It goes by phases of equal length. After each of them the load stops,
// the library becomes quiet, and then every task is accounted for, no thread and no descriptor is more than after the
// warm-up, and memory is measured; at the end threads and descriptors are those of the start.
//
//   soak [--seconds N] [--seed S]
//
// Slots are never unmapped, by design. So more of each kind than any phase has is taken once before all, and a little
// only: what is lost is missed when it is more than that.
#include <pool/insight.h>

#include <condition_variable>
#include <mutex>

#include "load.hpp"

using namespace soak;

namespace {

using Clock = std::chrono::steady_clock;

constexpr int submitters = 4;
constexpr int warm_up = 6;  // phases
constexpr int phases = 12;  // after it
constexpr auto patience = std::chrono::seconds(60);

// Prints a line each ten seconds, and ends the program when nothing gets on any more.
class Watch {
 public:
  Watch() : thread_([this] { watch(); }) {}
  ~Watch() {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  void watch() {
    const auto start = Clock::now();
    auto last_change = start;
    std::uint64_t last = 0, last_printed = 0;
    for (auto next = start + std::chrono::seconds(10);; next += std::chrono::seconds(10)) {
      std::unique_lock lock(mutex_);
      if (changed_.wait_until(lock, next, [this] { return is_over_; })) return;
      const std::uint64_t dropped = account.dropped.sum().count;
      const std::uint64_t progress = dropped + account.groups + account.parts;
      if (progress != last) last_change = next;
      last = progress;
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(next - start).count();
      std::printf("%6lld s: %llu tasks, %llu/s, RSS %lld KiB, %d threads, %d descriptors, %llu groups, %llu pools\n",
                  static_cast<long long>(seconds), static_cast<unsigned long long>(dropped),
                  static_cast<unsigned long long>((dropped - last_printed) / 10), static_cast<long long>(rss_kib()),
                  threads_now(), descriptors_now(), static_cast<unsigned long long>(account.groups),
                  static_cast<unsigned long long>(account.pools));
      std::fflush(stdout);
      last_printed = dropped;
      if (next - last_change < patience) continue;
      account.print("and nothing gets on any more");
      std::fprintf(stderr, "nothing got on for %lld s: what is accepted and not dropped is lost, or waits for ever\n",
                   static_cast<long long>(std::chrono::seconds(patience).count()));
      if (lasting.pool.id != 0) (void)pool_dump(lasting.pool, STDERR_FILENO);
      if (lasting.standard.id != 0) (void)pool_dump(lasting.standard, STDERR_FILENO);
      fail();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_over_ = false;
  std::thread thread_;  // the last: it uses the others
};

void make_lasting() {
  pool_options_t options;
  OK(pool_options_init(&options, sizeof options));
  options.max_workers = most_workers;
  options.burst_workers = 2;
  options.burst_delay = 1'000'000;
  options.idle_timeout = 1'000'000;  // reaped all the time
  options.timing = 64;
  options.name = "lasting";
  OK(pool_create(&options, &lasting.pool));
  account.pools.fetch_add(1);
  options.max_workers = 2;
  options.name = "default";
  OK(pool_default_configure(&options));
  OK(pool_default(&lasting.standard));
  account.pools.fetch_add(1);
  for (int i = 0; i < lasting_groups; ++i) {
    pool_group_options_t its;
    OK(pool_group_options_init(&its, sizeof its));
    its.max_concurrency = i == 1 ? 1 : 0;
    its.queue_capacity = i == 2 ? 8 : 0;
    its.overflow = i == 2 ? POOL_OVERFLOW_BLOCK : POOL_OVERFLOW_DEFAULT;
    its.weight = 1 + static_cast<std::uint32_t>(i);
    pool_group_t group{};
    OK(pool_group_create(lasting.pool, &its, &group));
    account.groups.fetch_add(1);
    shared[i].store(group.id);
  }
}

// More of each kind at once than the submitters ever have: threads, groups, queued tasks, jobs and timers.
void fill() {
  pool_options_t options;
  OK(pool_options_init(&options, sizeof options));
  options.max_workers = options.min_workers = most_workers + 4;
  options.prestart = 1;
  std::vector<pool_t> pools(submitters + 3);
  for (pool_t& pool : pools) OK(pool_create(&options, &pool));
  account.pools.fetch_add(pools.size());
  std::vector<pool_group_t> groups(2048);
  for (pool_group_t& group : groups) {
    group = make_group(pools[0]);
    OK(pool_group_suspend(group));
  }
  account.groups.fetch_add(groups.size());
  Random random(0);
  std::vector<pool_job_t> jobs(groups.size());
  std::vector<pool_timer_t> late(groups.size());
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const auto nothing = [](void*, void**) -> std::int32_t { return 0; };
    OK(pool_group_submit_job(groups[i], nothing, nullptr, nullptr, nullptr, &jobs[i]));
    OK(pool_group_submit_after(
        groups[i], INT64_MAX, [](void*) -> std::int32_t { return 0; }, nullptr, &late[i]));
  }
  for (std::uint32_t i = 0; i < (submitters + 2) * most_in_burst; ++i) Item::submit_plainly(random, groups[1]);
  for (const pool_timer_t timer : late) OK(pool_timer_cancel(timer));
  for (const pool_group_t group : groups) OK(pool_group_resume(group));
  for (const pool_group_t group : groups) OK(pool_group_destroy(group));
  for (const pool_job_t job : jobs) OK(pool_job_release(job));
  for (const pool_t pool : pools) OK(pool_destroy(pool));
}

// Waits until nothing is under way and nobody is at work. If that never comes, the watch says so.
void become_quiet(int threads) {
  const auto pause = [] { std::this_thread::sleep_for(std::chrono::milliseconds(1)); };
  OK(pool_resize(lasting.pool, 0, most_workers));  // none is kept
  while (!account.is_settled()) pause();
  while (stats_of(lasting.pool).workers + stats_of(lasting.standard).workers > 0) pause();
  while (threads != 0 && threads_now() != threads) pause();
}

void check_lasting_groups() {
  for (int i = 0; i < lasting_groups; ++i) {
    const pool_group_t group{shared[i].load()};
    CHECK(pool_group_poll(group) != POOL_EBUSY);
    const auto stats = stats_of(group);
    CHECK(stats.submitted == lasting.accepted[i]);
    CHECK(stats.succeeded + stats.failed + stats.cancelled + stats.discarded == stats.submitted);
    OK(pool_group_reset(group));
  }
  for (const pool_t pool : {lasting.pool, lasting.standard}) {
    const auto stats = stats_of(pool);
    CHECK(stats.queued == 0 && stats.running == 0 && stats.workers_blocked == 0);
  }
}

}  // namespace

int main(int argc, char** argv) {
  double seconds = 6;
  char* seeded[2] = {argv[0], nullptr};
  bool is_given = false;  // by hand: then it is not scaled
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 < argc && std::strcmp(argv[i], "--seconds") == 0) {
      seconds = std::strtod(argv[i + 1], nullptr);
      is_given = true;
    } else if (i + 1 < argc && std::strcmp(argv[i], "--seed") == 0) {
      seeded[1] = argv[i + 1];
    } else {
      std::fprintf(stderr, "usage: soak [--seconds N] [--seed S]\n");
      return 2;
    }
  }
  begin(seeded[1] != nullptr ? 2 : 1, seeded);
  if (!is_given) seconds = std::max(2.0, seconds * scale);
  // One arena, and blocks of any size from it: what it has then says what is in use.
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  const int descriptors_at_start = descriptors_now();
  const auto watch = std::make_unique<Watch>();
  const int threads_at_start = threads_now();
  make_lasting();
  fill();

  const std::chrono::duration<double> length(seconds / (warm_up + phases));
  Growth resident("resident", 32 << 10), heap("heap", 4 << 10), mapped("mapped", 48 << 20);
  Memory last;
  std::uint64_t groups_at_first = 0;
  int threads = 0, descriptors = 0;
  for (int phase = 0; phase < warm_up + phases; ++phase) {
    const auto end = Clock::now() + length;
    in_threads(submitters, [&](int submitter) {
      Random random(static_cast<std::uint32_t>(phase * submitters + submitter));
      do act(random);
      while (Clock::now() < end);
    });
    become_quiet(threads);
    account.check();
    check_lasting_groups();
    const Memory now = Memory::now();
    if (phase >= warm_up) {
      resident.add(now.resident - last.resident);
      heap.add(now.heap - last.heap);
      mapped.add(now.mapped - last.mapped);
      CHECK(descriptors_now() == descriptors);
    } else {
      threads = threads_now();
      descriptors = descriptors_now();
      groups_at_first = account.groups;
    }
    last = now;
  }

  OK(pool_destroy(lasting.pool));
  OK(pool_shutdown(lasting.standard, POOL_SHUTDOWN_DRAIN, INT64_MAX));
  while (threads_now() != threads_at_start) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  CHECK(descriptors_now() == descriptors_at_start);
  account.check();
  account.print("at the end");
  std::printf("threads %d and descriptors %d, as at the start\n", threads_at_start, descriptors_at_start);
  const std::uint64_t groups = account.groups - groups_at_first;
  bool is_flat = true;
  if (is_sanitized) {
    std::printf("SKIPPED: growth of memory, which is the sanitizer's\n");
  } else {
    for (const Growth* growth : {&resident, &heap, &mapped}) is_flat = growth->report(groups) && is_flat;
  }
  return is_flat ? 0 : 1;
}
