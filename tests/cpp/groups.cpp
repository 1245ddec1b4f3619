// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The rest of a group, as C++ sees it: notifications, descriptors, being inside, cancelling, suspending, resetting,
// options, and what a task can ask.
#include "check.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

void notifications(const pool::thread_pool& workers) {
  using life = check::counted<1>;
  std::atomic<int> calls{0};
  check::gate gate;
  {
    pool::group group(workers);
    group.notify([&calls, alive = life(), owned = std::make_unique<int>(1)] { calls += *owned; });  // at once
    group.submit([&gate] { gate.pass(); });
    gate.await(1);
    group.notify([&calls, alive = life()] { calls += 10; });
    CHECK(calls < 10);
    gate.open();
  }  // the end of the group waits for them
  CHECK(calls == 11 && life::alive == 0);
  CHECK(check::thrown_by([] { pool::group_ref().notify([alive = life()] {}); }) == pool::status::bad_handle);
  CHECK(life::alive == 0);
}

// A group that its own notification ends.
void ends_in_notification(const pool::thread_pool& workers) {
  auto owner = std::make_unique<pool::group>(workers);
  const pool::group_ref seen = *owner;
  std::atomic<bool> ended{false};
  seen.submit([] {});
  seen.notify([&ended, mine = std::move(owner)]() mutable {
    mine.reset();
    ended = true;
  });
  while (!ended || seen.poll() != pool::status::bad_handle) std::this_thread::yield();
}

void inside(const pool::thread_pool& workers) {
  pool::group group(workers);
  {
    const pool::entered guard = group.enter();
    CHECK(guard && group.poll() == pool::status::busy);
  }
  group.wait();
  CHECK(group.stats().succeeded == 1);

  pool::entered guard = group.enter();
  std::thread elsewhere([moved = std::move(guard)]() mutable {
    pool::entered mine = std::move(moved);
    mine.leave();
    CHECK(!mine);
    mine.leave();  // once only
  });
  group.wait();
  elsewhere.join();
  CHECK(!guard && group.stats().succeeded == 2);  // NOLINT: what it is after the move is the question

  pool::entered first = group.enter();
  first = group.enter();  // leaves the one before
  CHECK(group.poll() == pool::status::busy);
  first.leave(pool::outcome{9});
  CHECK(group.try_wait() == pool::status::failed && group.first_failure().code == 9);
  CHECK(group.stats().succeeded == 3 && group.stats().failed == 1);
  group.reset();
  CHECK(group.poll() == pool::status::ok);

  try {
    const pool::entered left = group.enter();
    throw std::runtime_error("out");
  } catch (const std::runtime_error&) {
  }
  CHECK(group.try_wait() == pool::status::failed && group.first_failure().code == pool::exception_code);
  CHECK(check::thrown_by([] { pool::group_ref().enter(); }) == pool::status::bad_handle);
}

void descriptors(const pool::thread_pool& workers) {
  const int fd = eventfd(0, EFD_NONBLOCK);
  eventfd_t value = 0;
  {
    check::gate gate;  // outlives the task
    pool::group group(workers);
    group.submit([&gate] { gate.pass(); });
    group.set_eventfd(fd);
    CHECK(eventfd_read(fd, &value) == -1);
    gate.open();
  }  // the end of the group tells of it, if the task's end has not
  CHECK(eventfd_read(fd, &value) == 0 && value == 1);
  CHECK(pool::group(workers).try_set_eventfd(-2) == pool::status::invalid);
  CHECK(check::thrown_by([fd] { pool::group_ref().set_eventfd(fd); }) == pool::status::bad_handle);
  close(fd);
}

void cancelling(const pool::thread_pool& workers) {
  using life = check::counted<2>;
  pool::group group(workers);
  check::gate gate;
  std::atomic<bool> told{false};
  group.submit([&] {
    CHECK(!pool::this_task::cancelled());
    gate.pass();
    told = pool::this_task::cancelled();
  });
  gate.await(1);
  group.suspend();  // so that the next ones stay where they are
  for (int i = 0; i < 10; ++i) {
    group.submit([alive = life()] { CHECK(false); });
  }
  group.cancel();
  CHECK(group.try_submit([] {}) == pool::status::cancelled);
  CHECK(check::thrown_by([&] { group.enter(); }) == pool::status::cancelled);
  CHECK(check::thrown_by([&] { group.reset(); }) == pool::status::busy);
  gate.open();
  CHECK(check::thrown_by([&] { group.wait(); }) == pool::status::cancelled);
  CHECK(told && life::alive == 0 && group.stats().cancelled == 10);
  group.reset();
  group.submit([] {});
  group.wait();

  pool::group_options child_options;
  child_options.parent = group;
  pool::group child(workers, child_options);
  group.cancel();
  CHECK(child.try_submit([] {}) == pool::status::cancelled);
}

