// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Looking at groups and pools, into memory of odd sizes, and what a task can ask about itself.
#include <fcntl.h>
#include <pool/insight.h>

#include <cstring>

#include "session.hpp"

namespace fuzz {

namespace {

constexpr std::size_t odd_sizes[] = {0, 4, 7, 8, 10, 12, 16, 64, 100, 4092, 4096, 4097, 4100, SIZE_MAX, SIZE_MAX - 3};

bool is_plausible(std::size_t size) { return size >= 8 && size <= 4096 && size % 4 == 0; }

// Memory that is filled by a call: as far as it may, and no further.
template <class Stats>
class Filled {
 public:
  Filled() { std::memset(bytes_, 0xA5, sizeof bytes_); }
  Stats* operator&() { return reinterpret_cast<Stats*>(bytes_); }
  void check(bool ok, std::size_t size) const {
    const std::size_t most = ok ? std::min(size, sizeof(Stats)) : 0;
    for (std::size_t i = most; i < sizeof bytes_; ++i) CHECK(bytes_[i] == 0xA5);
    if (!ok) return;
    std::uint32_t written = 0;
    std::memcpy(&written, bytes_, sizeof written);
    CHECK(written == most || written == sizeof(Stats));
  }

 private:
  alignas(16) unsigned char bytes_[4608];
};

}  // namespace

void Session::look(Actor& actor) {
  Bytes& bytes = actor.bytes;
  const AnyGroup group = any_group(bytes);
  const std::size_t size = bytes.one_of(odd_sizes);
  char text[40];
  switch (bytes.below(8)) {
    case 0: {
      pool_group_stats_t stats;
      if (CALL(group, pool_group_stats(group.group, &stats, sizeof stats), POOL_OK) != POOL_OK) return;
      CHECK(stats.succeeded + stats.failed + stats.cancelled + stats.discarded <= stats.submitted);
      return;
    }
    case 1: {
      Filled<pool_group_stats_t> stats;
      const pool_status_t status = is_plausible(size)
                                       ? CALL(group, pool_group_stats(group.group, &stats, size), POOL_OK)
                                       : CALL(group, pool_group_stats(group.group, &stats, size), POOL_EINVAL);
      return stats.check(status == POOL_OK, size);
    }
    case 2: {
      const AnyPool pool = any_pool(bytes);
      Filled<pool_stats_t> stats;
      const pool_status_t status = is_plausible(size) ? CALL(pool, pool_stats(pool.pool, &stats, size), POOL_OK)
                                                      : CALL(pool, pool_stats(pool.pool, &stats, size), POOL_EINVAL);
      return stats.check(status == POOL_OK, size);
    }
    case 3: {
      const AnyPool pool = any_pool(bytes);
      pool_stats_t stats;
      if (CALL(pool, pool_stats(pool.pool, &stats, sizeof stats), POOL_OK) != POOL_OK) return;
      const std::uint32_t capacity = capacity_[pool.book - pools_];
      if (capacity != 0) CHECK(stats.queued <= capacity);
      CHECK(stats.workers <= 4 + burst_[pool.book - pools_]);
      return;
    }
    case 4: {
      const pool_status_t status =
          CALL(group, pool_group_poll(group.group), POOL_OK, POOL_EBUSY, POOL_EFAILED, POOL_ECANCELED);
      if (status == POOL_ECANCELED) CHECK(group.book->may_be_cancelled() || group.book->is_tried);
      if (status == POOL_EFAILED) CHECK(group.book->failed != 0 || group.book->discards || group.book->has_loops);
      return;
    }
    case 5: {
      std::int32_t code = 77;
      const std::size_t room = bytes.below(sizeof text + 1);
      std::memset(text, 'x', sizeof text);
      CALL(group, pool_group_failure(group.group, &code, room != 0 ? text : nullptr, room), POOL_OK);
      CALL(Odd(group), pool_group_failure(group.group, nullptr, nullptr, 4), POOL_EINVAL);
      return;
    }
    case 6:
      CALL(group, pool_group_name(group.group, text, 1 + bytes.below(sizeof text)), POOL_OK);
      return;
    default: {
      pool_job_t jobs[3] = {};
      std::size_t count = 77;
      if (CALL(group, pool_group_jobs(group.group, jobs, bytes.below(4), &count), POOL_OK) != POOL_OK) return;
      CHECK(group.book->keeps_jobs || count == 0);
      CHECK(count <= group.book->accepted + 16);  // those that are being submitted besides
    }
  }
}

void Session::look_inside(Actor& actor) {
  Bytes& bytes = actor.bytes;
  const AnyPool pool = any_pool(bytes);
  const std::size_t size = bytes.one_of(odd_sizes);
  switch (bytes.below(6)) {
    case 0:
      CALL(pool, pool_timing(pool.pool, bytes.one_of({0U, 1U, 2U, UINT32_MAX})), POOL_OK);
      return;
    case 1: {
      Filled<pool_histogram_t> histogram;
      const std::int32_t which = bytes.one_of<std::int32_t>({POOL_HISTOGRAM_WAIT, POOL_HISTOGRAM_RUN, 0, 3});
      const bool fine = which >= POOL_HISTOGRAM_WAIT && which <= POOL_HISTOGRAM_RUN && is_plausible(size);
      const pool_status_t status =
          fine ? CALL(pool, pool_histogram(pool.pool, which, &histogram, size), POOL_OK)
               : CALL(pool, pool_histogram(pool.pool, which, &histogram, size), POOL_EINVAL, POOL_EBADHANDLE);
      return histogram.check(status == POOL_OK, size);
    }
    case 2: {
      pool_histogram_t histogram{};
      for (std::uint64_t& bucket : histogram.buckets) bucket = bytes.next();
      histogram.count = bytes.word();
      const std::int64_t some = pool_histogram_percentile(&histogram, bytes.below(140) - 20.0);
      CHECK(some >= 0);
      CHECK(pool_histogram_percentile(nullptr, 50) == 0);
      CHECK(pool_histogram_bound(bytes.below(200)) > 0);
      calls.fetch_add(3, std::memory_order_relaxed);
      return;
    }
    case 3: {
#ifndef __SANITIZE_THREAD__  // a dump takes no lock: it reads what others may be writing, and says so
      static const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
      CALL(pool, pool_dump(pool.pool, nowhere), POOL_OK);
      CALL(Odd(pool), pool_dump(pool.pool, -1), POOL_EINVAL);
#endif
      return;
    }
    case 4: {
      static thread_local char text[16384];
      std::size_t length = 0;
      const std::size_t room = bytes.chance(50) ? sizeof text : bytes.below(256) * 64;
      const pool_status_t status = CALL(pool, pool_metrics(pool.pool, text, room, &length), POOL_OK, POOL_EFULL);
      if (status == POOL_OK) CHECK(length < room && std::strlen(text) == length);
      if (status == POOL_EFULL) CHECK(length >= room);
      return;
    }
    default:
      CALL(Odd(pool), pool_metrics(pool.pool, nullptr, 1, nullptr), POOL_EINVAL);
  }
}

void Session::task_only(Actor& actor) {
  pool_group_t group = {1};
  pool_timer_t timer = {1};
  if (actor.is_thread()) {
    EXACTLY(pool_current_group(&group), POOL_EINVAL);
    EXACTLY(pool_task_set_failure(5, "nobody"), POOL_EINVAL);
    EXACTLY(pool_blocking_begin(), POOL_OK);
    EXACTLY(pool_blocking_end(), POOL_OK);
    CHECK(pool_worker_index() == -1 && pool_task_cancelled() == 0);
    CHECK(pool_task_again_after(0) != POOL_TASK_AGAIN && pool_task_suspend(0, &timer) != POOL_TASK_AGAIN);
    CHECK(timer.id == 0);
    calls.fetch_add(4, std::memory_order_relaxed);
    return;
  }
  if (!actor.is_task()) return;
  EXACTLY(pool_task_set_failure(actor.bytes.one_of({0, INT32_MIN, INT32_MIN + 3, INT32_MIN + 255}), "odd"),
          POOL_EINVAL);
  if (actor.bytes.chance(60)) {
    EXACTLY(pool_blocking_begin(), POOL_OK);
    ++actor.sections;
  } else {
    EXACTLY(pool_blocking_end(), actor.sections > 0 ? POOL_OK : POOL_EINVAL);
    actor.sections -= actor.sections > 0 ? 1 : 0;
  }
  EXACTLY(pool_current_group(&group), POOL_OK);
  if (actor.item->book->group.id != 0) return;
  // That of pool_submit: nobody else can end it.
  EXACTLY(pool_group_destroy(group), POOL_EBUSY);
  EXACTLY(pool_group_detach(group), POOL_EBUSY);
}

}  // namespace fuzz
