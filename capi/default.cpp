// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "default.hpp"

#include <atomic>
#include <cstddef>
#include <mutex>
#include <new>

#include "base/log.hpp"
#include "structs.hpp"
#include "world.hpp"

using namespace pool;

namespace {

// The options of pool_default_configure, whole and with a name of their own. Never changed once it is published.
struct Recipe {
  pool_options_t options = capi::defaults<pool_options_t>();
  char name[32] = {};
};

// Held while the default pool is made, and while the recipe is exchanged. A child of fork() makes it anew.
constinit std::mutex mutex;
// In one step: a child may be forked in the middle of the exchange.
constinit std::atomic<Recipe*> recipe = nullptr;
// Its handle; 0: it is not made yet.
constinit std::atomic<std::uint64_t> the_default = 0;

}  // namespace

namespace pool::capi {

bool is_default(pool_t pool) noexcept { return pool.id != 0 && pool.id == the_default.load(std::memory_order_relaxed); }

void forget_default() noexcept {
  // The thread that held it, if any, is not in this process.
  new (&mutex) std::mutex;
  the_default.store(0, std::memory_order_relaxed);
}

}  // namespace pool::capi

extern "C" {

pool_status_t pool_default(pool_t* pool) {
  if (pool == nullptr) {
    base::report_invalid("pool_default", "pool", "must not be NULL");
    return POOL_EINVAL;
  }
  pool->id = the_default.load(std::memory_order_acquire);
  if (pool->id != 0) return POOL_OK;
  // Before the mutex: from here on a child of fork() finds it open.
  if (capi::make_world() == nullptr) return POOL_ENOMEM;
  const std::lock_guard lock(mutex);
  pool->id = the_default.load(std::memory_order_relaxed);
  if (pool->id != 0) return POOL_OK;
  const Recipe* const made_by = recipe.load(std::memory_order_relaxed);
  const pool_status_t status = pool_create(made_by != nullptr ? &made_by->options : nullptr, pool);
  if (status == POOL_OK) the_default.store(pool->id, std::memory_order_release);
  return status;
}

pool_status_t pool_default_configure(const pool_options_t* options) {
  static constexpr const char* function = "pool_default_configure";
  if (options == nullptr) {
    base::report_invalid(function, "options", "must not be NULL");
    return POOL_EINVAL;
  }
  if (const pool_status_t status = capi::check_options(*options); status != POOL_OK) return status;
  if (capi::make_world() == nullptr) return POOL_ENOMEM;
  auto* const fresh = new (std::nothrow) Recipe;
  if (fresh == nullptr) return POOL_ENOMEM;
  (void)capi::copy_in(options, fresh->options, offsetof(pool_options_t, overflow_timeout));
  if (fresh->options.name != nullptr) {
    std::strncpy(fresh->name, fresh->options.name, sizeof fresh->name - 1);
    fresh->options.name = fresh->name;
  }
  const std::lock_guard lock(mutex);
  if (the_default.load(std::memory_order_relaxed) != 0) {
    delete fresh;
    return POOL_EBUSY;
  }
  delete recipe.exchange(fresh, std::memory_order_acq_rel);
  return POOL_OK;
}

}  // extern "C"
