// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Nested fork and join: every task waits for the group of its children, on pools of any size, also with a queue that is
// always full, where children run in place.
#include "stress.hpp"

using namespace stress;

namespace {

struct Node {
  pool_t pool;
  int depth;
  std::uint32_t shape;
  std::uint64_t sum;
};

std::int32_t visit(void* ctx) {
  auto* node = static_cast<Node*>(ctx);
  node->sum = 1;
  if (node->depth == 0) return 0;
  const std::uint32_t children = 1 + node->shape % 3;
  Node parts[3];
  const pool_group_t group = make_group(node->pool);
  for (std::uint32_t i = 0; i < children; ++i) {
    parts[i] = {node->pool, node->depth - 1, node->shape * 2654435761U + i * 40503U + 1, 0};
    const pool_status_t status = pool_group_submit(group, visit, &parts[i]);
    // Refused at 64 tasks in place inside each other.
    if (status == POOL_EFULL) {
      visit(&parts[i]);
    } else {
      OK(status);
    }
  }
  if (node->shape % 2 == 0) OK(pool_group_wait(group));
  OK(pool_group_destroy(group));
  for (std::uint32_t i = 0; i < children; ++i) node->sum += parts[i].sum;
  return 0;
}

std::uint64_t expected(int depth, std::uint32_t shape) {
  std::uint64_t sum = 1;
  if (depth == 0) return sum;
  for (std::uint32_t i = 0; i < 1 + shape % 3; ++i) sum += expected(depth - 1, shape * 2654435761U + i * 40503U + 1);
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  begin(argc, argv);
  Random random(0);
  for (const std::uint32_t workers : worker_counts) {
    for (const std::uint32_t capacity : {0U, 1U, 3U}) {
      const pool_t pool = make_pool(workers, capacity);
      const pool_group_t group = make_group(pool);
      for (int i = 0; i < scaled(40); ++i) {
        Node roots[2];
        for (Node& root : roots) {
          root = {pool, 8, random.below(UINT32_MAX), 0};
          OK(pool_group_submit(group, visit, &root));
        }
        OK(pool_group_wait(group));
        for (const Node& root : roots) CHECK(root.sum == expected(8, root.shape));
      }
      CHECK(stats_of(pool).queued == 0);
      const pool_group_stats_t stats = stats_of(group);
      CHECK(stats.succeeded == stats.submitted);
      OK(pool_destroy(pool));
    }
  }
}
