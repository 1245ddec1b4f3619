/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * Each overflow policy, at the group's and at the pool's bound, said by the pool, the group or the task: what the
 * submit that meets the bound gives, who runs and drops what and where, and every counter. */
#define _GNU_SOURCE
#include "rig.h"

typedef enum { bound_group, bound_pool, bounds } bound_t;
typedef enum { level_pool, level_group, level_task, levels } level_t;
typedef enum {
  block,
  block_timed,
  block_not_at_all,
  reject,
  caller_runs,
  discard_oldest,
  discard_newest,
  cases
} case_t;

static const uint32_t policies[cases] = {
    POOL_OVERFLOW_BLOCK,       POOL_OVERFLOW_BLOCK,          POOL_OVERFLOW_BLOCK,         POOL_OVERFLOW_REJECT,
    POOL_OVERFLOW_CALLER_RUNS, POOL_OVERFLOW_DISCARD_OLDEST, POOL_OVERFLOW_DISCARD_NEWEST};

typedef struct {
  pool_group_t group;
  note_t* note;
  uint32_t overflow;
  int64_t timeout;
} submit_t;

static pool_status_t call_submit(void* arg) {
  const submit_t* submit = (const submit_t*)arg;
  return submit_note(submit->group, submit->note, submit->overflow, submit->timeout);
}

/* Two tasks fill the queue behind a worker that is held; the third one meets the bound. */
static void check_case(case_t what, bound_t bound, level_t level) {
  const uint32_t policy = policies[what];
  /* What the levels above say, and must not count. */
  const uint32_t decoy = what == reject ? POOL_OVERFLOW_DISCARD_NEWEST : POOL_OVERFLOW_REJECT;
  const int64_t timeout = what == block_timed ? SHORT_NS / 20 : what == block_not_at_all ? -1 : 0;
  pool_options_t options = pool_defaults();
  options.max_workers = 1;
  options.overflow = level == level_pool ? policy : decoy;
  options.overflow_timeout = level == level_pool ? timeout : INT64_MAX;
  if (bound == bound_pool) options.queue_capacity = 2;
  pool_t pool;
  OK(pool_create(&options, &pool));
  hold_t hold;
  hold_workers(&hold, pool, 1);
  pool_group_options_t group_options = group_defaults();
  if (bound == bound_group) group_options.queue_capacity = 2;
  if (level != level_pool) group_options.overflow = level == level_group ? policy : decoy;
  if (level != level_pool) group_options.overflow_timeout = level == level_group ? timeout : INT64_MAX;
  const pool_group_t group = make_group_of(pool, &group_options);

  note_t notes[3];
  memset(notes, 0, sizeof notes);
  OK(submit_note(group, &notes[0], 0, 0));
  OK(submit_note(group, &notes[1], 0, 0));
  submit_t third = {group, &notes[2], level == level_task ? policy : 0, level == level_task ? timeout : 0};
  caller_t caller;
  if (what == block) {
    caller_start_asleep(&caller, call_submit, &third);
    CHECK_EQ(stats_of(pool).queued, 2);
    CHECK_EQ(group_stats_of(group).submitted, 2);
  } else {
    const bool late = what == block_timed || what == block_not_at_all;
    CHECK_STATUS(call_submit(&third), late ? POOL_ETIMEDOUT : what == reject ? POOL_EFULL : POOL_OK);
  }
  const pid_t here = thread_id();
  pool_status_t outcome = POOL_OK;
  counts_t expected = {2, 2, 0, 0, 0};
  switch (what) {
    case caller_runs:
      expected = (counts_t){3, 3, 0, 0, 0};
      CHECK_NOTE(notes[2], 1, 1);
      CHECK_EQ(notes[2].ran_on, here);
      CHECK_EQ(notes[2].dropped_on, here);
      CHECK_NOTE(notes[0], 0, 0);
      break;
    case discard_oldest:
    case discard_newest: {
      const int victim = what == discard_oldest ? 0 : 2;
      outcome = POOL_EFAILED;
      expected = (counts_t){3, 2, 0, 0, 1};
      for (int i = 0; i < 3; i++) CHECK_NOTE(notes[i], 0, i == victim ? 1 : 0);
      CHECK_EQ(notes[victim].dropped_on, here);
      break;
    }
    default:
      for (int i = 0; i < 3; i++) CHECK_NOTE(notes[i], 0, 0);
      break;
  }
  pool_group_stats_t stats = group_stats_of(group);
  CHECK_EQ(stats.queued, 2);
  CHECK_EQ(stats.running, 0);
  CHECK_EQ(stats.discarded, expected.discarded);
  CHECK_EQ(stats_of(pool).queued, 2);
  CHECK_EQ(stats_of(pool).running, 1);

  release_workers(&hold);
  if (what == block) {
    OK(caller_join(&caller));
    expected = (counts_t){3, 3, 0, 0, 0};
  }
  CHECK_STATUS(pool_group_wait_for(group, LONG_NS), outcome);
  CHECK_STATUS(pool_group_poll(group), outcome);
  check_counts(group, expected);
  int32_t code = 5;
  OK(pool_group_failure(group, &code, NULL, 0));
  CHECK_EQ(code, 0); /* what is discarded has not failed */
  int runs = 0;
  int drops = 0;
  for (int i = 0; i < 3; i++) runs += notes[i].runs;
  for (int i = 0; i < 3; i++) drops += notes[i].drops;
  CHECK_EQ(runs, expected.succeeded);
  CHECK_EQ(drops, expected.submitted);
  OK(pool_group_destroy(group));

  const pool_stats_t total = stats_of(pool);
  CHECK_EQ(total.queued, 0);
  if (what != block_not_at_all) CHECK_EQ(total.blocked, what == block || what == block_timed ? 1 : 0);
  CHECK_EQ(total.rejected, what == reject ? 1 : 0);
  CHECK_EQ(total.caller_runs, what == caller_runs ? 1 : 0);
  CHECK_EQ(total.discarded, expected.discarded);
  OK(pool_destroy(pool));
}

