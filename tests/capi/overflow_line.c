/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * The line at either bound: eight submitters are served in the order in which they came, timed ones leave it without
 * disturbing the others, REJECT refuses meanwhile; what a cancel, a detach, a shutdown does to those who stand in it;
 * and a place in one line is given back when the other one is left. */
#define _GNU_SOURCE
#include "rig.h"

enum { in_line = 8 };

typedef struct {
  pool_group_t group;
  note_t note;
  int64_t timeout;
  caller_t caller;
} submitter_t;

static pool_status_t call_submit(void* arg) {
  submitter_t* submitter = (submitter_t*)arg;
  return submit_note(submitter->group, &submitter->note, POOL_OVERFLOW_BLOCK, submitter->timeout);
}

typedef struct {
  pool_t pool;
  pool_group_t group;
  hold_t hold;
  note_t first;
  submitter_t submitters[in_line];
} line_t;

/* One worker, held; one task queued, which is as many as may be. */
static void begin(line_t* line, bool at_pool) {
  memset(line, 0, sizeof *line);
  pool_options_t options = pool_defaults();
  options.max_workers = 1;
  if (at_pool) options.queue_capacity = 1;
  OK(pool_create(&options, &line->pool));
  hold_workers(&line->hold, line->pool, 1);
  pool_group_options_t group_options = group_defaults();
  if (!at_pool) group_options.queue_capacity = 1;
  line->group = make_group_of(line->pool, &group_options);
  OK(submit_note(line->group, &line->first, 0, 0));
}
static void line_up(line_t* line, int i, pool_group_t group, int64_t timeout) {
  submitter_t* submitter = &line->submitters[i];
  submitter->group = group;
  submitter->timeout = timeout;
  caller_start(&submitter->caller, call_submit, submitter);
  /* A short time-out may be over by now. */
  CHECK(caller_settle(&submitter->caller) || timeout == SHORT_NS);
  note_t refused = {0};
  CHECK_STATUS(submit_note(line->group, &refused, POOL_OVERFLOW_REJECT, 0), POOL_EFULL);
  CHECK_NOTE(refused, 0, 0);
}
static void end(line_t* line) { OK(pool_destroy(line->pool)); }

static void check_order(bool at_pool, bool some_timed) {
  static line_t line;
  begin(&line, at_pool);
  /* Of those who leave, one is the first in line, one the last, two are neighbours. */
  const bool leaves[in_line] = {true, false, false, true, true, false, false, true};
  for (int i = 0; i < in_line; i++)
    line_up(&line, i, line.group, !some_timed ? 0 : leaves[i] ? SHORT_NS : i % 2 == 0 ? LONG_NS : INT64_MAX);
  for (int i = 0; i < in_line; i++) {
    if (!some_timed || !leaves[i]) continue;
    CHECK_STATUS(caller_join(&line.submitters[i].caller), POOL_ETIMEDOUT);
    CHECK_NOTE(line.submitters[i].note, 0, 0);
  }
  CHECK_EQ(group_stats_of(line.group).queued, 1);
  release_workers(&line.hold);
  int last = 0;
  uint64_t served = 1;
  for (int i = 0; i < in_line; i++) {
    if (some_timed && leaves[i]) continue;
    OK(caller_join(&line.submitters[i].caller));
    served++;
  }
  OK(pool_group_wait_for(line.group, LONG_NS)); /* which does not help: the one worker runs them all */
  last = line.first.ran_at;
  for (int i = 0; i < in_line; i++) {
    if (some_timed && leaves[i]) continue;
    /* With one place nobody can pass the one before him: he is served when that one's task has started. */
    CHECK_NOTE(line.submitters[i].note, 1, 1);
    CHECK(line.submitters[i].note.ran_at > last);
    last = line.submitters[i].note.ran_at;
  }
  check_counts(line.group, (counts_t){served, served, 0, 0, 0});
  CHECK_EQ(stats_of(line.pool).blocked, in_line);
  end(&line);
}

typedef enum { by_cancel, by_detach, by_shutdown } end_t;

