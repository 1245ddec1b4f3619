// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The account at the end of a sequence.
#include "model.hpp"

#include <pool/insight.h>

namespace fuzz {

void check_group(Book& book) {
  if (book.is_over) return;
  const AnyGroup group{book.group, &book, Handle::shared};
  pool_group_stats_t stats;
  if (CALL(group, pool_group_stats(book.group, &stats, sizeof stats), POOL_OK) != POOL_OK) {
    CHECK(book.is_ending || book.is_private);
    book.pool->has_unseen.store(true);
    return;
  }
  SAME(stats.queued, 0);
  SAME(stats.running, 0);
  // (A private one is looked at while others are still leaving what its slot was before.)
  if (!book.is_private) SAME(stats.waiters, 0);
  SAME(stats.submitted, stats.succeeded + stats.failed + stats.cancelled + stats.discarded);
  book.pool->cancelled_seen.fetch_add(stats.cancelled);
  book.pool->discarded_seen.fetch_add(stats.discarded);
  if (!book.has_loops) {
    SAME(stats.submitted, book.accepted);
    SAME(stats.succeeded, book.succeeded);
    SAME(stats.failed, book.failed);
  } else {
    CHECK(stats.submitted >= book.accepted && stats.succeeded >= book.succeeded && stats.failed >= book.failed);
  }
  if (!book.may_be_cancelled()) SAME(stats.cancelled, book.single_cancels);
  CHECK(stats.cancelled >= book.single_cancels);
  if (!book.discards) SAME(stats.discarded, 0);
  if (book.was_reset || book.has_loops) return;
  const pool_status_t outcome = stats.failed + stats.discarded > 0 ? POOL_EFAILED
                                : stats.cancelled > 0              ? POOL_ECANCELED
                                                                   : POOL_OK;
  EXACTLY(pool_group_poll(book.group), outcome);
  std::int32_t code = 77;
  char text[POOL_FAILURE_TEXT_MAX];
  EXACTLY(pool_group_failure(book.group, &code, text, sizeof text), POOL_OK);
  CHECK((code != 0) == (stats.failed > 0));
}

void check_pool(PoolBook& pool) {
  const pool_stats_t stats = stress::stats_of(pool.pool);
  CHECK(stats.queued == 0 && stats.running == 0 && stats.workers == 0 && stats.workers_blocked == 0);
  CHECK(stats.helps <= stats.finished);
  CHECK(stats.cancelled >= pool.cancelled_seen && stats.discarded >= pool.discarded_seen);
  CHECK(stats.cancelled >= pool.single_cancels);
  if (!pool.has_unseen) {
    SAME(stats.cancelled, pool.cancelled_seen);
    SAME(stats.discarded, pool.discarded_seen);
  }
  if (pool.has_loops) {
    CHECK(stats.finished >= pool.accepted);
    CHECK(stats.failed >= pool.failed);
    CHECK(stats.rejected >= pool.full);
    return;
  }
  SAME(stats.finished, pool.accepted);
  SAME(stats.failed, pool.failed);
  SAME(stats.rejected, pool.full);
  // (What is cancelled just as it is to be run in place counts as such, too.)
  if (stats.caller_runs < pool.in_place) SAME(stats.caller_runs, pool.in_place);
  if (stats.caller_runs > pool.in_place + stats.cancelled) SAME(stats.caller_runs, pool.in_place + stats.cancelled);
}

void check_item(Item& item) {
  CHECK(item.inside == 0);
  CHECK(item.ends + item.cancels <= (item.accepted ? 1 : 0));
  CHECK(item.drops == (item.accepted && item.has_drop ? 1 : 0));
  if (item.ends == 0 && item.accepted && item.cancels == 0) CHECK(item.book->may_be_cancelled() || item.book->discards);
  if (!item.is_job) return;
  if (!item.accepted) {
    CHECK(item.claims == 0 && item.result_drops == 0);
    return;
  }
  // It outlives its group and its pool.
  const pool_job_t job = {item.job.load()};
  if (!item.is_let_go) {
    std::int32_t code = 77;
    if (item.ends == 1) {
      EXACTLY(pool_job_status(job, &code), item.code == 0 ? POOL_OK : POOL_EFAILED);
      CHECK(code == item.code);
    } else if (item.cancels == 1) {
      EXACTLY(pool_job_status(job, &code), POOL_ECANCELED);
    } else {
      CALL(Handle::alive, pool_job_status(job, &code), POOL_ECANCELED, POOL_EFAILED);
    }
  }
  CALL(Handle::shared, pool_job_release(job), POOL_OK);
  if (item.releases != 0 || !item.is_let_go) EXACTLY(pool_job_status(job, nullptr), POOL_EBADHANDLE);
  CHECK(item.claims + item.result_drops == item.ends);
}

void check_told(Book& book) {
  std::uint64_t told = 0;
  for (const int fd : book.told) {
    std::uint64_t value = 0;
    if (read(fd, &value, sizeof value) == sizeof value) told += value;
    close(fd);
  }
  if (!book.has_loops) CHECK(told <= book.accepted + book.sets);
  if (book.sets > 0 && !book.was_unset) CHECK(told > 0);
}

}  // namespace fuzz
