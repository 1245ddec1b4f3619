// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Task: what a cell means. A bare task is its function and its context. One with a drop has the number of both
// (sched/callbacks.hpp) in place of the function. Neither needs anything besides the cell. One with a copied context
// has a node, and so has one that is timed, and one whose callbacks have no number: its cell's `ctx` is the node, and
// `fn` says so. Such an `fn` is small, and no function's address, since nothing can be mapped there.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "queue/cell.hpp"
#include "sched/callbacks.hpp"

namespace pool::sched {

using TaskFn = std::int32_t (*)(void*);
using DropFn = void (*)(void*);

inline constexpr std::size_t copy_max = 48;

struct Task {
  TaskFn fn = nullptr;  // null: it is a job
  void* ctx = nullptr;
  DropFn drop = nullptr;
  std::int64_t submitted = 0;  // when, if it is timed

  struct Node {
    TaskFn fn;
    DropFn drop;
    struct Pointed {
      void* ctx;
      std::int64_t submitted;
    };
    union {
      alignas(16) unsigned char bytes[copy_max];  // the copy
      Pointed pointed;
    };
  };
  static_assert(sizeof(Node) == 64);
  // Of a copy that is timed: there may be no room in it.
  struct TimedNode : Node {
    std::int64_t submitted;
  };

  // Makes the cell of a task; false: no memory. copy_size 0 keeps ctx itself, submitted 0 is not timed. `nodes` is
  // where nodes come from and go to, and has the callbacks (sched/nodes.hpp); nodes of copies that are timed are
  // larger, and come from malloc.
  template <class Nodes>
  static bool pack(Nodes&& nodes, TaskFn fn, void* ctx, DropFn drop, std::size_t copy_size, queue::Work& work,
                   std::int64_t submitted = 0) {
    if (drop == nullptr && copy_size == 0 && submitted == 0) {
      work = {address_of(fn), reinterpret_cast<std::uintptr_t>(ctx)};
      return true;
    }
    if (copy_size == 0 && submitted == 0) {
      const std::uint32_t number = nodes.callbacks().number_of({address_of(fn), address_of(drop)});
      if (number != base::nil) {
        work = {first_pair + number, reinterpret_cast<std::uintptr_t>(ctx)};
        return true;
      }
    }
    const Kind kind = copy_size == 0 ? pointed : submitted == 0 ? copied : timed_copied;
    auto* const node = static_cast<Node*>(kind == timed_copied ? std::malloc(sizeof(TimedNode)) : nodes.take());
    if (node == nullptr) return false;
    node->fn = fn;
    node->drop = drop;
    if (copy_size != 0) {
      std::memcpy(node->bytes, ctx, copy_size);
    } else {
      node->pointed = {ctx, submitted};
    }
    if (kind == timed_copied) static_cast<TimedNode*>(node)->submitted = submitted;
    work = {kind, reinterpret_cast<std::uintptr_t>(node)};
    return true;
  }

  // Frees what pack() made, without running or dropping anything.
  template <class Nodes>
  static void discard(Nodes&& nodes, const queue::Work& work) {
    Task(work, nodes.callbacks()).free(nodes);
  }

  template <class Sys>
  Task(const queue::Work& work, const Callbacks<Sys>& callbacks)
      : node_(node_of(work)), has_timed_node_(work.fn == timed_copied) {
    static_assert(first_pair + Callbacks<Sys>::count <= first_function);
    if (job_of(work) != nullptr) return;
    if (is_pair(work)) {
      const auto both = callbacks[static_cast<std::uint32_t>(work.fn - first_pair)];
      fn = reinterpret_cast<TaskFn>(both.fn);
      ctx = reinterpret_cast<void*>(work.ctx);
      drop = reinterpret_cast<DropFn>(both.drop);
      return;
    }
    if (node_ == nullptr) {
      fn = reinterpret_cast<TaskFn>(work.fn);
      ctx = reinterpret_cast<void*>(work.ctx);
      return;
    }
    fn = node_->fn;
    drop = node_->drop;
    if (work.fn == pointed) {
      ctx = node_->pointed.ctx;
      submitted = node_->pointed.submitted;
    } else {
      ctx = node_->bytes;
      if (has_timed_node_) submitted = static_cast<TimedNode*>(node_)->submitted;
    }
  }

  // It has started, and may do so again: it is timed no more.
  void note_started() {
    if (submitted == 0) return;
    (has_timed_node_ ? static_cast<TimedNode*>(node_)->submitted : node_->pointed.submitted) = 0;
  }

  // Frees the node. The context is gone afterwards.
  template <class Nodes>
  void free(Nodes&& nodes) {
    if (node_ != nullptr) has_timed_node_ ? std::free(node_) : nodes.give(node_);
    node_ = nullptr;
  }

  // A job, by its slot.
  static queue::Work of_job(void* job) { return {job_slot, reinterpret_cast<std::uintptr_t>(job)}; }
  static void* job_of(const queue::Work& work) {
    return work.fn == job_slot ? reinterpret_cast<void*>(work.ctx) : nullptr;
  }

  // One that waited in a timer, by its slot.
  static queue::Work of_timer(void* timer) { return {timer_slot, reinterpret_cast<std::uintptr_t>(timer)}; }
  static void* timer_of(const queue::Work& work) {
    return work.fn == timer_slot ? reinterpret_cast<void*>(work.ctx) : nullptr;
  }

  // It is about to run: what its cell leads to comes into the cache meanwhile.
  static void prefetch(const queue::Work& work) {
    if (work.fn >= first_function || is_tombstone(work)) return;
    __builtin_prefetch(reinterpret_cast<const void*>(work.ctx), 1);
    // (Nodes and slots have a line.)
    if (is_pair(work)) __builtin_prefetch(reinterpret_cast<const void*>(work.ctx + base::cache_line), 1);
  }

  // A cell that stands for a task which is run in place: nothing to run (group/README.md).
  static queue::Work tombstone() { return {no_task, 0}; }
  // A function and its context, and nothing else.
  static bool is_bare(const queue::Work& work) { return work.fn >= first_function; }
  // A task that has a place in the queue, and is nothing but that.
  static bool is_plain(const queue::Work& work) { return work.fn < no_task || work.fn >= first_pair; }
  static bool is_tombstone(const queue::Work& work) { return work.fn == no_task; }

 private:
  // In place of a function: what `ctx` is, the node of a task or something else. (0 is an empty cell.)
  enum Kind : std::uintptr_t { copied = 1, pointed, timed_copied, no_task, job_slot, timer_slot };
  static constexpr std::uintptr_t first_pair = 16;  // those of the callbacks, by their numbers
  static constexpr std::uintptr_t first_function = 4096;
  static bool is_pair(const queue::Work& work) { return work.fn >= first_pair && work.fn < first_function; }
  template <class Fn>
  static std::uintptr_t address_of(Fn* fn) {
    return reinterpret_cast<std::uintptr_t>(fn);
  }
  static Node* node_of(const queue::Work& work) {
    return work.fn < no_task ? reinterpret_cast<Node*>(work.ctx) : nullptr;
  }

  Node* node_ = nullptr;
  bool has_timed_node_ = false;
};

}  // namespace pool::sched
