// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Groups with limits that leave many tasks in flight, which are claimed several at a time: never more run than the
// limit says, whoever submits, helps, suspends, cancels and discards meanwhile; each accepted task is dropped once; and
// one that takes until all others are over keeps none of them from starting, whosever window they are in.
#include "stress.hpp"

using namespace stress;

namespace {

constexpr int threads = 3;

std::atomic<std::uint32_t> now{0}, limit{0};
std::atomic<std::uint64_t> accepted{0}, dropped{0};

// Counts itself in and out. Now and then it gives others the processor, or hands itself back once.
struct Visitor {
  std::uint32_t number;
  bool has_slept = false;

  std::int32_t visit() {
    CHECK(now.fetch_add(1) < limit.load());
    if (number % 64 == 0) std::this_thread::yield();
    std::int32_t result = 0;
    if (number % 16 == 1 && !std::exchange(has_slept, true)) result = pool_task_again_after(number % 5 * 1'000);
    now.fetch_sub(1);
    return result;
  }
  static std::int32_t run(void* ctx) { return static_cast<Visitor*>(ctx)->visit(); }
  static std::int32_t run_job(void* ctx, void**) {
    static_cast<Visitor*>(ctx)->has_slept = true;  // a job cannot hand itself back
    return run(ctx);
  }
  static void drop(void* ctx) {
    dropped.fetch_add(1);
    delete static_cast<Visitor*>(ctx);
  }
};

void submit(Random& random, pool_group_t group) {
  auto* const visitor = new Visitor{random.below(1'000)};
  const bool is_job = random.chance(20);
  pool_job_t job = {0};
  pool_status_t status;
  if (is_job) {
    status = pool_group_submit_job(group, Visitor::run_job, visitor, Visitor::drop, nullptr, &job);
  } else {
    pool_task_t task;
    OK(pool_task_init(&task, sizeof task));
    task.fn = Visitor::run;
    task.ctx = visitor;
    task.drop = Visitor::drop;
    status = pool_group_submit_task(group, &task);
  }
  if (status != POOL_OK) {
    CHECK(status == POOL_ECANCELED || status == POOL_EFULL);  // (there was none to discard)
    delete visitor;
    return;
  }
  accepted.fetch_add(1);
  if (!is_job) return;
  if (random.chance(30)) (void)pool_job_cancel(job);
  if (random.chance(30)) (void)pool_job_wait(job);  // it may start before its turn
  OK(pool_job_release(job));
}

void meddle(Random& random, pool_group_t group) {
  switch (random.below(8)) {
    case 0: {
      const pool_status_t status = pool_group_suspend(group);
      CHECK(status == POOL_OK || status == POOL_ECANCELED);
      OK(pool_group_resume(group));
      break;
    }
    case 1:
      (void)pool_group_wait_for(group, random.below(100'000));
      break;
    default:
      (void)stats_of(group);
  }
}

// As many as the limit says are in flight at once, asleep: none of what was taken for others is missing.
void all_can_start(pool_group_t group) {
  struct Sleeper {
    std::atomic<std::uint64_t> timer{0};
    bool has_slept = false;
  };
  std::vector<Sleeper> sleepers(limit.load());
  const pool_task_fn sleep = [](void* ctx) -> std::int32_t {
    auto& self = *static_cast<Sleeper*>(ctx);
    if (std::exchange(self.has_slept, true)) return 0;
    pool_timer_t timer;
    const std::int32_t result = pool_task_suspend(INT64_MAX, &timer);
    self.timer.store(timer.id);
    return result;
  };
  for (Sleeper& sleeper : sleepers) {
    pool_task_t task;
    OK(pool_task_init(&task, sizeof task));
    task.fn = sleep;
    task.ctx = &sleeper;
    task.overflow = POOL_OVERFLOW_BLOCK;
    OK(pool_group_submit_task(group, &task));
  }
  for (Sleeper& sleeper : sleepers) {
    while (sleeper.timer.load() == 0) std::this_thread::yield();
  }
  for (Sleeper& sleeper : sleepers) OK(pool_timer_fire({sleeper.timer.load()}));
  (void)pool_group_wait(group);  // (jobs that were cancelled before are told here, too)
}

// From all sides, with a room that is often full.
void from_all_sides(int number, std::uint32_t workers) {
  Random choice(static_cast<std::uint32_t>(number));
  static constexpr std::uint32_t limits[] = {31, 32, 40, 64, 200, 5'000};
  const std::uint32_t overflow = choice.chance(50) ? POOL_OVERFLOW_BLOCK : POOL_OVERFLOW_DISCARD_OLDEST;
  const pool_t pool = make_pool(workers, choice.chance(50) ? 0 : 1 + choice.below(300), overflow);
  pool_group_options_t options;
  OK(pool_group_options_init(&options, sizeof options));
  options.max_concurrency = limits[choice.below(6)];
  options.limit_counts_suspended = choice.below(2);
  limit.store(options.max_concurrency);
  pool_group_t group;
  OK(pool_group_create(pool, &options, &group));
  in_threads(threads, [&](int thread) {
    Random random(static_cast<std::uint32_t>(100 * number + thread));
    for (int i = 0; i < 400; ++i) {
      submit(random, group);
      if (random.chance(5)) meddle(random, group);
    }
  });
  const bool is_cancelled = choice.chance(30);
  if (is_cancelled) OK(pool_group_cancel(group));
  (void)pool_group_wait(group);
  CHECK(accepted.load() == dropped.load());
  CHECK(now.load() == 0);
  if (is_cancelled) OK(pool_group_reset(group));
  if (options.limit_counts_suspended != 0) all_can_start(group);
  OK(pool_group_destroy(group));
  OK(pool_destroy(pool));
}

// The first tasks end when all others have run. As many threads as these, and one.
void behind_some(std::uint32_t workers) {
  const std::uint32_t blocked = workers;  // the waiter helps
  constexpr std::uint32_t others = 500;
  const pool_t pool = make_pool(workers);
  pool_group_options_t options;
  OK(pool_group_options_init(&options, sizeof options));
  options.max_concurrency = 64 + blocked;
  pool_group_t group;
  OK(pool_group_create(pool, &options, &group));
  std::atomic<std::uint32_t> done{0};
  const pool_task_fn wait = [](void* ctx) -> std::int32_t {
    while (static_cast<std::atomic<std::uint32_t>*>(ctx)->load() != others) std::this_thread::yield();
    return 0;
  };
  const pool_task_fn count = [](void* ctx) -> std::int32_t {
    static_cast<std::atomic<std::uint32_t>*>(ctx)->fetch_add(1);
    return 0;
  };
  for (std::uint32_t i = 0; i < others + blocked; ++i) {
    OK(pool_group_submit(group, i % 100 == 0 && i / 100 < blocked ? wait : count, &done));
  }
  OK(pool_group_wait(group));
  OK(pool_destroy(pool));
}

}  // namespace

int main(int argc, char** argv) {
  begin(argc, argv);
  for (int i = 0; i < scaled(120); ++i) {
    for (const std::uint32_t workers : worker_counts) from_all_sides(i, workers);
  }
  for (int i = 0; i < scaled(100); ++i) {
    for (const std::uint32_t workers : {1U, 2U, 3U, 4U}) behind_some(workers);
  }
  std::printf("%llu tasks\n", static_cast<unsigned long long>(accepted.load()));
  return 0;
}
