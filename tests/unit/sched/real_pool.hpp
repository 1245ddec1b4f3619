// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// RealPool: a pool of the system that ships, in a world of its own, whose slots a test can look into.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <list>

#include "sched/apply.hpp"
#include "sched/lifecycle.hpp"
#include "sched/system.hpp"

namespace pool::test {

using World = sched::World<System>;
using Group = group::Group<System>;
using Job = sched::Job<System>;

class RealPool : public ::testing::Test {
 protected:
  RealPool() : world_(make_world()) {
    System::local() = nullptr;  // that of this thread is in another test's world
    open();
  }
  ~RealPool() override { close(); }

  void open() {
    sched::PoolConfig config;
    config.queue_capacity = park::Room<System>::max_capacity;
    index_ = sched::create_pool(world_, config, life_);
  }
  void close() {
    if (index_ == base::nil) return;
    EXPECT_TRUE(sched::shut_down(world_, pool(), life_, false, INT64_MAX));
    EXPECT_TRUE(sched::end_pool(world_, pool(), life_));
    index_ = base::nil;
  }

  sched::Pool<System>& pool() { return *world_.pools.at(index_); }
  Group& group(std::uint32_t index) { return *world_.groups.at(index); }
  std::uint32_t make_group(std::uint32_t& life, group::Config config = {}) {
    config.is_plain = false;
    return sched::create_group(world_, pool(), life_, config, life)->index.load();
  }
  sched::Submitted submit(Group& group, std::uint32_t life, std::int32_t (*fn)(void*), void* ctx) {
    queue::Work work;
    EXPECT_TRUE(sched::Task::pack(sched::TaskNodes<System>(world_), fn, ctx, nullptr, 0, work));
    return sched::Submit<System>(world_, group, life)(work);
  }
  sched::Waited wait(Group& group, std::uint32_t life) {
    return sched::Wait<System>(world_, group, life)(INT64_MAX, true);
  }

  static std::int32_t count(void* counter) {
    static_cast<std::atomic<int>*>(counter)->fetch_add(1);
    return 0;
  }

  World& world_;
  std::uint32_t index_ = base::nil;
  std::uint32_t life_ = 0;

 private:
  // The library never destroys its world. Kept where a search for leaks finds them.
  static World& make_world() {
    static auto* const worlds = new std::list<World*>;
    return *worlds->emplace_back(new World);
  }
};

}  // namespace pool::test
