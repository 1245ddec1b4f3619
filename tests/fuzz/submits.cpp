// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Submits of all kinds, and what is submitted: it calls, too.
#include <stdexcept>

#include "session.hpp"

namespace fuzz {

namespace {

constexpr std::int64_t delays[] = {0, 1, -1, 1'000, 20'000, 60'000, INT64_MIN, INT64_MAX};  // the last: sleepy ones

// Where this thread stands: in so many tasks, one around the other. A task that begins where its submit stands runs in
// place of a queue place; deeper down it is one that a wait helps with.
thread_local char stand[256];
thread_local std::size_t depth = 0;
const void* self() { return &stand[depth % sizeof stand]; }
struct Deeper {
  Deeper() { ++depth; }
  ~Deeper() { --depth; }
};

struct Leaves {
  PoolBook& pool;
  std::atomic<std::uint64_t> runs{0};
  std::atomic<const void*> submitter{nullptr};
};
std::int32_t leaf(void* arg) {
  auto& leaves = *static_cast<Leaves*>(arg);
  leaves.runs.fetch_add(1);
  if (leaves.submitter == self()) leaves.pool.in_place.fetch_add(1);
  return 0;
}

struct Loop {
  std::atomic<std::uint64_t> turns{0};
  std::uint64_t fails_at = UINT64_MAX;
};
std::int32_t turn(void* arg, std::uint64_t index) {
  auto& loop = *static_cast<Loop*>(arg);
  loop.turns.fetch_add(1);
  return index == loop.fails_at ? 3 : 0;
}

}  // namespace

Item& Session::new_item(Actor& actor, Book* book) {
  auto item = std::make_unique<Item>();
  Bytes& bytes = actor.bytes;
  const std::uint32_t what = bytes.next();
  item->session = this;
  item->book = book;
  item->depth = actor.depth + 1;
  item->number = numbers_.fetch_add(1);
  item->has_drop = (what & 1U) != 0;
  if ((what & 0x6U) == 0x6U && item->depth < 3) item->program = bytes.cut(4 + bytes.below(12));
  if ((what & 0x18U) == 0x18U) {
    item->again = 1 + static_cast<int>(bytes.below(3));
    item->is_told = bytes.chance(50);
    item->delay = delays[bytes.below(is_sleepy_ ? 8 : 7)];
  }
  if ((what & 0xE0U) == 0xE0U) item->result = 7;
  if ((what & 0xE0U) == 0xC0U) item->told_failure = bytes.chance(50) ? 11 : 0;
  if ((what & 0xE0U) == 0xA0U) item->throws = bytes.chance(30);
  const std::lock_guard lock(mutex_);
  items_.push_back(std::move(item));
  return *items_.back();
}

// Books what a submit came to.
pool_status_t Session::judge_submit(Actor&, const AnyGroup& group, Item* item, pool_status_t status, const char* call) {
  judge_call(status, group, {POOL_OK, POOL_EFULL, POOL_ETIMEDOUT, POOL_ECANCELED, POOL_ECLOSED}, call, __FILE__,
             __LINE__);
  item->submitter.store(nullptr);
  if (group.how == Handle::bad) return status;
  Book& book = *group.book;
  switch (status) {
    case POOL_OK:
      item->accepted.store(true);
      book.accept();
      break;
    case POOL_EFULL:
      book.pool->full.fetch_add(1);
      CHECK(book.is_bounded);
      break;
    case POOL_ETIMEDOUT:
      CHECK(book.is_bounded);
      break;
    case POOL_ECANCELED:
      CHECK(book.may_be_cancelled());
      break;
    case POOL_ECLOSED:
      CHECK(book.is_ending || book.pool->is_closed);
      break;
    default:
      break;
  }
  return status;
}

// Whether a submit under the group's own policy may be made from here.
bool Session::may_block_for(const Actor& actor, const AnyGroup& group) const {
  return group.how == Handle::bad || !actor.is_task() || actor.item->book->pool == group.book->pool;
}

void Session::keep_timer(Item& item, pool_timer_t timer, pool_status_t status) {
  CHECK(status == POOL_OK || timer.id == 0);
  CHECK(status != POOL_OK || timer.id != 0 || item.book->discards);  // this one, at once
  if (timer.id == 0) return;
  std::uint64_t none = 0;
  item.timer.compare_exchange_strong(none, timer.id);  // it may have another one by now
  timed_[timers_.fetch_add(1) % 16].store(&item);
}

void Session::submit_task(Actor& actor) {
  Bytes& bytes = actor.bytes;
  const AnyGroup group = any_group(bytes);
  Item& item = new_item(actor, group.book);
  pool_task_t task;
  EXACTLY(pool_task_init(&task, sizeof task), POOL_OK);
  const std::uint32_t what = bytes.next();
  Ctx ctx{};
  task.fn = run_task;
  task.ctx = &item;
  if ((what & 1U) != 0) {
    item.is_copied = true;
    ctx.item = &item;
    for (std::size_t i = 0; i < sizeof ctx.fill; ++i) ctx.fill[i] = static_cast<std::uint8_t>(item.number + i);
    task.fn = run_copy;
    task.ctx = &ctx;
    task.copy_size = sizeof ctx;
  }
  if (item.has_drop) task.drop = item.is_copied ? drop_copy : drop_task;
  task.overflow = (what & 2U) != 0 ? bytes.below(6) : 0;
  if (!may_block_for(actor, group)) task.overflow = POOL_OVERFLOW_REJECT;
  if (group.book != nullptr && task.overflow >= POOL_OVERFLOW_DISCARD_OLDEST) group.book->discards.store(true);
  if ((what & 4U) != 0) task.overflow_timeout = bytes.one_of<std::int64_t>({-1, 1, 1'000, 40'000, INT64_MIN});
  pool_timer_t timer = {1};
  if ((what & 0x18U) == 0x18U) task.delay = delays[bytes.below(is_sleepy_ ? 8 : 7)];
  if ((what & 0x60U) == 0x60U) {
    task.delay = 0;
    task.start_at = bytes.chance(50) ? 1 : static_cast<std::int64_t>(bytes.next()) << 32;
    if (task.start_at > 1 && !is_sleepy_) task.start_at = 1;
  }
  if ((what & 0x80U) != 0) task.timer = &timer;
  if (bytes.chance(10)) {
    AnyGroup left = any_group(bytes, false);
    // Of this pool: a task that sleeps in the other one would keep it open.
    if (item.has_drop && left.how != Handle::bad && group.how != Handle::bad && left.book->pool == group.book->pool) {
      const pool_status_t status = CALL(left, pool_group_enter(left.group), POOL_OK, POOL_ECANCELED, POOL_ECLOSED);
      if (status == POOL_OK) {
        left.book->accept();
        item.leaves = left.book;
      }
    }
  }
  item.submitter.store(self());
  const pool_status_t status =
      judge_submit(actor, group, &item, pool_group_submit_task(group.group, &task), "pool_group_submit_task");
  if (status != POOL_OK && item.leaves != nullptr) {
    item.leaves->end_one(true);
    EXACTLY(pool_group_leave(item.leaves->group, 0), POOL_OK);
  }
  if (task.timer == nullptr) return;
  keep_timer(item, timer, status);
}

void Session::submit_plain(Actor& actor) {
  const AnyGroup group = any_group(actor.bytes);
  if (!may_block_for(actor, group)) return;
  Item& item = new_item(actor, group.book);
  item.has_drop = false;
  item.submitter.store(self());
  judge_submit(actor, group, &item, pool_group_submit(group.group, run_task, &item), "pool_group_submit");
}

void Session::submit_after(Actor& actor) {
  const AnyGroup group = any_group(actor.bytes);
  if (!may_block_for(actor, group)) return;
  Item& item = new_item(actor, group.book);
  item.has_drop = false;
  const std::int64_t delay = delays[actor.bytes.below(is_sleepy_ ? 8 : 7)];
  pool_timer_t timer = {1};
  pool_timer_t* const told = actor.bytes.chance(80) ? &timer : nullptr;
  item.submitter.store(self());
  const pool_status_t status =
      judge_submit(actor, group, &item, pool_group_submit_after(group.group, delay, run_task, &item, told),
                   "pool_group_submit_after");
  if (told == nullptr) return;
  keep_timer(item, timer, status);
}

void Session::submit_n(Actor& actor) {
  const AnyGroup group = any_group(actor.bytes);
  if (!may_block_for(actor, group)) return;
  void* ctxs[5];
  const std::size_t count = actor.bytes.below(6);
  const bool drops = actor.bytes.chance(50);
  for (std::size_t i = 0; i < count; ++i) {
    Item& item = new_item(actor, group.book);
    item.has_drop = drops;
    item.submitter.store(self());
    ctxs[i] = &item;
  }
  std::size_t accepted = 77;
  const pool_status_t status =
      CALL(group, pool_group_submit_n(group.group, run_task, ctxs, count, drops ? drop_task : nullptr, &accepted),
           POOL_OK, POOL_EFULL, POOL_ETIMEDOUT, POOL_ECANCELED, POOL_ECLOSED);
  CHECK(accepted <= count && (status == POOL_OK) == (accepted == count && status == POOL_OK));
  for (std::size_t i = 0; i < count; ++i) {
    auto& item = *static_cast<Item*>(ctxs[i]);
    item.submitter.store(nullptr);
    item.accepted.store(i < accepted);
  }
  if (group.how == Handle::bad) CHECK(accepted == 0);
  if (group.how == Handle::bad) return;
  group.book->accept(accepted);
  if (status == POOL_EFULL) group.book->pool->full.fetch_add(1);
  if (status == POOL_EFULL || status == POOL_ETIMEDOUT) CHECK(group.book->is_bounded);
  if (status == POOL_ECANCELED) CHECK(group.book->may_be_cancelled());
}

void Session::submit_job(Actor& actor) {
  const AnyGroup group = any_group(actor.bytes);
  if (!may_block_for(actor, group)) return;
  Item& item = new_item(actor, group.book);
  item.is_job = true;
  pool_job_t job = {1};
  item.submitter.store(self());
  const pool_drop_fn drop = item.has_drop ? drop_task : nullptr;
  const pool_status_t status =
      judge_submit(actor, group, &item, pool_group_submit_job(group.group, run_job, &item, drop, drop_result, &job),
                   "pool_group_submit_job");
  CHECK((job.id != 0) == (status == POOL_OK));
  if (status != POOL_OK) return;
  item.job.store(job.id);
  jobs_[job_count_.fetch_add(1) % 16].store(&item);
}

void Session::submit_pool(Actor& actor) {
  const AnyPool pool = any_pool(actor.bytes);
  const auto place = pool.book == &pools_[1] ? 1U : 0U;
  AnyGroup group{{0}, &own_[place], pool.how};
  if (!may_block_for(actor, group)) return;
  if (pool.how != Handle::bad) {
    pools_[place].has_unseen.store(true);
  }
  Item& item = new_item(actor, &own_[place]);
  item.has_drop = false;
  item.submitter.store(self());
  judge_submit(actor, group, &item, pool_submit(pool.pool, run_task, &item), "pool_submit");
}

void Session::apply(Actor& actor) {
  const std::uint64_t count = actor.bytes.below(40);
  const std::uint64_t grain = actor.bytes.chance(10) ? UINT64_MAX : actor.bytes.below(5);
  Loop loop;
  if (actor.bytes.chance(20)) loop.fails_at = actor.bytes.below(40);
  AnyGroup group = any_group(actor.bytes);
  // What others may suspend has to be resumed by somebody; what other tasks are in may wait for us.
  if (group.how != Handle::bad && (is_sleepy_ || actor.is_task())) return;
  if (group.book != nullptr) {
    group.book->has_loops.store(true);
    group.book->pool->has_loops.store(true);
    if (group.book->fails_fast && loop.fails_at < count) group.book->is_cancelled.store(true);
  }
  if (actor.is_quiet()) {
    CALL(group, pool_group_apply(group.group, count, grain, turn, &loop), POOL_EDEADLK);
    return;
  }
  leave_all(actor);
  const pool_status_t status = CALL(group, pool_group_apply(group.group, count, grain, turn, &loop), POOL_OK,
                                    POOL_EFAILED, POOL_ECANCELED, POOL_ECLOSED, POOL_EFULL, POOL_ETIMEDOUT);
  CHECK(loop.turns <= count);
  if (status == POOL_OK) CHECK(loop.turns == count && loop.fails_at >= count);
  if (status == POOL_EBADHANDLE || status == POOL_EFULL || status == POOL_ETIMEDOUT) CHECK(loop.turns == 0);
}

// A group that nobody else knows, of tasks that wait for nothing.
void Session::nested(Actor& actor) {
  if (actor.is_quiet()) return;
  leave_all(actor);
  PoolBook& pool = actor.item != nullptr ? *actor.item->book->pool : pools_[0];
  Book* const book = make_group(actor, pool, true);
  if (book == nullptr) return;
  Leaves leaves{pool};
  leaves.submitter.store(self());
  std::uint64_t accepted = 0;
  for (std::uint32_t i = actor.bytes.below(6); i > 0; --i) {
    const pool_status_t status =
        CALL(AnyGroup({book->group, book, Handle::shared}), pool_group_submit(book->group, leaf, &leaves), POOL_OK,
             POOL_EFULL, POOL_ETIMEDOUT, POOL_ECANCELED, POOL_ECLOSED);
    if (status == POOL_OK) ++accepted;
    if (status == POOL_EFULL) pool.full.fetch_add(1);
    if (status == POOL_ECANCELED) CHECK(book->may_be_cancelled());
  }
  leaves.submitter.store(nullptr);
  book->accept(accepted);
  const pool_status_t status = CALL(AnyGroup({book->group, book, Handle::shared}), pool_group_wait(book->group),
                                    POOL_OK, POOL_ECANCELED, POOL_EFAILED, POOL_ECLOSED);
  // From a thread the pool may end meanwhile.
  book->succeeded.fetch_add(leaves.runs.load());
  if (status == POOL_ECLOSED || status == POOL_EBADHANDLE) {
    CHECK(pool.is_closed && actor.is_thread());
    book->is_ending.store(true);
    pool.has_unseen.store(true);
    return;
  }
  CHECK((status == POOL_OK) == (leaves.runs == accepted));
  book->is_ending.store(true);
  check_group(*book);
  const pool_status_t end = CALL(Handle::shared, pool_group_destroy(book->group), POOL_OK);
  CHECK(end == POOL_OK || pool.is_closed);
  if (end == POOL_OK) bury(book->group.id);
  book->is_over.store(true);
  EXACTLY(pool_group_poll(book->group), POOL_EBADHANDLE);
}

// --- what is submitted ---

void Session::ended(Item& item, bool success) {
  CHECK(item.ends.fetch_add(1) == 0);
  item.book->end_one(success);
  item.inside.fetch_sub(1);
}

std::int32_t Session::body(Item& item, bool is_job) {
  CHECK(item.inside.fetch_add(1) == 0);
  CHECK(item.drops == 0 && item.ends == 0 && item.cancels == 0);
  Book& book = *item.book;
  if (item.submitter.exchange(nullptr) == self()) book.pool->in_place.fetch_add(1);
  const Deeper deeper;
  pool_t pool{};
  EXACTLY(pool_current_pool(&pool), POOL_OK);
  CHECK(pool.id == book.pool->pool.id);
  pool_group_t group{};
  EXACTLY(pool_current_group(&group), POOL_OK);
  if (book.group.id != 0) CHECK(group.id == book.group.id);
  CHECK(pool_worker_index() >= 0);
  if (pool_task_cancelled() != 0) CHECK(book.may_be_cancelled());
  Actor actor;
  actor.bytes = item.program;
  actor.where = Actor::Where::task;
  actor.depth = item.depth;
  actor.item = &item;
  play(actor, 6);
  if (item.again > 0) {
    --item.again;
    pool_timer_t timer{};
    const std::int32_t again = item.is_told ? pool_task_suspend(item.delay, &timer) : pool_task_again_after(item.delay);
    calls.fetch_add(1, std::memory_order_relaxed);
    CHECK((again == POOL_TASK_AGAIN) == !is_job);
    if (again != POOL_TASK_AGAIN) {
      item.code.store(again);
      ended(item, false);
      return again;
    }
    if (timer.id != 0) {
      if (const std::uint64_t old = item.timer.exchange(timer.id); old != 0 && old != timer.id) bury(old);
      timed_[timers_.fetch_add(1) % 16].store(&item);
    }
    item.inside.fetch_sub(1);
    return again;
  }
  if (item.told_failure != 0) EXACTLY(pool_task_set_failure(item.told_failure, "told"), POOL_OK);
  item.code.store(item.throws ? INT32_MIN + 1 : item.told_failure != 0 ? item.told_failure : item.result);
  ended(item, item.code == 0);
  if (item.throws) throw std::runtime_error("thrown");
  return item.result;
}

std::int32_t Session::run_task(void* arg) {
  auto& item = *static_cast<Item*>(arg);
  return item.session->body(item, false);
}
std::int32_t Session::run_copy(void* arg) {
  const Ctx& ctx = *static_cast<Ctx*>(arg);
  CHECK(reinterpret_cast<std::uintptr_t>(arg) % 16 == 0);
  for (std::size_t i = 0; i < sizeof ctx.fill; ++i)
    CHECK(ctx.fill[i] == static_cast<std::uint8_t>(ctx.item->number + i));
  return run_task(ctx.item);
}
std::int32_t Session::run_job(void* arg, void** result) {
  CHECK(*result == nullptr);
  *result = arg;
  return static_cast<Item*>(arg)->session->body(*static_cast<Item*>(arg), true);
}

void Session::dropped(Item& item) {
  CHECK(item.has_drop && item.inside == 0);
  CHECK(item.drops.fetch_add(1) == 0);
  Actor actor;
  actor.bytes = item.program;
  actor.where = Actor::Where::quiet;
  actor.depth = item.depth;
  play(actor, 2);
  if (item.leaves == nullptr) return;
  item.leaves->end_one(true);
  EXACTLY(pool_group_leave(item.leaves->group, 0), POOL_OK);
}
void Session::drop_task(void* arg) {
  auto& item = *static_cast<Item*>(arg);
  item.session->dropped(item);
}
void Session::drop_copy(void* arg) { drop_task(static_cast<Ctx*>(arg)->item); }
void Session::drop_result(void* arg) {
  auto& item = *static_cast<Item*>(arg);
  CHECK(item.result_drops.fetch_add(1) == 0);
}

}  // namespace fuzz
