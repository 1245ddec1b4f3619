// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// How coroutines end: done, refused, cancelled before they start, while they sleep, wait or have children, with their
// pool or their thread. Every frame is destroyed once, before its group is seen empty, and none while a child uses it.
#include "rig.hpp"

#include <pthread.h>

#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace {

using life = check::counted<1>;

pool::task<> sleeps(std::chrono::nanoseconds time, std::atomic<int>& begun, std::atomic<int>& done, life) {
  const life local;
  ++begun;
  co_await pool::sleep_for(time);
  ++done;
}
pool::task<> wraps(pool::task<> inner) {
  const life local;
  co_await std::move(inner);
}

void await_count(const std::atomic<int>& counter, int count) {
  while (counter < count) sched_yield();
}

pool::task<> counts(std::atomic<int>& done) {
  co_await pool::yield();
  ++done;
}
// A frame, and nothing else on this side.
void allocations(const pool::thread_pool& workers) {
  std::atomic<int> done{0};
  pool::group group(workers);
  group.spawn(counts(done));  // (what the library needs once)
  CHECK(rig::ended(group) == pool::status::ok);
  const int before = check::allocations;
  pool::task<> body = counts(done);
  CHECK(check::allocations == before + 1);
  group.spawn(std::move(body));
  CHECK(check::allocations == before + 1);
  CHECK(rig::ended(group) == pool::status::ok && done == 2);
}

// Refused: the coroutine is destroyed with a temporary, and still whole in a variable.
void refused(const pool::thread_pool& workers) {
  std::atomic<int> begun{0};
  std::atomic<int> done{0};
  pool::group group(workers);
  group.cancel();
  CHECK(group.try_spawn(sleeps(1h, begun, done, {})) == pool::status::cancelled);
  CHECK(life::alive == 0);
  CHECK(check::thrown_by([&] { group.spawn(wraps(sleeps(1h, begun, done, {}))); }) == pool::status::cancelled);
  CHECK(check::thrown_by([&] { pool::group_ref().spawn(wraps({})); }) == pool::status::bad_handle);
  CHECK(life::alive == 0);
  pool::task<> kept = sleeps(0ns, begun, done, {});
  CHECK(group.try_spawn(std::move(kept)) == pool::status::cancelled && life::alive == 1);
  group.reset();
  group.spawn(std::move(kept));
  CHECK(rig::ended(group) == pool::status::ok && done == 1 && life::alive == 0);

  // A full queue.
  pool::thread_pool_options options = rig::workers(1);
  options.queue_capacity = 1;
  options.overflow = pool::overflow_policy::reject;
  const pool::thread_pool small(options);
  pool::group full(small);
  check::gate gate;
  full.submit([&gate] { gate.pass(); });
  gate.await(1);
  full.spawn(sleeps(1us, begun, done, {}));
  CHECK(full.try_spawn(sleeps(1us, begun, done, {})) == pool::status::full);
  CHECK(life::alive == 1);
  pool::submit_options discard;
  discard.overflow = pool::overflow_policy::discard_newest;
  full.spawn(sleeps(1us, begun, done, {}), discard);
  CHECK(life::alive == 1);
  pool::submit_options in_place;
  in_place.overflow = pool::overflow_policy::caller_runs;
  full.spawn(sleeps(1us, begun, done, {}), in_place);
  CHECK(begun == 2);  // on this thread, up to its await
  gate.open();
  CHECK(rig::ended(full) == pool::status::failed && done == 3 && life::alive == 0);
}

// The frames of coroutines that sleep, deep inside awaits, and of those that have not started.
void cancelled(const pool::thread_pool& workers, std::uint32_t limit, bool keeps) {
  std::atomic<int> begun{0};
  std::atomic<int> done{0};
  pool::group_options options;
  options.max_concurrency = limit;
  options.limit_counts_suspended = keeps;
  pool::group group(workers, options);
  const int count = rig::scaled(1000);
  for (int i = 0; i < count; ++i) {
    pool::task<> one = sleeps(i % 2 == 0 ? 1h : pool::forever, begun, done, {});
    for (int level = 0; level < i % 20; ++level) one = wraps(std::move(one));
    group.spawn(std::move(one));
  }
  const int start = keeps && limit != 0 ? std::min(count, static_cast<int>(limit)) : count;
  await_count(begun, start);
  if (keeps) {
    CHECK(!group.wait_for(1ms));
    CHECK(begun == start);
  }
  CHECK(life::alive >= 2 * start);
  group.cancel();
  CHECK(rig::ended(group) == pool::status::cancelled && done == 0 && life::alive == 0);
}

