// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// What a task can ask and say about itself.
#include <pool/pool.h>

#include "group_calls.hpp"

using namespace pool;
using capi::Frame;
using capi::Group;
using capi::invalid;
using capi::Pool;

extern "C" {

int32_t pool_task_cancelled(void) {
  const Frame* const frame = capi::task_frame();
  if (frame == nullptr) return 0;
  const bool is_cancelled = static_cast<const Group*>(frame->group)->is_cancelled(frame->life) ||
                            static_cast<const Pool*>(frame->pool)->cancels();
  return is_cancelled ? 1 : 0;
}

pool_status_t pool_current_pool(pool_t* pool) {
  if (pool == nullptr) return invalid("pool_current_pool", "pool", "must not be NULL");
  pool->id = 0;
  const Frame* const frame = capi::task_frame();
  if (frame == nullptr) return POOL_EINVAL;
  const auto* const slot = static_cast<const Pool*>(frame->pool);
  pool->id = capi::handle_of(base::Kind::pool, slot->index.load(), slot->generation.load());
  return POOL_OK;
}

pool_status_t pool_current_group(pool_group_t* group) {
  if (group == nullptr) return invalid("pool_current_group", "group", "must not be NULL");
  group->id = 0;
  const Frame* const frame = capi::task_frame();
  if (frame == nullptr) return POOL_EINVAL;
  group->id = capi::handle_of(base::Kind::group, static_cast<const Group*>(frame->group)->index.load(), frame->life);
  return POOL_OK;
}

int32_t pool_worker_index(void) {
  Frame* frame = capi::task_frame();
  if (frame == nullptr) return -1;
  // The number is that of the outermost task of this pool here.
  for (Frame* up = frame->up; up != nullptr; up = up->up) {
    if (up->pool == frame->pool && !up->dropping) frame = up;
  }
  if (frame->place < 0) {
    auto* const pool = static_cast<Pool*>(const_cast<void*>(frame->pool));  // a slot, which is never const
    frame->place = pool->numbers.take();
    frame->is_touched = true;
  }
  return frame->place;
}

pool_status_t pool_blocking_begin(void) {
  Frame* const frame = capi::task_frame();
  if (frame != nullptr) sched::begin_section(*capi::the_world.load(std::memory_order_acquire), *frame);
  return POOL_OK;
}

pool_status_t pool_blocking_end(void) {
  Frame* const frame = capi::task_frame();
  if (frame == nullptr) return POOL_OK;
  if (frame->sections == 0) return invalid("pool_blocking_end", "caller", "has to be inside a blocking section");
  sched::end_section(*frame);
  return POOL_OK;
}

pool_status_t pool_task_set_failure(int32_t code, const char* text) {
  static constexpr const char* function = "pool_task_set_failure";
  if (code == 0 || code <= sched::last_reserved) return invalid(function, "code", "must not be 0 nor the library's");
  Frame* const frame = capi::task_frame();
  if (frame == nullptr) return invalid(function, "caller", "has to be a task");
  frame->fail(code, text);
  return POOL_OK;
}

}  // extern "C"
