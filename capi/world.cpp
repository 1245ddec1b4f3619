// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "world.hpp"

#include "base/log.hpp"
#include "default.hpp"

namespace pool::capi {

constinit std::atomic<World*> the_world = nullptr;

namespace {

// The worlds of the processes before this one. Nobody looks at them; a leak checker sees that they are not lost.
constinit World* inherited[base::Handle::eras] = {};

// The forking thread may be inside a task of the parent: what it is in the middle of is the parent's, and this process
// has not begun anything.
void begin_anew() {
  inherited[os::era() % base::Handle::eras] = the_world.exchange(nullptr, std::memory_order_relaxed);
  Frame::leave_all();
  System::worker_pool() = nullptr;
  System::local() = nullptr;
  forget_default();
}

}  // namespace

World* make_world() noexcept {
  World* world = the_world.load(std::memory_order_acquire);
  if (world != nullptr) return world;
  if (!os::watch_forks(begin_anew)) return nullptr;
  base::watch_exit();
  (void)os::watch_barrier();
  try {
    auto* fresh = new World;
    if (the_world.compare_exchange_strong(world, fresh, std::memory_order_acq_rel)) return fresh;
    delete fresh;
    return world;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

std::int64_t deadline_after(std::int64_t timeout) {
  if (timeout == INT64_MAX) return INT64_MAX;
  const std::int64_t now = System::now();
  if (timeout <= 0) return now;
  return timeout > INT64_MAX - now ? INT64_MAX : now + timeout;
}

}  // namespace pool::capi
