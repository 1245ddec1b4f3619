// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "queue/nodes.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <set>
#include <thread>
#include <vector>

namespace pool::queue {
namespace {

constexpr std::size_t per_page = 63;

std::vector<void*> take_some(Nodes& nodes, Nodes::Cache& cache, std::size_t count) {
  std::vector<void*> taken(count);
  for (void*& node : taken) {
    node = nodes.take(cache);
    EXPECT_NE(node, nullptr);
    std::memset(node, 0xab, Nodes::node_size);
  }
  return taken;
}

void give_all(Nodes& nodes, Nodes::Cache& cache, const std::vector<void*>& taken) {
  for (void* const node : taken) nodes.give(cache, node);
}

std::set<std::uintptr_t> pages_of(const std::vector<void*>& taken) {
  std::set<std::uintptr_t> pages;
  for (void* const node : taken) pages.insert(reinterpret_cast<std::uintptr_t>(node) / 4096 * 4096);
  return pages;
}

std::size_t resident(const std::set<std::uintptr_t>& pages) {
  std::size_t count = 0;
  for (const std::uintptr_t page : pages) {
    unsigned char is_there = 0;
    EXPECT_EQ(mincore(reinterpret_cast<void*>(page), 4096, &is_there), 0);
    count += is_there & 1U;
  }
  return count;
}

TEST(Nodes, AreApartAndAligned) {
  const auto nodes = std::make_unique<Nodes>();
  Nodes::Cache cache;
  std::vector<void*> taken = take_some(*nodes, cache, 200'000);  // several chunks
  std::sort(taken.begin(), taken.end());
  for (std::size_t i = 0; i < taken.size(); ++i) {
    const auto at = reinterpret_cast<std::uintptr_t>(taken[i]);
    ASSERT_EQ(at % Nodes::node_size, 0U);
    if (i == 0) continue;
    ASSERT_GE(at - reinterpret_cast<std::uintptr_t>(taken[i - 1]), Nodes::node_size);
  }
  EXPECT_EQ(pages_of(taken).size(), (taken.size() + per_page - 1) / per_page);
}

TEST(Nodes, OfTheOwnPageComeBackAtOnce) {
  const auto nodes = std::make_unique<Nodes>();
  Nodes::Cache cache;
  void* const first = nodes->take(cache);
  nodes->give(cache, first);
  EXPECT_EQ(nodes->take(cache), first);
}

TEST(Nodes, GivenBackByAnotherThreadAreUsedAgain) {
  const auto nodes = std::make_unique<Nodes>();
  Nodes::Cache cache, others;
  const auto first = take_some(*nodes, cache, 10 * per_page);
  give_all(*nodes, others, first);
  nodes->flush(others);
  const auto second = take_some(*nodes, cache, 10 * per_page);
  EXPECT_EQ(pages_of(second), pages_of(first));
}

TEST(Nodes, GiveTheirPagesBackToTheSystem) {
  const auto nodes = std::make_unique<Nodes>();
  Nodes::Cache cache, others;
  const auto taken = take_some(*nodes, cache, 5'000 * per_page);
  const auto pages = pages_of(taken);
  EXPECT_EQ(resident(pages), pages.size());
  give_all(*nodes, others, taken);
  nodes->flush(others);
  EXPECT_LE(resident(pages), 4'097U);  // those that are kept, and the taker's own
  EXPECT_TRUE(nodes->trim_some(10));
  EXPECT_LE(resident(pages), 4'087U);
  EXPECT_FALSE(nodes->trim_some(10'000));
  EXPECT_LE(resident(pages), 65U);
  // They are there again when they are needed.
  EXPECT_EQ(pages_of(take_some(*nodes, cache, 5'000 * per_page)), pages);
  EXPECT_EQ(resident(pages), pages.size());
}

// One node in each page stays with its user: the others are used again.
TEST(Nodes, AroundOneThatStaysAreUsedAgain) {
  const auto nodes = std::make_unique<Nodes>();
  Nodes::Cache cache, others;
  const auto taken = take_some(*nodes, cache, 100 * per_page);
  for (std::size_t i = 0; i < taken.size(); ++i) {
    if (i % per_page != 0) nodes->give(others, taken[i]);
  }
  nodes->flush(others);
  const auto again = take_some(*nodes, cache, 100 * (per_page - 1));
  EXPECT_EQ(pages_of(again), pages_of(taken));
}

// By threads that hand them on and end: nothing is lost that their caches had.
TEST(Nodes, OfThreadsThatEndAreUsedAgain) {
  const auto nodes = std::make_unique<Nodes>();
  std::set<std::uintptr_t> pages;
  for (int round = 0; round < 50; ++round) {
    std::vector<void*> taken;
    std::thread([&] {
      Nodes::Cache cache;
      taken = take_some(*nodes, cache, 5 * per_page + 7);
      nodes->flush(cache);
    }).join();
    pages.merge(pages_of(taken));
    std::thread([&] {
      Nodes::Cache cache;
      give_all(*nodes, cache, taken);
      nodes->flush(cache);
    }).join();
  }
  EXPECT_LE(pages.size(), 7U);
}

}  // namespace
}  // namespace pool::queue
