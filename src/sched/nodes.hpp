// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// TaskNodes: where the nodes of tasks come from and go to, for the calling thread, and what saves one.
#pragma once

#include "base/sanitizer.hpp"
#include "sched/local.hpp"
#include "sched/pool.hpp"
#include "sched/task.hpp"

namespace pool::sched {

template <class Sys>
class TaskNodes {
  using Nodes = typename Sys::Nodes;
  static_assert(sizeof(Task::Node) <= Nodes::node_size);

 public:
  explicit TaskNodes(World<Sys>& world) : world_(world) {}

  Callbacks<Sys>& callbacks() { return world_.callbacks; }
  void* take() {
    return with_cache([this](typename Nodes::Cache& mine) { return world_.nodes.take(mine); });
  }
  void give(void* node) {
    with_cache([this, node](typename Nodes::Cache& mine) { return world_.nodes.give(mine, node), nullptr; });
  }

 private:
  template <class Use>
  void* with_cache(Use&& use) {
    if (Local<Sys>* const local = local_of<Sys>(world_)) [[likely]] {
      void* const node = use(local->nodes);
      base::leave_behind(local);
      return node;
    }
    typename Nodes::Cache none;
    void* const node = use(none);
    world_.nodes.flush(none);
    return node;
  }

  World<Sys>& world_;
};

}  // namespace pool::sched