/* Those of the group are sent away; at the pool's bound a stranger stays, unless everybody has to go. */
static void check_sent_away(bool at_pool, end_t how) {
  static line_t line;
  begin(&line, at_pool);
  const pool_group_t stranger = make_group(line.pool);
  const int strange = at_pool ? 3 : -1;
  for (int i = 0; i < in_line; i++) line_up(&line, i, i == strange ? stranger : line.group, i == 5 ? LONG_NS : 0);
  if (how == by_cancel) OK(pool_group_cancel(line.group));
  if (how == by_detach) OK(pool_group_detach(line.group));
  if (how == by_shutdown) CHECK_STATUS(pool_shutdown(line.pool, POOL_SHUTDOWN_DRAIN, 0), POOL_ETIMEDOUT);
  for (int i = 0; i < in_line; i++) {
    if (i == strange && how != by_shutdown) continue;
    CHECK_STATUS(caller_join(&line.submitters[i].caller), how == by_cancel ? POOL_ECANCELED : POOL_ECLOSED);
    CHECK_NOTE(line.submitters[i].note, 0, 0);
  }
  gate_open(&line.hold.gate);
  if (at_pool && how != by_shutdown) {
    OK(caller_join(&line.submitters[strange].caller));
    OK(pool_group_wait_for(stranger, LONG_NS));
    CHECK_NOTE(line.submitters[strange].note, 1, 1);
  }
  end(&line);
  CHECK_NOTE(line.first, how == by_cancel ? 0 : 1, 1);
}

/* The group's place is held by somebody who stands in the pool's line; he leaves, and it is free again. */
static void check_both(bool cancel) {
  pool_options_t options = pool_defaults();
  options.max_workers = 1;
  options.queue_capacity = 1;
  pool_t pool;
  OK(pool_create(&options, &pool));
  hold_t hold;
  hold_workers(&hold, pool, 1);
  const pool_group_t stranger = make_group(pool);
  OK(pool_group_submit(stranger, task_nothing, NULL));
  pool_group_options_t group_options = group_defaults();
  group_options.queue_capacity = 1;
  const pool_group_t group = make_group_of(pool, &group_options);
  static submitter_t submitters[3];
  memset(submitters, 0, sizeof submitters);
  for (int i = 0; i < 3; i++) {
    submitters[i].group = group;
    submitters[i].timeout = cancel ? 0 : SHORT_NS;
    caller_start(&submitters[i].caller, call_submit, &submitters[i]);
    CHECK(caller_settle(&submitters[i].caller) || !cancel);
  }
  if (cancel) OK(pool_group_cancel(group));
  for (int i = 0; i < 3; i++)
    CHECK_STATUS(caller_join(&submitters[i].caller), cancel ? POOL_ECANCELED : POOL_ETIMEDOUT);
  CHECK_STATUS(pool_group_poll(group), POOL_OK);
  CHECK_EQ(group_stats_of(group).queued, 0);
  if (cancel) OK(pool_group_reset(group));
  release_workers(&hold);
  OK(pool_group_wait_for(stranger, LONG_NS));
  hold_workers(&hold, pool, 1);
  note_t note = {0};
  OK(submit_note(group, &note, POOL_OVERFLOW_REJECT, 0));
  CHECK_STATUS(submit_note(group, &note, POOL_OVERFLOW_REJECT, 0), POOL_EFULL);
  release_workers(&hold);
  OK(pool_group_wait_for(group, LONG_NS));
  check_counts(group, (counts_t){1, 1, 0, 0, 0});
  OK(pool_destroy(pool));
}

/* A line at one group's bound holds up nobody else; and all lines together are served. */
static void check_two_groups(void) {
  static line_t line;
  begin(&line, false);
  for (int i = 0; i < 4; i++) line_up(&line, i, line.group, 0);
  const pool_group_t other = make_group(line.pool);
  note_t note = {0};
  OK(submit_note(other, &note, POOL_OVERFLOW_REJECT, 0));
  OK(pool_group_wait(other));
  CHECK_EQ(note.ran_on, thread_id());
  release_workers(&line.hold);
  for (int i = 0; i < 4; i++) OK(caller_join(&line.submitters[i].caller));
  OK(pool_group_wait_for(line.group, LONG_NS));
  check_counts(line.group, (counts_t){5, 5, 0, 0, 0});
  end(&line);
}

int main(void) {
  for (int at_pool = 0; at_pool < 2; at_pool++) {
    for (int i = 0; i < 10; i++) check_order(at_pool, i % 2 == 1);
    for (end_t how = by_cancel; how <= by_shutdown; how++)
      for (int i = 0; i < 5; i++) check_sent_away(at_pool, how);
  }
  check_both(false);
  check_both(true);
  check_two_groups();
  return 0;
}