void never_started(const pool::thread_pool& workers) {
  std::atomic<int> begun{0};
  pool::group group(workers);
  group.suspend();
  for (int i = 0; i < 10; ++i) group.spawn(wraps(sleeps(0ns, begun, begun, {})));
  CHECK(life::alive == 10);
  group.cancel();
  CHECK(rig::ended(group) == pool::status::cancelled && begun == 0 && life::alive == 0);
}

// One limit for what runs and, if it says so, what sleeps.
pool::task<> counts_in(std::atomic<int>& inside, std::atomic<int>& most) {
  const int now = ++inside;
  for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
  }
  co_await pool::sleep_for(20us);
  --inside;
}
void limits(const pool::thread_pool& workers) {
  for (const bool keeps : {true, false}) {
    std::atomic<int> inside{0};
    std::atomic<int> most{0};
    pool::group_options options;
    options.max_concurrency = 2;
    options.limit_counts_suspended = keeps;
    pool::group group(workers, options);
    for (int i = 0; i < 200; ++i) group.spawn(counts_in(inside, most));
    CHECK(rig::ended(group) == pool::status::ok && inside == 0);
    if (keeps) CHECK(most <= 2);
  }
}

// The parent is dropped while children use what is in its frame: it stays until they are over.
pool::task<> uses(const life& parents, check::gate& gate, std::atomic<int>& after) {
  const life local;
  gate.pass();
  CHECK(parents.is_whole());
  ++after;
  co_await pool::sleep_for(1h);
  ++after;
}
pool::task<> parent(check::gate& gate, std::atomic<int>& after, std::atomic<int>& begun) {
  const life local;
  const auto heap = std::make_unique<life>();
  co_await pool::when_all(uses(local, gate, after), sleeps(1h, begun, after, {}), uses(*heap, gate, after),
                          wraps(sleeps(1h, begun, after, {})));
}
void children(const pool::thread_pool& workers) {
  for (int i = 0; i < rig::scaled(200); ++i) {
    check::gate gate;
    std::atomic<int> begun{0};
    std::atomic<int> after{0};
    pool::group group(workers);
    i % 2 == 0 ? group.spawn(parent(gate, after, begun)) : group.spawn(wraps(parent(gate, after, begun)));
    await_count(begun, 2);
    gate.await(2);
    group.cancel();
    CHECK(group.poll() == pool::status::busy);
    if (i % 3 == 0) sched_yield();
    gate.open();
    CHECK(rig::ended(group) == pool::status::cancelled && after == 2 && life::alive == 0);
  }
}

// Whoever waits for another group is dropped; the notification comes later, and finds nobody.
pool::task<> waits(pool::group_ref other, std::atomic<int>& begun) {
  const life local;
  ++begun;
  co_await other;
}
void waiting(const pool::thread_pool& workers) {
  for (int i = 0; i < rig::scaled(300); ++i) {
    check::gate gate;
    std::atomic<int> begun{0};
    pool::group other(workers);
    pool::group group(workers);
    other.submit([&gate] { gate.pass(); });
    group.spawn(wraps(waits(other, begun)));
    await_count(begun, 1);
    if (i % 3 == 0) gate.open();
    group.cancel();
    const pool::status ended = rig::ended(group);
    CHECK(ended == pool::status::cancelled || (i % 3 == 0 && ended == pool::status::ok));
    CHECK(life::alive == 0);
    gate.open();
  }
}

// The end of a pool: those that sleep go on, or are dropped.
void pools() {
  std::atomic<int> begun{0};
  std::atomic<int> done{0};
  const int count = rig::scaled(1000);
  {
    const pool::thread_pool workers(rig::workers(2));
    pool::group group(workers);
    for (int i = 0; i < count; ++i) group.spawn(wraps(sleeps(std::chrono::microseconds(i), begun, done, {})));
    group.detach();
  }
  CHECK(done == count && life::alive == 0);
  const pool::thread_pool workers(rig::workers(2));
  pool::group group(workers);
  begun = 0;
  for (int i = 0; i < count; ++i) group.spawn(wraps(sleeps(1h, begun, done, {})));
  await_count(begun, count);
  CHECK(workers.shutdown(pool::shutdown_mode::cancel, 1h));
  CHECK(group.poll() == pool::status::cancelled && done == count && life::alive == 0);
}

