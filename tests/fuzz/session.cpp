// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// A sequence from its first bytes to its account.
#include "session.hpp"

#include <pool/insight.h>

namespace fuzz {

namespace {

constexpr std::int64_t short_times[] = {0, 1, -1, 1'000, 20'000, 60'000};

void count_log(void*, std::int32_t, const char*) {}

void hook(void* user, std::atomic<std::uint64_t> PoolBook::*count) {
  auto& book = *static_cast<PoolBook*>(user);
  (book.*count).fetch_add(1);
  EXACTLY(pool_group_wait({0}), POOL_EBADHANDLE);
}
void on_start(void* user) { hook(user, &PoolBook::starts); }
void on_stop(void* user) { hook(user, &PoolBook::stops); }

}  // namespace

Session::Session(Bytes bytes) : bytes_(bytes) {
  const std::uint32_t flags = bytes_.next();
  threads_ = 1 + static_cast<int>(flags % 4);
  is_sleepy_ = (flags & 4U) != 0;
  closes_ = (flags & 0x18U) == 0x18U;
  drains_ = (flags & 0x20U) != 0;
  for (int i = 0; i < pools_max; ++i) {
    own_[i].pool = &pools_[i];
    make_pool(pools_[i]);
    own_[i].is_bounded = capacity_[i] != 0;
    own_[i].discards.store(pool_discards_[i]);
  }
  Actor maker;
  for (int i = 0; i < slots; ++i) {
    maker.bytes = bytes_.cut(8);
    groups_[i].store(make_group(maker, pools_[i == slots - 1 ? 1 : 0], false));
  }
}

void Session::make_pool(PoolBook& book) {
  Bytes choice = bytes_.cut(12);
  const auto place = static_cast<std::size_t>(&book - pools_);
  pool_options_t options;
  EXACTLY(pool_options_init(&options, sizeof options), POOL_OK);
  options.max_workers = 1 + choice.below(4);
  options.min_workers = choice.chance(30) ? choice.below(options.max_workers + 1) : 0;
  options.prestart = choice.below(2);
  options.burst_workers = burst_[place] = choice.chance(30) ? 2 : 0;
  options.queue_capacity = capacity_[place] = choice.chance(50) ? 1 + choice.below(8) : 0;
  options.overflow = choice.below(6);
  pool_discards_[place] = options.overflow >= POOL_OVERFLOW_DISCARD_OLDEST;
  options.overflow_timeout = is_sleepy_ || choice.chance(30) ? choice.one_of<std::int64_t>({-1, 1, 1'000, 40'000}) : 0;
  options.help = choice.below(4);
  options.wake_policy = choice.below(3);
  options.timing = choice.chance(20) ? 1 : 0;
  options.idle_timeout = choice.one_of<std::int64_t>({0, 0, -1, 1'000, 100'000, INT64_MAX});
  options.burst_delay = 1'000;
  options.log = count_log;
  options.on_thread_start = on_start;
  options.on_thread_stop = on_stop;
  options.hook_user = &book;
  EXACTLY(pool_create(&options, &book.pool), POOL_OK);
}

// A private one is known to its maker alone.
Book* Session::make_group(Actor& actor, PoolBook& pool, bool is_private) {
  Bytes& bytes = actor.bytes;
  pool_group_options_t options;
  EXACTLY(pool_group_options_init(&options, sizeof options), POOL_OK);
  auto made = std::make_unique<Book>();
  const auto place = static_cast<std::size_t>(&pool - pools_);
  const std::uint32_t what = bytes.next();
  options.overflow = bytes.below(6);
  made->discards = options.overflow >= POOL_OVERFLOW_DISCARD_OLDEST ||
                   (options.overflow == POOL_OVERFLOW_DEFAULT && pool_discards_[place]);
  options.queue_capacity = (what & 1U) != 0 ? 1 + bytes.below(4) : 0;
  made->is_bounded = options.queue_capacity != 0 || capacity_[place] != 0;
  made->is_private = is_private;
  options.max_concurrency = (what & 2U) != 0 ? 1 + bytes.below(3) : 0;
  options.limit_counts_suspended = what >> 2 & 1U;
  options.keep_jobs = what >> 3 & 1U;
  options.fail_fast = (what & 0x70U) == 0x70U ? 1 : 0;
  options.weight = bytes.below(4);
  options.help = bytes.below(4);
  if (is_sleepy_) options.overflow_timeout = bytes.one_of(short_times);
  if (is_sleepy_ && options.overflow_timeout == 0) options.overflow_timeout = 20'000;
  AnyGroup parent;
  if ((what & 0x80U) != 0) {
    parent = any_group(bytes, false);
    const bool current = parent.how == Handle::bad || parent.book->pool != &pool;
    options.parent_kind = current ? POOL_PARENT_CURRENT : POOL_PARENT_GROUP;
    if (!current) options.parent = parent.group;
    made->parent = current ? (actor.item != nullptr ? actor.item->book : nullptr) : parent.book;
  }
  made->pool = &pool;
  made->fails_fast = options.fail_fast != 0;
  made->keeps_jobs = options.keep_jobs != 0;
  options.name = "fuzz";
  const pool_status_t status =
      CALL(Handle::shared, pool_group_create(pool.pool, &options, &made->group), POOL_OK, POOL_ECLOSED);
  CHECK((status == POOL_OK) == (made->group.id != 0));
  // A pool that has ended, or a parent that has.
  if (status == POOL_EBADHANDLE) CHECK(pool.is_closed || made->parent != nullptr);
  if (status == POOL_ECLOSED) CHECK(pool.is_closed.load());
  if (status != POOL_OK) return nullptr;
  const std::lock_guard lock(mutex_);
  books_.push_back(std::move(made));
  return books_.back().get();
}

// --- handles ---

// What no object ever has: generations that are never reached, or even; other eras, other kinds.
std::uint64_t Session::made_up(Bytes& bytes, std::uint32_t kind) {
  const std::uint64_t low = std::uint64_t{kind} << 28 | (bytes.chance(50) ? bytes.below(8) : bytes.word() & 0xFFFFFFU);
  switch (bytes.below(4)) {
    case 0:
      return (bytes.word() | 0x8000'0001'0000'0000U) >> 32 << 32 | low;
    case 1:
      return std::uint64_t{bytes.below(64)} << 33 | low;
    case 2:
      return 0x1'0000'0000U | low | std::uint64_t{1 + bytes.below(15)} << 24;
    default:
      return bytes.word() | std::uint64_t{1} << 63;
  }
}

AnyGroup Session::any_group(Bytes& bytes, bool may_be_stale) {
  const std::uint32_t which = bytes.next();
  if (which < 220) {
    Book* const book = groups_[which % slots].load();
    if (book == nullptr) return {};
    return {book->group, book, Handle::shared};
  }
  switch (which % 4) {
    case 0:
      return {};
    case 1:
      return {{may_be_stale ? buried_[bytes.below(lasting)].load() : 0}, nullptr, Handle::bad};
    case 2: {
      Item* const item = jobs_[bytes.below(16)].load();
      return {{bytes.chance(50) || item == nullptr ? pools_[0].pool.id : item->job.load()}, nullptr, Handle::bad};
    }
    default:
      return {{made_up(bytes, 2)}, nullptr, Handle::bad};
  }
}

AnyJob Session::any_job(Bytes& bytes) {
  const std::uint32_t which = bytes.next();
  if (which < 230) {
    Item* const item = jobs_[which % 16].load();
    if (item == nullptr) return {};
    return {{item->job.load()}, item, Handle::shared};
  }
  switch (which % 3) {
    case 0: {
      Book* const book = groups_[bytes.below(slots)].load();
      return {{book != nullptr ? book->group.id : 0}, nullptr, Handle::bad};
    }
    case 1:
      return {{buried_[bytes.below(lasting)].load()}, nullptr, Handle::bad};
    default:
      return {{made_up(bytes, 3)}, nullptr, Handle::bad};
  }
}

AnyPool Session::any_pool(Bytes& bytes) {
  const std::uint32_t which = bytes.next();
  if (which < 230) {
    PoolBook& book = pools_[which < 180 ? 0 : 1];
    return {book.pool, &book, Handle::shared};
  }
  if (which % 2 == 0) return {{buried_[bytes.below(lasting)].load()}, nullptr, Handle::bad};
  return {{made_up(bytes, 1)}, nullptr, Handle::bad};
}

pool_timer_t Session::any_timer(Bytes& bytes, Item*& item, Handle& how) {
  item = nullptr;
  how = Handle::bad;
  const std::uint32_t which = bytes.next();
  if (which < 230) {
    item = timed_[which % 16].load();
    if (item == nullptr) return {0};
    const pool_timer_t timer = {item->timer.load()};
    how = timer.id != 0 ? Handle::shared : Handle::bad;
    return timer;
  }
  if (which % 2 == 0) return {buried_[bytes.below(lasting)].load()};
  return {made_up(bytes, 4)};
}

// --- the threads, and the end ---

void Session::play(Actor& actor, int steps) {
  for (int i = 0; i < steps && !actor.bytes.over(); ++i) step(actor);
  leave_all(actor);
}

void Session::step(Actor& actor) {
  using Act = void (Session::*)(Actor&);
  static constexpr Act acts[] = {
      &Session::submit_task,  &Session::submit_task, &Session::submit_task,  &Session::submit_task,
      &Session::submit_plain, &Session::submit_n,    &Session::submit_after, &Session::submit_job,
      &Session::submit_job,   &Session::submit_pool, &Session::apply,        &Session::nested,
      &Session::wait,         &Session::wait,        &Session::cancel,       &Session::reset,
      &Session::suspend,      &Session::enter,       &Session::notify,       &Session::set_eventfd,
      &Session::on_timer,     &Session::on_timer,    &Session::on_timer,     &Session::on_job,
      &Session::on_job,       &Session::end_group,   &Session::look,         &Session::look_inside,
      &Session::resize,       &Session::close,       &Session::task_only,    &Session::task_only,
      &Session::odd_pool,     &Session::odd_group,   &Session::odd_task,     &Session::odd_misc};
  (this->*actor.bytes.one_of(acts))(actor);
}

// Before whatever may block for ever: others may wait for what this one is inside.
void Session::leave_all(Actor& actor) {
  for (Book* const book : actor.inside) {
    const std::int32_t outcome = actor.bytes.chance(10) ? 9 : 0;
    book->end_one(outcome == 0);
    EXACTLY(pool_group_leave(book->group, outcome), POOL_OK);
  }
  actor.inside.clear();
}

void Session::run() {
  std::vector<Actor> actors(static_cast<std::size_t>(threads_));
  const std::size_t share = bytes_.left() / actors.size();
  for (Actor& actor : actors) actor.bytes = bytes_.cut(share);
  if (threads_ == 1) {
    play(actors[0], 100'000);  // on this very thread, which keeps what it has made for itself
  } else {
    stress::in_threads(threads_, [&](int i) { play(actors[static_cast<std::size_t>(i)], 100'000); });
  }
  finish();
}

void Session::shut_down(PoolBook& book) {
  const bool cancels = is_sleepy_ || !drains_;
  if (cancels) book.is_cancelled.store(true);
  book.is_closed.store(true);
  EXACTLY(pool_shutdown(book.pool, cancels ? POOL_SHUTDOWN_CANCEL : POOL_SHUTDOWN_DRAIN, INT64_MAX), POOL_OK);
}

void Session::finish_pool(PoolBook& book) {
  for (const auto& group : books_) {
    if (group->pool == &book) check_group(*group);
  }
  check_pool(book);
  const std::uint64_t created = stress::stats_of(book.pool).workers_created;
  EXACTLY(pool_destroy(book.pool), POOL_OK);
  CHECK(book.starts == book.stops && book.starts == created);
}

void Session::finish() {
  // Both first: tasks of one pool look at the groups of the other.
  for (PoolBook& pool : pools_) {
    if (!pool.is_ended) shut_down(pool);
  }
  for (PoolBook& pool : pools_) {
    if (!pool.is_ended) finish_pool(pool);
  }
  for (const PoolBook& pool : pools_) EXACTLY(pool_destroy(pool.pool), POOL_EBADHANDLE);
  for (const auto& group : books_) {
    EXACTLY(pool_group_poll(group->group), POOL_EBADHANDLE);
    check_told(*group);
  }
  for (const auto& note : notes_) CHECK(note->calls == (note->accepted ? 1 : 0));
  for (const auto& item : items_) check_item(*item);
}

}  // namespace fuzz
