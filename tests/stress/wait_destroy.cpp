// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Submit, wait, destroy in a tight loop from several threads: the last task must not touch a group that has ended, and
// contexts on the caller's stack are safe once the destroy returns.
#include "stress.hpp"

using namespace stress;

namespace {

struct Context {
  int* value;
  pool_group_t group;
  int children;
};

std::int32_t work(void* ctx) {
  auto* context = static_cast<Context*>(ctx);
  __atomic_fetch_add(context->value, 1, __ATOMIC_RELAXED);
  if (context->children-- > 0) OK(pool_group_submit(context->group, work, context));
  return 0;
}

void one_round(pool_t pool, Random& random) {
  const pool_group_t group = make_group(pool);
  int value = 0;
  int expected = 0;
  Context contexts[4];
  const auto tasks = 1 + random.below(4);
  for (std::uint32_t i = 0; i < tasks; ++i) {
    const auto children = static_cast<int>(random.below(3));
    contexts[i] = {&value, group, children};
    expected += 1 + children;
    OK(pool_group_submit(group, work, &contexts[i]));
  }
  switch (random.below(3)) {
    case 0:
      OK(pool_group_wait(group));
      break;
    case 1:
      OK(pool_group_wait_for(group, INT64_MAX));
      break;
    default:
      break;
  }
  OK(pool_group_destroy(group));
  CHECK(value == expected);
  value = -1;  // plain: a task that is still there is a race
}

}  // namespace

int main(int argc, char** argv) {
  begin(argc, argv);
  for (const std::uint32_t workers : worker_counts) {
    const pool_t pool = make_pool(workers);
    in_threads(3, [&](int thread) {
      Random random(workers * 10 + static_cast<std::uint32_t>(thread));
      for (int i = 0; i < scaled(20'000); ++i) one_round(pool, random);
    });
    CHECK(stats_of(pool).queued == 0);
    OK(pool_destroy(pool));
  }
}
