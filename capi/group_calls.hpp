// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// What the bodies of the functions of groups, tasks and jobs share.
#pragma once

#include "base/log.hpp"
#include "sched/apply.hpp"
#include "world.hpp"

namespace pool::capi {

// Out of line: calls that take a few ns are to keep their registers.
[[gnu::noinline, gnu::cold]] inline pool_status_t invalid(const char* function, const char* field,
                                                          const char* allowed) {
  base::report_invalid(function, field, allowed);
  return POOL_EINVAL;
}

// The task that runs on this thread; null in drops, notifications and hooks, and outside.
inline Frame* task_frame() {
  Frame* const frame = Frame::top();
  return frame == nullptr || frame->dropping ? nullptr : frame;
}

// Whether a wait for this group runs its tasks. Inside a task it does: not to could starve a full pool.
inline bool helps(const Group& group, bool is_untimed) {
  if (Frame::inside_task()) return true;
  const std::uint32_t help = group.help.load(std::memory_order_relaxed);
  return help == POOL_HELP_ALWAYS || (help != POOL_HELP_NEVER && is_untimed);
}

// While it lives this thread is seen to wait for the group, if its pool is traced.
class TracedWait {
 public:
  // Requires: the group was resolved, so that its slot has had a pool.
  TracedWait(const Group& group, std::uint32_t life)
      : slice_(*static_cast<Pool*>(group.pool_slot.load(std::memory_order_relaxed)), group, life,
               sched::TraceKind::wait) {}

  // It ends because the group is empty.
  void note_empty() { slice_.note_empty(); }

 private:
  sched::TracedSlice<System> slice_;
};

// Copies a group's name.
inline void read_name(const Group& group, char (&name)[group::name_size + 1]) {
  for (std::size_t i = 0; i < group::name_size / sizeof(std::uint64_t); ++i) {
    const std::uint64_t word = group.name[i].load(std::memory_order_acquire);
    std::memcpy(name + i * sizeof word, &word, sizeof word);
  }
  name[group::name_size] = '\0';
}

pool_status_t status_of(sched::Submitted submitted);

}  // namespace pool::capi
