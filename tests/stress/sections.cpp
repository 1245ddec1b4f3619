// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Blocking sections under resizes: tasks that wait inside a section for one that is queued behind them, as many at a
// time as there are burst workers, some in two sections at once, some that never end theirs, or hand themselves back
// from them. None hangs, never are more workers at it than max + burst, and in the end nobody is inside.
#include "stress.hpp"

using namespace stress;

namespace {

constexpr std::uint32_t burst = 3;
constexpr std::uint32_t most_workers = 4;

std::atomic<std::uint32_t> at_work;

// What a task does around its body.
class AtWork {
 public:
  AtWork() { CHECK(at_work.fetch_add(1) < most_workers + burst); }
  ~AtWork() { at_work.fetch_sub(1); }
  AtWork(const AtWork&) = delete;
  AtWork& operator=(const AtWork&) = delete;
};

struct Pair {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
  bool has_come = false;
  std::uint32_t sections = 1;  // of the one who waits, one in the other
  std::uint32_t ends = 1;
  bool again = false;
  std::atomic<bool> may_begin{true};  // else not before both are queued

  static std::int32_t wait(void* ctx) {
    auto& self = *static_cast<Pair*>(ctx);
    const AtWork here;
    while (!self.may_begin.load()) std::this_thread::yield();
    for (std::uint32_t i = 0; i < self.sections; ++i) OK(pool_blocking_begin());
    pthread_mutex_lock(&self.mutex);
    while (!self.has_come) pthread_cond_wait(&self.changed, &self.mutex);
    pthread_mutex_unlock(&self.mutex);
    for (std::uint32_t i = 0; i < self.ends; ++i) OK(pool_blocking_end());
    return std::exchange(self.again, false) ? pool_task_again_after(0) : 0;
  }
  static std::int32_t come(void* ctx) {
    auto& self = *static_cast<Pair*>(ctx);
    const AtWork here;
    pthread_mutex_lock(&self.mutex);
    self.has_come = true;
    pthread_cond_broadcast(&self.changed);
    pthread_mutex_unlock(&self.mutex);
    return 0;
  }
};

void round(int number) {
  Random choice(static_cast<std::uint32_t>(number));
  pool_options_t options;
  OK(pool_options_init(&options, sizeof options));
  options.max_workers = 1 + choice.below(most_workers);
  options.burst_workers = burst;
  options.burst_delay = choice.chance(50) ? INT64_MAX : 100'000;
  options.idle_timeout = choice.chance(50) ? 1 : 1'000'000'000;
  options.help = POOL_HELP_NEVER;  // a helper is no worker
  pool_t pool;
  OK(pool_create(&options, &pool));
  std::atomic<bool> is_over{false};
  std::thread resizer([&] {
    Random random(static_cast<std::uint32_t>(2000 + number));
    while (!is_over.load()) OK(pool_resize(pool, 0, 1 + random.below(most_workers)));
  });
  in_threads(burst, [&](int thread) {
    Random random(static_cast<std::uint32_t>(1000 * number + thread));
    const pool_group_t group = make_group(pool);
    for (int i = 0; i < 200; ++i) {
      Pair pair;
      pair.sections = 1 + random.below(2);
      pair.ends = random.below(pair.sections + 1);
      pair.again = random.chance(30);
      pair.may_begin = random.chance(50);
      OK(pool_group_submit(group, Pair::wait, &pair));
      OK(pool_group_submit(group, Pair::come, &pair));
      pair.may_begin = true;
      OK(pool_group_wait(group));
    }
    OK(pool_group_destroy(group));
  });
  is_over.store(true);
  resizer.join();
  CHECK(stats_of(pool).workers_blocked == 0);
  OK(pool_destroy(pool));
  CHECK(at_work.load() == 0);
}

}  // namespace

int main(int argc, char** argv) {
  begin(argc, argv);
  for (int i = 0; i < scaled(40); ++i) round(i);
  return 0;
}
