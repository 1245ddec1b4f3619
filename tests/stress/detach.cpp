// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Groups that are let go of while their tasks are queued, running, submitting and waited for; their slots are reused.
#include "stress.hpp"

using namespace stress;

namespace {

struct Child {
  pool_group_t group;
  Jobs* jobs;
  int first;
};

// Submits to its own group, which may have been detached meanwhile.
std::int32_t have_children(void* ctx) {
  auto* child = static_cast<Child*>(ctx);
  for (int i = 0; i < 2; ++i) {
    const pool_status_t status = (*child->jobs)[child->first + i].submit(child->group);
    CHECK(status == POOL_OK || status == POOL_EBADHANDLE);
  }
  return 0;
}

void one_thread(pool_t pool, Jobs& jobs, std::vector<Child>& children, int rounds, int thread) {
  Random random(static_cast<std::uint32_t>(thread));
  for (int i = 0; i < rounds; ++i) {
    const int at = thread * rounds + i;
    const pool_group_t group = make_group(pool);
    Child& child = children[static_cast<std::size_t>(at)];
    child = {group, &jobs, at * 4};
    OK(pool_group_submit(group, have_children, &child));
    OK(jobs[at * 4 + 2].submit(group));
    if (random.chance(50)) OK(jobs[at * 4 + 3].submit(group));
    switch (random.below(4)) {
      case 0: {
        std::thread waiter([group] {
          const pool_status_t status = pool_group_wait(group);
          CHECK(status == POOL_OK || status == POOL_ECLOSED || status == POOL_EBADHANDLE);
        });
        OK(pool_group_detach(group));
        waiter.join();
        break;
      }
      case 1:
        (void)pool_group_wait_for(group, random.below(20'000));
        OK(pool_group_detach(group));
        break;
      default:
        OK(pool_group_detach(group));
        break;
    }
    CHECK_STATUS(pool_group_detach(group), POOL_EBADHANDLE);
  }
}

}  // namespace

int main(int argc, char** argv) {
  begin(argc, argv);
  for (const std::uint32_t workers : worker_counts) {
    constexpr int threads = 3;
    const int rounds = scaled(3'000);
    const pool_t pool = make_pool(workers);
    Jobs jobs(threads * rounds * 4);
    std::vector<Child> children(static_cast<std::size_t>(threads * rounds));
    in_threads(threads, [&](int thread) { one_thread(pool, jobs, children, rounds, thread); });
    OK(pool_destroy(pool));
    jobs.check(false);
  }
}
