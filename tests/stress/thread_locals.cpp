// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// C++ thread_local objects whose destructors call the library, on workers that leave at once, that end with their pool,
// and that a task has ended; and on a thread that only helped. On a worker nothing blocks: what would is POOL_EDEADLK,
// the rest works, what is accepted is run. Whoever has seen the thread gone has seen the destructor's end.
#include "stress.hpp"

using namespace stress;

namespace {

pool_t pool;
pool_t other;
pool_group_t group;
std::atomic<int> armed{0};
std::atomic<int> destroyed{0};
std::atomic<int> accepted{0};
std::atomic<int> runs{0};

std::int32_t run(void*) {
  runs.fetch_add(1);
  return 0;
}
std::int32_t turn(void*, std::uint64_t) { return 0; }
std::int32_t job(void*, void**) { return run(nullptr); }

// Says whether a submit was accepted, as one may be that a worker makes at its end.
bool is_accepted(pool_status_t status) {
  CHECK(status == POOL_OK || status == POOL_EFULL || status == POOL_ECLOSED);
  if (status == POOL_OK) accepted.fetch_add(1);
  return status == POOL_OK;
}

void call_on_worker() {
  pool_group_t current;
  CHECK(stats_of(pool).workers >= 1);
  CHECK_STATUS(pool_group_wait(group), POOL_EDEADLK);
  CHECK_STATUS(pool_group_wait_for(group, INT64_MAX), POOL_EDEADLK);
  CHECK_STATUS(pool_group_apply(group, 10, 1, turn, nullptr), POOL_EDEADLK);
  CHECK_STATUS(pool_shutdown(pool, POOL_SHUTDOWN_CANCEL, INT64_MAX), POOL_EDEADLK);
  CHECK_STATUS(pool_destroy(pool), POOL_EDEADLK);
  CHECK_STATUS(pool_destroy(other), POOL_EDEADLK);
  CHECK_STATUS(pool_current_group(&current), POOL_EINVAL);
  CHECK(pool_worker_index() == -1);
  (void)is_accepted(pool_group_submit(group, run, nullptr));
  pool_job_t made;
  if (is_accepted(pool_group_submit_job(group, job, nullptr, nullptr, nullptr, &made))) {
    const pool_status_t status = pool_job_wait(made);
    CHECK(status == POOL_EDEADLK || status == POOL_OK);  // OK: it is over already
    OK(pool_job_release(made));
  }
  pool_group_t own;
  const pool_status_t created = pool_group_create(pool, nullptr, &own);
  CHECK(created == POOL_OK || created == POOL_ECLOSED);
  if (created != POOL_OK) return;
  (void)is_accepted(pool_group_submit(own, run, nullptr));
  const pool_status_t ended = pool_group_destroy(own);
  CHECK(ended == POOL_OK || ended == POOL_EDEADLK);  // OK: it is empty already
  if (ended != POOL_OK) OK(pool_group_detach(own));
}

// Nothing of a pool's is below it: it may do as everybody.
void call_on_helper() {
  pool_group_t own = make_group(pool);
  OK(pool_group_submit(own, run, nullptr));
  accepted.fetch_add(1);
  OK(pool_group_wait(own));
  OK(pool_group_destroy(own));
}

struct Last {
  bool is_armed = false;
  bool is_helper = false;
  ~Last() {
    if (!is_armed) return;
    if (is_helper) {
      call_on_helper();
    } else {
      call_on_worker();
    }
    destroyed.fetch_add(1);
  }
};
thread_local Last last;

std::int32_t arm(void*) {
  if (!last.is_armed) armed.fetch_add(1);
  last.is_armed = true;
  return 0;
}
std::int32_t arm_and_exit(void* unused) {
  arm(unused);
  pthread_exit(nullptr);
}

void begin_pool(std::uint32_t workers, std::int64_t idle_timeout) {
  pool_options_t options;
  OK(pool_options_init(&options, sizeof options));
  options.max_workers = workers;
  options.idle_timeout = idle_timeout;
  OK(pool_create(&options, &pool));
  group = make_group(pool);
  armed = destroyed = accepted = runs = 0;
}

// What a thread's end has submitted may come to a new thread, of which there is none for a moment: quiet is what does
// not change between two looks.
void await_quiet() {
  for (pool_stats_t before = stats_of(pool);; sched_yield()) {
    const pool_stats_t now = stats_of(pool);
    const bool is_same = before.workers == 0 && now.workers_created == before.workers_created;
    if (is_same && now.workers == 0 && now.queued + now.running == 0) return;
    before = now;
  }
}

void leave_at_once(std::uint32_t workers) {
  begin_pool(workers, -1);
  for (int round = 0; round < scaled(200); ++round) {
    for (std::uint32_t i = 0; i < workers; ++i) {
      OK(pool_group_submit(group, i % 8 == 7 ? arm_and_exit : arm, nullptr));
    }
    (void)pool_group_wait_for(group, INT64_MAX);
    if (round % 3 == 0) continue;  // in the middle of their ends
    await_quiet();
    CHECK(destroyed == armed);  // they were joined
    CHECK(accepted == runs);
  }
  OK(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, INT64_MAX));
  CHECK(armed >= 1 && destroyed == armed);
  CHECK(accepted >= 1 && accepted == runs);
  OK(pool_destroy(pool));
}

void end_with_the_pool(std::uint32_t workers, bool by_destroy) {
  begin_pool(workers, INT64_MAX);
  for (std::uint32_t i = 0; i < 4 * workers; ++i) OK(pool_group_submit(group, arm, nullptr));
  if (!by_destroy) OK(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, INT64_MAX));
  if (!by_destroy) CHECK(destroyed == armed);
  OK(pool_destroy(pool));
  CHECK(armed >= 1 && destroyed == armed);
  CHECK(accepted == 0);  // the pool was closed
}

void end_of_a_helper(std::uint32_t workers) {
  begin_pool(workers, INT64_MAX);
  in_threads(1, [](int) {
    last.is_helper = true;
    (void)arm(nullptr);
    const pool_group_t own = make_group(pool);
    OK(pool_group_submit(own, run, nullptr));
    accepted.fetch_add(1);
    OK(pool_group_wait(own));
  });
  CHECK(destroyed == 1);
  CHECK(accepted == 2 && runs == 2);
  OK(pool_destroy(pool));
}

}  // namespace

int main(int argc, char** argv) {
  begin(argc, argv);
  other = make_pool(1);
  for (const std::uint32_t workers : worker_counts) {
    leave_at_once(workers);
    for (int round = 0; round < scaled(100); ++round) {
      end_with_the_pool(workers, round % 2 == 0);
      end_of_a_helper(workers);
    }
  }
  OK(pool_destroy(other));
}