void suspending(const pool::thread_pool& workers) {
  pool::group group(workers);
  std::atomic<int> runs{0};
  group.suspend();
  group.submit([&runs] { ++runs; });
  CHECK(!group.wait_for(1ms) && runs == 0);
  group.resume();
  group.wait();
  CHECK(runs == 1);
}

void options(const pool::thread_pool& workers) {
  pool::group_options serial;
  serial.max_concurrency = 1;
  serial.name = "serial";
  pool::group group(workers, serial);
  CHECK(group.name() == "serial");
  std::vector<int> order;  // no lock: each task happens before the next
  std::atomic<int> inside{0};
  for (int i = 0; i < 500; ++i) {
    group.submit([&order, &inside, i] {
      CHECK(++inside == 1);
      std::this_thread::yield();
      order.push_back(i);
      --inside;
    });
  }
  group.wait();
  for (int i = 0; i < 500; ++i) CHECK(order[static_cast<std::size_t>(i)] == i);

  pool::group_options fast;
  fast.fail_fast = true;
  pool::group failing(workers, fast);
  failing.submit([] { throw std::runtime_error("first"); });
  CHECK(failing.try_wait() == pool::status::failed);
  CHECK(failing.try_submit([] {}) == pool::status::cancelled);

  pool::group_options small;
  small.queue_capacity = 1;
  pool::group bounded(workers, small);
  bounded.suspend();
  bounded.submit([] {});
  pool::submit_options one;
  one.overflow = pool::overflow_policy::reject;
  CHECK(bounded.try_submit([] {}, one) == pool::status::full);
  one.overflow = pool::overflow_policy::block;
  one.overflow_timeout = 1ms;
  CHECK(bounded.try_submit([] {}, one) == pool::status::timed_out);
  one.overflow_timeout = 0ms;
  CHECK(check::thrown_by([&] { bounded.submit([] {}, one); }) == pool::status::timed_out);
  using life = check::counted<3>;
  one.overflow = pool::overflow_policy::discard_newest;
  CHECK(bounded.try_submit([alive = life()] { CHECK(false); }, one) == pool::status::ok);
  CHECK(life::alive == 0);
  bounded.resume();
  CHECK(check::thrown_by([&] { bounded.wait(); }) == pool::status::failed && bounded.stats().discarded == 1);
}

void asking(const pool::thread_pool& workers) {
  CHECK(!pool::this_task::group() && !pool::this_task::pool() && !pool::this_task::cancelled());
  CHECK(pool::this_task::index() == -1);
  pool::group group(workers);
  for (int i = 0; i < 100; ++i) {
    group.submit([&] {
      CHECK(pool::this_task::group() == group && pool::this_task::pool() == workers);
      CHECK(pool::this_task::index() >= 0);
    });
  }
  pool::group_options nested;
  nested.parent = pool::parent_group::current();
  group.submit([&] {
    pool::group child(pool::this_task::pool(), nested);
    child.submit([&] { CHECK(pool::this_task::group() == child); });
    pool::this_task::group().cancel();  // that of its parent
    CHECK(child.try_submit([] {}) == pool::status::cancelled);
  });
  const pool::status ended = group.try_wait();
  CHECK(ended == pool::status::ok || ended == pool::status::cancelled);
  CHECK(!pool::this_task::group());
}

void pool_tasks(const pool::thread_pool& workers) {
  static std::atomic<int> runs{0};
  std::atomic<int> others{0};
  workers.submit([&others] { ++others; });
  workers.submit(+[] { ++runs; });
  CHECK(workers.try_submit([&others] { ++others; }) == pool::status::ok);
  while (others < 2 || runs < 1) std::this_thread::yield();
}

}  // namespace

int main() {
  pool::thread_pool workers;
  notifications(workers);
  ends_in_notification(workers);
  descriptors(workers);
  inside(workers);
  cancelling(workers);
  suspending(workers);
  options(workers);
  asking(workers);
  pool_tasks(workers);
  return 0;
}
