// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "sched/task.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

namespace pool::sched {
namespace {

std::int32_t run(void*) { return 0; }
void drop(void*) {}

struct Mallocs {
  static void* take() { return std::malloc(sizeof(Task::Node)); }
  static void give(void* node) { std::free(node); }
} nodes;

TEST(Task, IsItsCellIfItIsPlain) {
  int context[64] = {};  // (g++ cannot see that this is no node, and would find too little room for one)
  queue::Work work;
  ASSERT_TRUE(Task::pack(nodes, run, context, nullptr, 0, work));
  EXPECT_EQ(work.fn, reinterpret_cast<std::uintptr_t>(&run));
  EXPECT_EQ(work.ctx, reinterpret_cast<std::uintptr_t>(&context[0]));
  EXPECT_FALSE(Task::is_tombstone(work));
  Task task(work);
  EXPECT_EQ(task.fn, &run);
  EXPECT_EQ(task.ctx, &context[0]);
  EXPECT_EQ(task.drop, nullptr);
}

TEST(Task, KeepsItsDrop) {
  int context = 0;
  for (void* ctx : {static_cast<void*>(&context), static_cast<void*>(nullptr)}) {
    queue::Work work;
    ASSERT_TRUE(Task::pack(nodes, run, ctx, drop, 0, work));
    EXPECT_NE(work.fn, 0U);
    EXPECT_FALSE(Task::is_tombstone(work));
    Task task(work);
    EXPECT_EQ(task.fn, &run);
    EXPECT_EQ(task.ctx, ctx);
    EXPECT_EQ(task.drop, &drop);
    task.free(nodes);
  }
}

TEST(Task, CopiesItsContext) {
  for (std::size_t size = 1; size <= copy_max; ++size) {
    for (const DropFn with : {static_cast<DropFn>(nullptr), &drop}) {
      unsigned char context[copy_max];
      for (std::size_t i = 0; i < size; ++i) context[i] = static_cast<unsigned char>(size + i);
      queue::Work work;
      ASSERT_TRUE(Task::pack(nodes, run, context, with, size, work));
      std::memset(context, 0, sizeof context);
      Task task(work);
      EXPECT_EQ(task.fn, &run);
      EXPECT_EQ(task.drop, with);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(task.ctx) % 16, 0U);
      const auto* bytes = static_cast<const unsigned char*>(task.ctx);
      for (std::size_t i = 0; i < size; ++i) EXPECT_EQ(bytes[i], static_cast<unsigned char>(size + i));
      task.free(nodes);
    }
  }
}

TEST(Task, IsDiscardedWithoutALeak) {  // LeakSanitizer looks
  int context = 0;
  queue::Work work;
  ASSERT_TRUE(Task::pack(nodes, run, &context, drop, 0, work));
  Task::discard(nodes, work);
  ASSERT_TRUE(Task::pack(nodes, run, &context, nullptr, sizeof context, work));
  Task::discard(nodes, work);
}

TEST(Task, ATombstoneIsNoTask) {
  EXPECT_TRUE(Task::is_tombstone(Task::tombstone()));
  EXPECT_NE(Task::tombstone().fn, 0U);  // a cell with fn 0 is not ready
  Task::discard(nodes, Task::tombstone());
}

}  // namespace
}  // namespace pool::sched
