// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include <future>
#include <random>
#include <thread>
#include <vector>

#include "unit/sched/real_pool.hpp"

namespace pool::sched {
namespace {

class LocalTest : public test::RealPool {};

// A thread that has a Local, until it is asked to end.
class Tenant {
 public:
  explicit Tenant(test::World& world)
      : thread_([this, &world] {
          EXPECT_NE(local_of<System>(world), nullptr);
          has_moved_in_.set_value();
          may_go_.get_future().wait();
        }) {
    has_moved_in_.get_future().wait();
  }
  ~Tenant() {
    may_go_.set_value();
    thread_.join();
  }

 private:
  std::promise<void> has_moved_in_, may_go_;
  std::thread thread_;
};

// What threads leave behind is for the next ones: a program whose threads come and go does not grow.
TEST_F(LocalTest, ThereAreHardlyMoreThanThreadsAtOnce) {
  constexpr std::size_t crowd = 64;
  std::mt19937 random(1);
  std::vector<std::unique_ptr<Tenant>> tenants(crowd);
  for (auto& tenant : tenants) tenant = std::make_unique<Tenant>(world_);
  for (int i = 0; i < 2'000; ++i) {
    auto& tenant = tenants[random() % crowd];
    tenant.reset();
    tenant = std::make_unique<Tenant>(world_);
  }
  EXPECT_LT(world_.locals.high_water(), 2 * crowd);
}

// The short ways of owners rely on the barrier of whoever takes a group from them.
TEST_F(LocalTest, OwnsNothingWithoutABarrier) {
  const auto owns = [this](bool has_barrier) {
    os::has_barrier = has_barrier;
    std::thread([this, has_barrier] {
      Local<System>* const local = local_of<System>(world_);
      ASSERT_NE(local, nullptr);
      EXPECT_EQ(local->owns_next(), has_barrier);
      local->note_shared();
      EXPECT_FALSE(local->owns_next());  // one, after one was taken from it
      EXPECT_EQ(local->owns_next(), has_barrier);
    }).join();
    (void)os::watch_barrier();
  };
  if (os::watch_barrier()) owns(true);
  owns(false);
}

}  // namespace
}  // namespace pool::sched
