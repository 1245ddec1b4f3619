// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "sched/task.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

#include "sched/system.hpp"

namespace pool::sched {
namespace {

std::int32_t run(void*) { return 0; }
void drop(void*) {}

using SystemCallbacks = Callbacks<System>;

struct Mallocs {
  SystemCallbacks known;
  int in_use = 0;
  SystemCallbacks& callbacks() { return known; }
  void* take() {
    ++in_use;
    return std::malloc(sizeof(Task::Node));
  }
  void give(void* node) {
    --in_use;
    std::free(node);
  }
} nodes;

TEST(Task, IsItsCellIfItIsPlain) {
  int context[64] = {};  // (g++ cannot see that this is no node, and would find too little room for one)
  queue::Work work;
  ASSERT_TRUE(Task::pack(nodes, run, context, nullptr, 0, work));
  EXPECT_EQ(work.fn, reinterpret_cast<std::uintptr_t>(&run));
  EXPECT_EQ(work.ctx, reinterpret_cast<std::uintptr_t>(&context[0]));
  EXPECT_FALSE(Task::is_tombstone(work));
  Task task(work, nodes.known);
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
    Task task(work, nodes.known);
    EXPECT_EQ(task.fn, &run);
    EXPECT_EQ(task.ctx, ctx);
    EXPECT_EQ(task.drop, &drop);
    task.free(nodes);
  }
}

// A function or a drop of any address: they are told apart, not called.
template <class Fn>
Fn* at(std::size_t address) {
  return reinterpret_cast<Fn*>(address);  // NOLINT(performance-no-int-to-ptr)
}
constexpr std::size_t somewhere = 0x7f0000401000;
using Fn = std::int32_t(void*);
using Drop = void(void*);

TEST(Task, NeedsNothingBesidesItsCellForADrop) {
  int context = 0;
  queue::Work work[2];
  for (queue::Work& each : work) ASSERT_TRUE(Task::pack(nodes, run, &context, drop, 0, each));
  EXPECT_EQ(nodes.in_use, 0);
  EXPECT_EQ(work[0].fn, work[1].fn);
  EXPECT_FALSE(Task::is_bare(work[0]));  // its drop is to be called
  EXPECT_TRUE(Task::is_plain(work[0]));
}

TEST(Task, KeepsItsDropAlsoIfThereAreMorePairsThanNumbers) {
  Mallocs few;
  int context = 0;
  constexpr std::size_t count = 4 * SystemCallbacks::count;
  queue::Work work[count];
  for (std::size_t i = 0; i < count; ++i) {
    ASSERT_TRUE(
        Task::pack(few, at<Fn>(somewhere + i / 2 * 16), &context, at<Drop>(somewhere + i % 2 * 16), 0, work[i]));
  }
  EXPECT_GT(few.in_use, 0);
  EXPECT_LT(few.in_use, static_cast<int>(count - SystemCallbacks::count / 2));
  for (std::size_t i = 0; i < count; ++i) {
    Task task(work[i], few.known);
    EXPECT_EQ(task.fn, at<Fn>(somewhere + i / 2 * 16));
    EXPECT_EQ(task.drop, at<Drop>(somewhere + i % 2 * 16));
    EXPECT_EQ(task.ctx, &context);
    EXPECT_TRUE(Task::is_plain(work[i]));
    EXPECT_FALSE(Task::is_bare(work[i]));
    task.free(few);
  }
  EXPECT_EQ(few.in_use, 0);
}

TEST(Task, HasANodeWhileItIsTimed) {
  int context = 0;
  queue::Work work;
  ASSERT_TRUE(Task::pack(nodes, run, &context, drop, 0, work, 17));
  Task task(work, nodes.known);
  EXPECT_EQ(task.submitted, 17);
  EXPECT_EQ(task.drop, &drop);
  EXPECT_EQ(nodes.in_use, 1);
  task.free(nodes);
}

TEST(Task, CopiesItsContext) {
  for (std::size_t size = 1; size <= copy_max; ++size) {
    for (const DropFn with : {static_cast<DropFn>(nullptr), &drop}) {
      unsigned char context[copy_max];
      for (std::size_t i = 0; i < size; ++i) context[i] = static_cast<unsigned char>(size + i);
      queue::Work work;
      ASSERT_TRUE(Task::pack(nodes, run, context, with, size, work));
      std::memset(context, 0, sizeof context);
      Task task(work, nodes.known);
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
  EXPECT_EQ(nodes.in_use, 0);
}

TEST(Task, ATombstoneIsNoTask) {
  EXPECT_TRUE(Task::is_tombstone(Task::tombstone()));
  EXPECT_NE(Task::tombstone().fn, 0U);  // a cell with fn 0 is not ready
  Task::discard(nodes, Task::tombstone());
}

}  // namespace
}  // namespace pool::sched
