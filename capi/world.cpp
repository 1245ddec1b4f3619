// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "world.hpp"

namespace pool::capi {

constinit std::atomic<World*> the_world = nullptr;

World* make_world() noexcept {
  World* world = the_world.load(std::memory_order_acquire);
  if (world != nullptr) return world;
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
