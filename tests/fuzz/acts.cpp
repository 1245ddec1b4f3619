// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// What is done to groups, jobs, timers and pools.
#include <fcntl.h>
#include <pool/insight.h>
#include <sched.h>
#include <sys/eventfd.h>

#include <cstring>

#include "session.hpp"

namespace fuzz {

namespace {

constexpr std::int64_t short_times[] = {0, 1, -1, INT64_MIN, 1'000, 20'000, 60'000, 1};

// What a group's outcome may be, by what was tried.
void check_outcome(const Book& book, pool_status_t status) {
  if (status == POOL_EFAILED) CHECK(book.failed != 0 || book.discards || book.has_loops);
  if (status == POOL_ECANCELED) CHECK(book.may_be_cancelled() || book.is_tried);
}

}  // namespace

void Session::wait(Actor& actor) {
  const AnyGroup group = any_group(actor.bytes);
  const std::int64_t timeout = actor.bytes.one_of(short_times);
  if (actor.is_quiet()) {
    CALL(group, pool_group_wait(group.group), POOL_EDEADLK);
    CALL(group, pool_group_wait_for(group.group, timeout), POOL_EDEADLK);
    return;
  }
  if (actor.is_task() && group.book == actor.item->book) {
    CALL(group, pool_group_wait(group.group), POOL_EDEADLK, POOL_ECLOSED);
    CALL(group, pool_group_wait_for(group.group, timeout), POOL_EDEADLK, POOL_ECLOSED);
    return;
  }
  pool_status_t status = POOL_OK;
  if (actor.is_thread() && !is_sleepy_ && actor.bytes.chance(40)) {
    leave_all(actor);
    if (actor.bytes.chance(50)) {
      status = CALL(group, pool_group_wait(group.group), POOL_OK, POOL_EFAILED, POOL_ECANCELED, POOL_ECLOSED);
    } else {
      status =
          CALL(group, pool_group_wait_for(group.group, INT64_MAX), POOL_OK, POOL_EFAILED, POOL_ECANCELED, POOL_ECLOSED);
    }
  } else if (actor.is_thread()) {
    status = CALL(group, pool_group_wait_for(group.group, timeout), POOL_OK, POOL_EFAILED, POOL_ECANCELED, POOL_ECLOSED,
                  POOL_ETIMEDOUT);
  } else {  // a task of the group may be on this stack, below the wait that runs us
    status = CALL(group, pool_group_wait_for(group.group, timeout), POOL_OK, POOL_EFAILED, POOL_ECANCELED, POOL_ECLOSED,
                  POOL_ETIMEDOUT, POOL_EDEADLK);
  }
  if (group.book != nullptr) check_outcome(*group.book, status);
  if (status == POOL_ECLOSED) CHECK(group.book->is_ending || group.book->pool->is_closed);
}

void Session::cancel(Actor& actor) {
  const AnyGroup group = any_group(actor.bytes);
  if (group.book != nullptr && !actor.bytes.chance(40)) return reset(actor);
  if (group.book != nullptr) group.book->is_cancelled.store(true);
  CALL(group, pool_group_cancel(group.group), POOL_OK);
}

void Session::reset(Actor& actor) {
  const AnyGroup group = any_group(actor.bytes);
  if (group.book != nullptr) group.book->was_reset.store(true);
  CALL(group, pool_group_reset(group.group), POOL_OK, POOL_EBUSY);
}

void Session::suspend(Actor& actor) {
  const AnyGroup group = any_group(actor.bytes);
  if (is_sleepy_ && actor.bytes.chance(60)) {
    CALL(group, pool_group_resume(group.group), POOL_OK);
    return;
  }
  const pool_status_t status = CALL(group, pool_group_suspend(group.group), POOL_OK, POOL_ECANCELED, POOL_ECLOSED);
  if (status == POOL_ECANCELED) CHECK(group.book->may_be_cancelled());
  if (status == POOL_ECLOSED) CHECK(group.book->pool->is_closed.load());
  if (is_sleepy_) return;
  for (std::uint32_t i = actor.bytes.below(6); i > 0; --i) {
    on_timer(actor);
    sched_yield();
  }
  look(actor);
  CALL(group, pool_group_resume(group.group), POOL_OK);
}

void Session::enter(Actor& actor) {
  if (actor.bytes.chance(30)) return leave_all(actor);
  const AnyGroup group = any_group(actor.bytes);
  const pool_status_t status = CALL(group, pool_group_enter(group.group), POOL_OK, POOL_ECANCELED, POOL_ECLOSED);
  if (status == POOL_ECANCELED) CHECK(group.book->may_be_cancelled());
  if (status == POOL_ECLOSED) CHECK(group.book->pool->is_closed || group.book->is_ending);
  if (status != POOL_OK) return;
  group.book->accept();
  actor.inside.push_back(group.book);
}

void Session::notified(void* arg, pool_status_t outcome) {
  auto& note = *static_cast<Note*>(arg);
  CHECK(outcome == POOL_OK || outcome == POOL_EFAILED || outcome == POOL_ECANCELED);
  CHECK(note.calls.fetch_add(1) == 0);
  Actor actor;
  actor.bytes = note.program;
  actor.where = Actor::Where::quiet;
  actor.depth = 3;
  actor.told_of = note.book;
  note.session->play(actor, 2);
}

void Session::notify(Actor& actor) {
  const AnyGroup group = any_group(actor.bytes);
  auto made = std::make_unique<Note>();
  Note& note = *made;
  note.session = this;
  note.book = group.book;
  if (!actor.is_quiet() && actor.bytes.chance(30)) note.program = actor.bytes.cut(8);
  {
    const std::lock_guard lock(mutex_);
    notes_.push_back(std::move(made));
  }
  const pool_status_t status =
      CALL(group, pool_group_notify(group.group, notified, &note), POOL_OK, POOL_EBUSY, POOL_ECLOSED);
  if (status == POOL_ECLOSED) CHECK(group.book->pool->is_closed || group.book->is_ending);
  note.accepted = status == POOL_OK;
}

void Session::set_eventfd(Actor& actor) {
  const AnyGroup group = any_group(actor.bytes);
  if (actor.bytes.chance(15)) {
    if (group.book != nullptr) group.book->was_unset.store(true);
    CALL(group, pool_group_set_eventfd(group.group, -1), POOL_OK, POOL_EBUSY);
    return;
  }
  if (actor.bytes.chance(15)) {
    CALL(Odd(group), pool_group_set_eventfd(group.group, actor.bytes.one_of({-2, INT32_MIN, INT32_MAX, 1'000'000})),
         POOL_EINVAL);
    return;
  }
  // ThreadSanitizer does not see that a number was closed in one thread before the system gives it to another one.
  static std::mutex numbers;
  const std::lock_guard one_by_one(numbers);
  const int kept = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  CHECK(kept >= 0);
  const int given = dup(kept);  // which its owner closes
  const pool_status_t status = CALL(group, pool_group_set_eventfd(group.group, given), POOL_OK, POOL_EBUSY);
  ::close(given);
  if (status != POOL_OK) {
    ::close(kept);
    return;
  }
  group.book->sets.fetch_add(1);
  const std::lock_guard lock(group.book->mutex);
  group.book->told.push_back(kept);
}

void Session::on_timer(Actor& actor) {
  Item* item = nullptr;
  Handle how = Handle::bad;
  const pool_timer_t timer = any_timer(actor.bytes, item, how);
  if (actor.bytes.chance(60)) {
    CALL(how, pool_timer_fire(timer), POOL_OK);
    return;
  }
  if (item != nullptr) item->book->is_tried.store(true);
  if (CALL(how, pool_timer_cancel(timer), POOL_OK, POOL_EBUSY) != POOL_OK) return;
  CHECK(item->cancels.fetch_add(1) == 0);
  CHECK(item->inside == 0 && item->ends == 0);
  CHECK(item->drops == (item->has_drop ? 1 : 0));  // on this thread
  item->book->single_cancels.fetch_add(1);
  item->book->pool->single_cancels.fetch_add(1);
  bury(timer.id);
}

void Session::on_job(Actor& actor) {
  const AnyJob job = any_job(actor.bytes);
  const std::int64_t timeout = actor.bytes.one_of(short_times);
  Item* const item = job.item;
  std::int32_t code = 77;
  void* result = nullptr;
  switch (actor.bytes.below(7)) {
    case 0:
      if (actor.is_thread() && !is_sleepy_) {
        leave_all(actor);
        CALL(job, pool_job_wait(job.job), POOL_OK, POOL_EFAILED, POOL_ECANCELED, POOL_ECLOSED);
        return;
      }
      [[fallthrough]];
    case 1:
      if (actor.is_thread()) {
        CALL(job, pool_job_wait_for(job.job, timeout), POOL_OK, POOL_EFAILED, POOL_ECANCELED, POOL_ECLOSED,
             POOL_ETIMEDOUT);
      } else {
        CALL(job, pool_job_wait_for(job.job, timeout), POOL_OK, POOL_EFAILED, POOL_ECANCELED, POOL_ECLOSED,
             POOL_ETIMEDOUT, POOL_EDEADLK);
      }
      return;
    case 2: {
      const pool_status_t status =
          CALL(job, pool_job_status(job.job, &code), POOL_OK, POOL_EBUSY, POOL_EFAILED, POOL_ECANCELED);
      if (status == POOL_OK) CHECK(code == 0 && item->ends == 1 && item->code == 0);
      if (status == POOL_EFAILED && item->ends == 1) CHECK(code == item->code);
      if (status == POOL_EBUSY || status == POOL_EBADHANDLE) CHECK(code == 77);
      return;
    }
    case 3:
      if (CALL(job, pool_job_result(job.job, &result), POOL_OK, POOL_EBUSY, POOL_EFAILED, POOL_ECANCELED,
               POOL_ECLOSED) != POOL_OK) {
        return;
      }
      CHECK(result == item && item->ends == 1);
      CHECK(item->claims.fetch_add(1) == 0);
      CALL(job, pool_job_result(job.job, &result), POOL_ECLOSED);
      return;
    case 4:
    case 5:
      if (item != nullptr) item->book->is_tried.store(true);
      if (CALL(job, pool_job_cancel(job.job), POOL_OK, POOL_EBUSY) != POOL_OK) return;
      CHECK(item->cancels.fetch_add(1) == 0);
      CHECK(item->ends == 0 && item->inside == 0);
      item->book->single_cancels.fetch_add(1);
      item->book->pool->single_cancels.fetch_add(1);
      return;
    default:
      if (item != nullptr) item->is_let_go.store(true);
      if (CALL(job, pool_job_release(job.job), POOL_OK) != POOL_OK) return;
      CHECK(item->releases.fetch_add(1) == 0);
      if (!item->book->keeps_jobs) bury(job.job.id);
  }
}

void Session::end_group(Actor& actor) {
  const auto slot = actor.bytes.below(slots);
  AnyGroup group = any_group(actor.bytes);
  if (group.how != Handle::bad) {
    Book* const book = groups_[slot].load();
    group = {book != nullptr ? book->group : pool_group_t{0}, book, book != nullptr ? Handle::shared : Handle::bad};
  }
  Book* const book = group.book;
  bool destroys = actor.bytes.chance(50) && (!actor.is_thread() || !is_sleepy_);
  pool_status_t status = POOL_OK;
  if (book == nullptr) {
    CALL(group, destroys ? pool_group_destroy(group.group) : pool_group_detach(group.group), POOL_EBADHANDLE);
  } else if (destroys && actor.is_task()) {
    // Of another group it might wait for ever.
    if (book != actor.item->book) return;
    CALL(group, pool_group_destroy(book->group), POOL_EDEADLK, POOL_ECLOSED);
    return;
  } else {
    if (actor.is_thread()) leave_all(actor);
    book->is_ending.store(true);
    book->pool->has_unseen.store(true);
    if (destroys) {
      status = actor.is_quiet() ? CALL(group, pool_group_destroy(book->group), POOL_OK, POOL_ECLOSED, POOL_EDEADLK)
                                : CALL(group, pool_group_destroy(book->group), POOL_OK, POOL_ECLOSED);
    } else {
      status = CALL(group, pool_group_detach(book->group), POOL_OK);
    }
    if (status == POOL_OK && actor.told_of != book) {
      CHECK(!book->is_over.exchange(true));
      EXACTLY(pool_group_poll(book->group), POOL_EBADHANDLE);
      bury(book->group.id);
    }
  }
  // Another one in its place.
  Book* old = groups_[slot].load();
  if (old != nullptr && !old->is_ending) return;
  if (Book* const made = make_group(actor, pools_[slot == slots - 1 ? 1 : 0], false)) {
    groups_[slot].compare_exchange_strong(old, made);
  }
}

void Session::resize(Actor& actor) {
  const AnyPool pool = any_pool(actor.bytes);
  const std::uint32_t max = 1 + actor.bytes.below(4);
  const std::uint32_t min = actor.bytes.below(max + 1);
  if (actor.bytes.chance(20)) {
    CALL(Odd(pool), pool_resize(pool.pool, actor.bytes.one_of({5U, 32'767U, UINT32_MAX}), max), POOL_EINVAL);
    CALL(Odd(pool), pool_resize(pool.pool, 0, actor.bytes.one_of({32'768U, UINT32_MAX, 1U << 31})), POOL_EINVAL);
    return;
  }
  if (CALL(pool, pool_resize(pool.pool, min, max), POOL_OK, POOL_ECLOSED) == POOL_ECLOSED) {
    CHECK(pool.book->is_closed.load());
  }
}

void Session::close(Actor& actor) {
  AnyPool pool = any_pool(actor.bytes);
  const std::int32_t mode = actor.bytes.chance(50) ? POOL_SHUTDOWN_DRAIN : POOL_SHUTDOWN_CANCEL;
  CALL(Odd(pool), pool_shutdown(pool.pool, actor.bytes.one_of({0, 3, -1, INT32_MIN}), 0), POOL_EINVAL);
  if (pool.how == Handle::bad) {
    CALL(pool, pool_shutdown(pool.pool, mode, 0), POOL_OK);
    CALL(pool, pool_destroy(pool.pool), POOL_OK);
    return;
  }
  if (actor.is_task() && pool.book != actor.item->book->pool) return;
  if (!actor.is_thread()) {
    CALL(pool, pool_shutdown(pool.pool, mode, 1), POOL_EDEADLK);
    CALL(pool, pool_destroy(pool.pool), POOL_EDEADLK);
    return;
  }
  if (!closes_ || actor.bytes.left() > 40) return;
  leave_all(actor);
  PoolBook& book = *pool.book;
  const bool destroys = pool.book == &pools_[1] && actor.bytes.chance(50);
  if (mode == POOL_SHUTDOWN_CANCEL || (destroys && is_sleepy_)) book.is_cancelled.store(true);
  book.is_closed.store(true);
  if (destroys) {
    if (is_sleepy_) CALL(pool, pool_shutdown(book.pool, POOL_SHUTDOWN_CANCEL, 0), POOL_OK, POOL_ETIMEDOUT);
    if (CALL(pool, pool_destroy(book.pool), POOL_OK) != POOL_OK) return;
    CHECK(!book.is_ended.exchange(true));
    bury(book.pool.id);
    EXACTLY(pool_shutdown(book.pool, mode, 0), POOL_EBADHANDLE);
    return;
  }
  const std::int64_t timeout = is_sleepy_ || actor.bytes.chance(50) ? actor.bytes.one_of(short_times) : INT64_MAX;
  const pool_status_t status = CALL(pool, pool_shutdown(book.pool, mode, timeout), POOL_OK, POOL_ETIMEDOUT);
  if (status == POOL_ETIMEDOUT) CHECK(timeout != INT64_MAX);
}

}  // namespace fuzz
