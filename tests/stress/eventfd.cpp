// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// A resubmitter, and a reader who sleeps in poll(2) and knows only what eventfds tell him: he learns of the last empty
// moment, and is told no more often than there were any. The same while somebody puts one eventfd in the other's place.
#include <poll.h>
#include <sys/eventfd.h>

#include "stress.hpp"

using namespace stress;

namespace {

// What has come in since the last call.
std::uint64_t take(const pollfd (&ready)[2]) {
  std::uint64_t told = 0;
  for (const pollfd& each : ready) {
    std::uint64_t value = 0;
    if (read(each.fd, &value, sizeof value) == sizeof value) told += value;
  }
  return told;
}

void resubmit(std::uint32_t workers, int rounds, bool replaces) {
  const pool_t pool = make_pool(workers);
  const pool_group_t group = make_group(pool);
  pollfd ready[2] = {};
  for (pollfd& each : ready) each = {eventfd(0, EFD_NONBLOCK), POLLIN, 0};
  std::atomic<int> done{0};
  std::atomic<bool> is_over{false};
  std::uint64_t told = 0;
  std::uint64_t sets = 1;
  OK(pool_group_set_eventfd(group, ready[0].fd));
  const pool_task_fn task = [](void* arg) -> std::int32_t {
    static_cast<std::atomic<int>*>(arg)->fetch_add(1);
    return 0;
  };
  in_threads(replaces ? 3 : 2, [&](int thread) {
    if (thread == 0) {
      for (int i = 0; i < rounds; ++i) {
        OK(pool_group_submit(group, task, &done));
        if (i % 4 == 0) OK(pool_group_wait(group));
      }
    } else if (thread == 1) {
      while (!is_over.load()) {
        CHECK(poll(ready, 2, -1) > 0);
        told += take(ready);
        is_over.store(done.load() == rounds && pool_group_poll(group) == POOL_OK);
      }
    } else {
      for (; !is_over.load(); ++sets) {
        const pool_status_t status = pool_group_set_eventfd(group, ready[sets % 2].fd);
        CHECK(status == POOL_OK || status == POOL_EBUSY);  // not empty for thousands of turns
      }
    }
  });
  OK(pool_destroy(pool));
  told += take(ready);
  for (const pollfd& each : ready) close(each.fd);
  CHECK(told >= 1 && told <= static_cast<std::uint64_t>(rounds) + sets);
}

}  // namespace

int main(int argc, char** argv) {
  begin(argc, argv);
  for (const std::uint32_t workers : worker_counts) {
    resubmit(workers, scaled(300'000), false);
    resubmit(workers, scaled(100'000), true);
    for (int i = 0, short_ones = scaled(2000); i < short_ones; ++i) resubmit(workers, 1 + i % 5, false);
  }
}