/* submit_n goes by the same rules, one by one. */
static void check_many(uint32_t policy, pool_status_t status, size_t expected_accepted, int runs, int drops) {
  const pool_t pool = make_pool(1);
  hold_t hold;
  hold_workers(&hold, pool, 1);
  pool_group_options_t options = group_defaults();
  options.queue_capacity = 2;
  options.overflow = policy;
  const pool_group_t group = make_group_of(pool, &options);
  note_t notes[5];
  void* ctxs[5];
  memset(notes, 0, sizeof notes);
  for (int i = 0; i < 5; i++) ctxs[i] = &notes[i];
  size_t accepted = 9;
  CHECK_STATUS(pool_group_submit_n(group, note_run, ctxs, 5, note_drop, &accepted), status);
  CHECK_EQ(accepted, expected_accepted);
  int run = 0;
  int dropped = 0;
  for (int i = 0; i < 5; i++) run += notes[i].runs;
  for (int i = 0; i < 5; i++) dropped += notes[i].drops;
  CHECK_EQ(run, runs);
  CHECK_EQ(dropped, drops);
  release_workers(&hold);
  CHECK_STATUS(pool_group_wait_for(group, LONG_NS), drops > runs ? POOL_EFAILED : POOL_OK);
  dropped = 0;
  for (int i = 0; i < 5; i++) dropped += notes[i].drops;
  CHECK_EQ(dropped, expected_accepted);
  OK(pool_destroy(pool));
}

int main(void) {
  for (case_t what = 0; what < cases; what++)
    for (bound_t bound = 0; bound < bounds; bound++)
      for (level_t level = 0; level < levels; level++) check_case(what, bound, level);
  check_many(POOL_OVERFLOW_REJECT, POOL_EFULL, 2, 0, 0);
  check_many(POOL_OVERFLOW_CALLER_RUNS, POOL_OK, 5, 3, 3);
  check_many(POOL_OVERFLOW_DISCARD_OLDEST, POOL_OK, 5, 0, 3);
  check_many(POOL_OVERFLOW_DISCARD_NEWEST, POOL_OK, 5, 0, 3);
  return 0;
}