// One by one, just when their time comes.
pool::task<> suspended(std::atomic<std::uint64_t>& timer, std::chrono::nanoseconds timeout, std::atomic<int>& done) {
  const life local;
  co_await pool::suspend([&timer](pool::waker wake) { timer = wake.handle().id; }, timeout);
  ++done;
}
void against_expiry(const pool::thread_pool& workers) {
  const int count = rig::scaled(20000);
  int cancels = 0;
  std::atomic<int> done{0};
  pool::group group(workers);
  for (int i = 0; i < count; ++i) {
    std::atomic<std::uint64_t> timer{0};
    group.spawn(wraps(suspended(timer, std::chrono::microseconds(i % 100), done)));
    while (timer == 0) sched_yield();
    const pool_timer_t handle{timer.load()};
    const auto until = rig::clock::now() + std::chrono::microseconds(i % 97);
    while (rig::clock::now() < until) {
    }
    pool_status_t status = POOL_EBUSY;
    while ((status = pool_timer_cancel(handle)) == POOL_EBUSY) sched_yield();
    CHECK(status == POOL_OK || status == POOL_EBADHANDLE);
    cancels += status == POOL_OK;
    pool_timer_fire(handle);
    CHECK(rig::ended(group) == (status == POOL_OK ? pool::status::cancelled : pool::status::ok));
    CHECK(life::alive == 0 && done + cancels == i + 1);
    group.reset();
  }
}

// A failure that is said ends the coroutine at its next suspension.
pool::task<> gives_up(int& after) {
  const life local;
  CHECK(pool::this_task::fail(5, "five") == pool::status::ok);
  co_await pool::yield();
  ++after;
}

// pthread_exit() in a coroutine, and in the child of one that waits for it.
pool::task<> exits(int levels) {
  const life local;
  co_await pool::yield();
  if (levels > 0) co_await exits(levels - 1);
  pthread_exit(nullptr);
}
pool::task<> outlives(std::string& what) {
  const life local;
  try {
    co_await pool::when_all(exits(2), exits(0));
  } catch (const pool::error& error) {
    what = error.what();
  }
}
void failures(const pool::thread_pool& workers) {
  pool::group group(workers);
  int after = 0;
  CHECK(rig::run(group, gives_up(after)) == pool::status::failed && after == 0 && life::alive == 0);
  CHECK(group.first_failure().code == 5 && group.first_failure().text == "five");
  group.reset();
  for (int levels = 0; levels < 3; ++levels) {
    CHECK(rig::run(group, exits(levels)) == pool::status::failed && life::alive == 0);
    CHECK(group.first_failure().code == INT32_MIN + 2);
    group.reset();
  }
  std::string what;
  CHECK(rig::run(group, outlives(what)) == pool::status::failed && life::alive == 0);
  CHECK(what.rfind("a task that was dropped", 0) == 0);
}

// Coroutines that spawn others, as a tree that nobody counts but the group.
pool::task<> spreads(int levels, std::atomic<int>& count) {
  const life local;
  const pool::group_ref group = pool::this_task::group();
  for (int i = 0; levels > 0 && i < 4; ++i) {
    group.spawn(spreads(levels - 1, count));
    if (i % 2 == 0) co_await pool::yield();
  }
  ++count;
}
void spreading(const pool::thread_pool& workers) {
  std::atomic<int> count{0};
  pool::group group(workers);
  CHECK(rig::run(group, spreads(6, count)) == pool::status::ok && count == 5461 && life::alive == 0);
  count = 0;
  group.spawn(spreads(8, count));
  await_count(count, 50);
  group.cancel();  // a spawn that is refused is the failure of one that runs
  const pool::status ended = rig::ended(group);
  CHECK((ended == pool::status::cancelled || ended == pool::status::failed) && life::alive == 0);
}

}  // namespace

int main() {
  const pool::thread_pool workers(rig::workers(3));
  allocations(workers);
  refused(workers);
  cancelled(workers, 0, false);
  cancelled(workers, 3, false);
  cancelled(workers, 3, true);
  never_started(workers);
  limits(workers);
  children(workers);
  waiting(workers);
  pools();
  against_expiry(workers);
  failures(workers);
  spreading(workers);
  return 0;
}
