// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Timers from all sides: tasks with delays of all lengths that hand themselves back some times, while others cancel and
// fire them one by one, cancel and suspend their groups, and shut the pool down. Each accepted task is dropped once,
// before its group is empty; none runs after its drop, or twice at a time.
#include "stress.hpp"

using namespace stress;

namespace {

constexpr int groups = 4;
constexpr int threads = 3;

struct Machine {
  std::atomic<int> inside{0}, drops{0};
  int left = 0;
  std::int64_t delay = 0;
  bool is_told = false;
};

std::atomic<std::uint64_t> known[16];
std::atomic<std::uint64_t> accepted, dropped;

std::int32_t step(void* ctx) {
  auto& machine = *static_cast<Machine*>(ctx);
  CHECK(machine.inside.fetch_add(1) == 0);
  CHECK(machine.drops.load() == 0);
  std::int32_t result = 0;
  if (machine.left-- > 0) {
    if (machine.is_told) {
      pool_timer_t timer;
      result = pool_task_suspend(machine.delay, &timer);
      known[timer.id % 16].store(timer.id);
    } else {
      result = pool_task_again_after(machine.delay);
    }
  }
  CHECK(machine.inside.fetch_sub(1) == 1);
  return result;
}
void drop(void* ctx) {
  auto& machine = *static_cast<Machine*>(ctx);
  CHECK(machine.inside.load() == 0);
  CHECK(machine.drops.fetch_add(1) == 0);
  dropped.fetch_add(1);
  delete &machine;
}

bool among(pool_status_t status, std::initializer_list<pool_status_t> allowed) {
  for (const pool_status_t one : allowed) {
    if (status == one) return true;
  }
  std::fprintf(stderr, "unexpected: %s\n", pool_status_name(status));
  return false;
}

void meddle(Random& random, pool_group_t group) {
  const pool_timer_t timer = {known[random.below(16)].load()};
  switch (random.below(40)) {
    case 0:
      OK(pool_group_cancel(group));
      break;
    case 1: {
      const pool_status_t suspended = pool_group_suspend(group);
      CHECK(among(suspended, {POOL_OK, POOL_ECANCELED, POOL_ECLOSED}));
      OK(pool_group_resume(group));
      break;
    }
    case 2:
    case 3:
    case 4:
      CHECK(among(pool_timer_cancel(timer), {POOL_OK, POOL_EBUSY, POOL_EBADHANDLE}));
      break;
    default:
      CHECK(among(pool_timer_fire(timer), {POOL_OK, POOL_EBADHANDLE}));
  }
}

void submit(Random& random, pool_group_t group) {
  static constexpr std::int64_t delays[] = {0, 1, 1'000, 20'000, 100'000, 1'000'000, 3'000'000, INT64_MAX};
  auto* const machine = new Machine;
  machine->left = static_cast<int>(random.below(4));
  machine->is_told = random.chance(50);
  machine->delay = delays[random.below(machine->is_told ? 8 : 7)];
  pool_task_t task;
  OK(pool_task_init(&task, sizeof task));
  pool_timer_t timer = {0};
  task.fn = step;
  task.ctx = machine;
  task.drop = drop;
  task.delay = delays[random.below(7)];
  task.timer = random.chance(50) ? &timer : nullptr;
  const pool_status_t status = pool_group_submit_task(group, &task);
  CHECK(among(status, {POOL_OK, POOL_ECANCELED, POOL_ECLOSED}));
  if (status != POOL_OK) {
    delete machine;
    return;
  }
  accepted.fetch_add(1);
  if (timer.id != 0) known[timer.id % 16].store(timer.id);
}

void round(int number) {
  Random choice(static_cast<std::uint32_t>(number));
  pool_options_t options;
  OK(pool_options_init(&options, sizeof options));
  options.max_workers = 1 + choice.below(4);
  pool_t pool;
  OK(pool_create(&options, &pool));
  pool_group_t group[groups];
  for (int i = 0; i < groups; ++i) {
    pool_group_options_t its;
    OK(pool_group_options_init(&its, sizeof its));
    its.max_concurrency = i < 2 ? 0 : choice.below(3) + 1;
    its.limit_counts_suspended = choice.below(2);
    OK(pool_group_create(pool, &its, &group[i]));
  }
  in_threads(threads, [&](int thread) {
    Random random(static_cast<std::uint32_t>(1000 * number + thread));
    for (int i = 0; i < 300; ++i) {
      const pool_group_t to = group[random.below(groups)];
      submit(random, to);
      if (random.chance(30)) meddle(random, to);
    }
  });
  // Some wait for ever unless they are told; a cancel tells all.
  for (int i = 0; i < groups; ++i) {
    if (choice.chance(50)) OK(pool_group_cancel(group[i]));
  }
  for (int i = 0; i < groups; ++i) (void)pool_group_wait_for(group[i], 1'000'000);
  OK(pool_shutdown(pool, POOL_SHUTDOWN_CANCEL, INT64_MAX));
  CHECK(accepted.load() == dropped.load());
  OK(pool_destroy(pool));
}

}  // namespace

int main(int argc, char** argv) {
  begin(argc, argv);
  for (int i = 0; i < scaled(200); ++i) round(i);
  std::printf("%llu tasks\n", static_cast<unsigned long long>(accepted.load()));
  return 0;
}
