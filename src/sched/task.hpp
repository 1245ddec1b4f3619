// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Task: what a cell means. A plain task is its function and its context, and costs nothing besides the cell. A task
// with a drop callback or a copied context has a node; its cell's `fn` is a small number, which is no function's
// address since nothing can be mapped there, and its `ctx` the node.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "queue/cell.hpp"

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
  // where nodes come from and go to (sched/nodes.hpp); those of copies that are timed are larger, and come from malloc.
  template <class Nodes>
  static bool pack(Nodes&& nodes, TaskFn fn, void* ctx, DropFn drop, std::size_t copy_size, queue::Work& work,
                   std::int64_t submitted = 0) {
    if (drop == nullptr && copy_size == 0 && submitted == 0) {
      work = {reinterpret_cast<std::uintptr_t>(fn), reinterpret_cast<std::uintptr_t>(ctx)};
      return true;
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
    Task(work).free(nodes);
  }

  explicit Task(const queue::Work& work) : node_(node_of(work)), has_timed_node_(work.fn == timed_copied) {
    if (job_of(work) != nullptr) return;
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

  // A cell that stands for a task which is run in place: nothing to run (group/README.md).
  static queue::Work tombstone() { return {no_task, 0}; }
  // A function and its context, and nothing else.
  static bool is_bare(const queue::Work& work) { return work.fn > timer_slot; }
  // A task that has a place in the queue, and is nothing but that.
  static bool is_plain(const queue::Work& work) { return work.fn < no_task || is_bare(work); }
  static bool is_tombstone(const queue::Work& work) { return work.fn == no_task; }

 private:
  // In place of a function: what `ctx` is, the node of a task or something else. (0 is an empty cell.)
  enum Kind : std::uintptr_t { copied = 1, pointed, timed_copied, no_task, job_slot, timer_slot };
  static Node* node_of(const queue::Work& work) {
    return work.fn < no_task ? reinterpret_cast<Node*>(work.ctx) : nullptr;
  }

  Node* node_ = nullptr;
  bool has_timed_node_ = false;
};

}  // namespace pool::sched
