// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Frame: a task that runs on this thread. Frames of nested tasks (a wait that helps, a task run in place) form a stack,
// which lives on the thread's own stack: it answers "am I inside a task of that pool, of that group?".
#pragma once

#include <cstdint>
#include <cstring>

#include "group/failure.hpp"

namespace pool::sched {

// Thrown in a child of fork(), where the user's code that forked returns to the library: what the thread was in the
// middle of is its parent's, and nothing of it is touched any more. It passes through the library alone: it ends at the
// next call from the user's code around it, as POOL_EFORKED, or with the worker.
struct Forked {};

template <class Sys>
struct Frame {
  Frame* up;
  const void* pool;
  const void* group;
  const void* job = nullptr;        // the job's slot, if the task is one
  std::uintptr_t fn;                // of the task; who looks at a stuck thread wants to know
  const void* waits_for = nullptr;  // the group of a wait, for the same reason
  void* timer = nullptr;            // that the task waited in, or goes back to
  std::int64_t due = 0;             // when, if it does
  std::uint32_t life;               // of the group
  bool notice = false;              // a notification that `group` is empty, not a task
  bool took_turns = false;          // a task of a parallel loop that has run
  bool in_turn = false;             // a turn of such a loop runs
  bool ends = false;                // the group ends when the notification is over
  std::int32_t place = -1;          // pool_worker_index, if it was asked for in this outermost frame of the pool
  std::uint32_t in_place;           // how many tasks around this one, itself included, run in place of a queue place
  std::uint32_t sections = 0;       // blocking sections that the task has begun and not ended
  std::int32_t code = 0;
  const std::uint32_t era = Sys::era();  // where it began
  bool failed = false;
  // Something may have to be settled before another task can go on in this frame: one that failed, a section, a timer,
  // a number; or this is a child of the process that it began in.
  bool is_touched = false;
  bool dropping = false;
  bool in_drop;  // this frame is dropping, or one around it was when this one began, and still is
  char text[group::failure_text_size];  // set with `failed`

  [[gnu::always_inline]] Frame(const void* the_pool, const void* the_group, std::uint32_t its_life, bool is_in_place,
                               std::uintptr_t the_fn = 0)
      : Frame(top(), the_pool, the_group, its_life, is_in_place, the_fn) {
    top() = this;
  }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;

  // Ends the frame; it must be the innermost one. (In a child of fork() it is none at all.)
  void pop() {
    if (!is_inherited()) pop_here();
  }
  // The same where it is known to be this process's.
  void pop_here() { top() = up; }
  // Says whether this is a child of the process that it began in.
  bool is_inherited() const { return era != Sys::era(); }

  // What runs in it from here on is a drop, a notification or a hook.
  void begin_drop() { dropping = in_drop = true; }

  void fail(std::int32_t the_code, const char* reason) {
    failed = true;
    is_touched = true;
    code = the_code;
    std::memset(text, 0, sizeof text);
    if (reason != nullptr) std::strncpy(text, reason, sizeof text - 1);
  }

  // In a child of fork(), which begins anew: none of them is of this process.
  static void leave_all() {
    for (Frame* frame = top(); frame != nullptr; frame = frame->up) frame->is_touched = true;
    top() = nullptr;
  }

  [[gnu::always_inline]] static Frame*& top() { return reinterpret_cast<Frame*&>(Sys::top_frame()); }

  static bool inside_pool(const void* pool) {
    for (const Frame* frame = top(); frame != nullptr; frame = frame->up) {
      if (frame->pool == pool) return true;
    }
    return false;
  }
  static bool inside_group(const void* group) {
    for (const Frame* frame = top(); frame != nullptr; frame = frame->up) {
      if (frame->group == group) return true;
    }
    return false;
  }
  static bool inside_job(const void* job) {
    for (const Frame* frame = top(); frame != nullptr; frame = frame->up) {
      if (frame->job == job) return true;
    }
    return false;
  }
  static bool inside_task() { return top() != nullptr; }
  static bool inside_drop() {
    const Frame* const frame = top();
    return frame != nullptr && frame->in_drop;
  }

 private:
  [[gnu::always_inline]] Frame(Frame* outer, const void* the_pool, const void* the_group, std::uint32_t its_life,
                               bool is_in_place, std::uintptr_t the_fn)
      : up(outer),
        pool(the_pool),
        group(the_group),
        fn(the_fn),
        life(its_life),
        in_place((outer != nullptr ? outer->in_place : 0) + (is_in_place ? 1 : 0)),
        in_drop(outer != nullptr && outer->in_drop) {}
};

}  // namespace pool::sched
