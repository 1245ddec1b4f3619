// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Tasks that wait without a thread: handing oneself back, and what others may do to one that waits.
#include <pool/pool.h>

#include "group_calls.hpp"
#include "sched/suspend.hpp"

using namespace pool;
using capi::Frame;
using capi::invalid;

namespace {

static_assert(POOL_TASK_AGAIN == static_cast<int>(sched::result_again));
static_assert(sizeof(capi::Timer) == 64);  // as pool.h says

pool_status_t status_of(sched::TimerAsked asked) {
  switch (asked) {
    case sched::TimerAsked::ok:
      return POOL_OK;
    case sched::TimerAsked::busy:
      return POOL_EBUSY;
    default:
      return POOL_EBADHANDLE;
  }
}

// What the task is to return; with a handle, if one is wanted.
int32_t again(int64_t delay, pool_timer_t* timer) {
  Frame* const frame = capi::task_frame();
  capi::World* const world = capi::the_world.load(std::memory_order_acquire);
  if (frame == nullptr || world == nullptr || frame->is_inherited()) return sched::result_not_again;
  const std::uint32_t generation = sched::prepare_again(*world, *frame, capi::due_after(delay), timer != nullptr);
  if (generation == 0) return sched::result_not_again;
  if (timer != nullptr) {
    const auto* const slot = static_cast<const capi::Timer*>(frame->timer);
    timer->id = capi::handle_of(base::Kind::timer, slot->index, generation);
  }
  return sched::result_again;
}

}  // namespace

extern "C" {

int32_t pool_task_again_after(int64_t delay) { return again(delay, nullptr); }

int32_t pool_task_suspend(int64_t timeout, pool_timer_t* timer) {
  if (timer == nullptr) {
    invalid("pool_task_suspend", "timer", "must not be NULL");
    return sched::result_not_again;
  }
  timer->id = 0;
  return again(timeout, timer);
}

pool_status_t pool_timer_cancel(pool_timer_t timer) try {
  const auto found = capi::resolve(timer);
  if (!found) return found.status();
  return status_of(sched::cancel_timer(*found.world, *found.slot, found.generation));
}
POOL_OR_FORKED

pool_status_t pool_timer_fire(pool_timer_t timer) {
  const auto found = capi::resolve(timer);
  if (!found) return found.status();
  return status_of(sched::fire_timer(*found.world, *found.slot, found.generation));
}

}  // extern "C"
