// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Contexts that the library copies: by threads that come and go, of tasks that run at once, that wait for long in a
// suspended group, or that are cancelled, while workers leave and give memory back. Each copy is what it was when its
// task runs and when it is dropped, which happens once; and the memory of a process that does this for long stays
// bounded.
#include <cstring>

#include "stress.hpp"

using namespace stress;

namespace {

struct Context {
  std::uint64_t words[6];  // all of POOL_TASK_COPY_MAX

  explicit Context(std::uint64_t number) {
    for (std::uint64_t i = 0; i < 6; ++i) words[i] = number * 6 + i;
  }
  void look() const {
    for (std::uint64_t i = 1; i < 6; ++i) CHECK(words[i] == words[0] + i);
  }
};
static_assert(sizeof(Context) == POOL_TASK_COPY_MAX);

std::atomic<std::uint64_t> accepted, runs, drops;

std::int32_t run(void* ctx) {
  static_cast<Context*>(ctx)->look();
  runs.fetch_add(1, std::memory_order_relaxed);
  return 0;
}
void drop(void* ctx) {
  auto* const context = static_cast<Context*>(ctx);
  context->look();
  context->words[0] = 0;  // a second drop, or a run after it, would not find it whole
  drops.fetch_add(1, std::memory_order_relaxed);
}

void submit(pool_group_t group, std::uint64_t number) {
  const Context context(number);
  pool_task_t task;
  OK(pool_task_init(&task, sizeof task));
  task.fn = run;
  task.ctx = const_cast<Context*>(&context);
  task.copy_size = sizeof context;
  task.drop = drop;
  OK(pool_group_submit_task(group, &task));
  accepted.fetch_add(1, std::memory_order_relaxed);
}

long resident_pages() {
  long pages = 0;
  FILE* const file = std::fopen("/proc/self/statm", "re");
  CHECK(file != nullptr && std::fscanf(file, "%*s %ld", &pages) == 1);
  std::fclose(file);
  return pages;
}

// One thread's part of a round: most of its tasks are quick, one in 32 waits in the suspended group.
void submit_some(pool_t pool, pool_group_t late, std::uint32_t stream, int count) {
  Random random(stream);
  const pool_group_t own = make_group(pool);
  for (int i = 0; i < count; ++i) {
    submit(random.chance(3) ? late : own, (std::uint64_t{stream} << 32) + static_cast<std::uint32_t>(i));
  }
  if (random.chance(30)) OK(pool_group_cancel(own));
  const pool_status_t status = pool_group_wait(own);
  CHECK(status == POOL_OK || status == POOL_ECANCELED);
  OK(pool_group_destroy(own));
}

void rounds(std::uint32_t workers) {
  pool_options_t options;
  OK(pool_options_init(&options, sizeof options));
  options.max_workers = workers;
  options.idle_timeout = 1'000'000;  // workers leave between the rounds, and give memory back
  pool_t pool;
  OK(pool_create(&options, &pool));
  const int count = scaled(60);
  long after_some = 0;
  for (int round = 0; round < count; ++round) {
    const pool_group_t late = make_group(pool);
    OK(pool_group_suspend(late));
    in_threads(3, [&](int index) {
      submit_some(pool, late, static_cast<std::uint32_t>(round * 3 + index), 1'000 + round % 7 * 500);
    });
    OK(pool_group_resume(late));
    OK(pool_group_wait(late));
    OK(pool_group_destroy(late));
    CHECK(drops == accepted);
    if (round % 4 == 0) usleep(3'000);
    if (round == count / 4) after_some = resident_pages();
  }
  // (Pages that are full when they are given back, and lost: some 500.)
  const long more = resident_pages() - after_some;
  std::printf("%u workers: %ld pages more after three quarters of %d rounds\n", workers, more, count);
  CHECK(count < 40 || more < 300);
  OK(pool_destroy(pool));
}

}  // namespace

int main(int argc, char** argv) {
  begin(argc, argv);
  for (const std::uint32_t workers : worker_counts) rounds(workers);
  CHECK(drops == accepted && runs <= drops);
  std::printf("%llu tasks, %llu of them ran\n", static_cast<unsigned long long>(accepted.load()),
              static_cast<unsigned long long>(runs.load()));
  return 0;
}
