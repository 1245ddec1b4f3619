// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The cases that only libpool has, or that it does in another way than the peers.
#include "ours.hpp"
#include "ours_bounded.hpp"
#include "ours_sleepers.hpp"
#include "program.hpp"

#include <pool/pool.hpp>

#include "fib.h"

namespace bench {
namespace {

void fib_from_c_case(const char* name, pool_drop_fn drop) {
  constexpr int64_t kCalls = Cases<Ours>::kFibCalls;
  Ours::with({}, [&](Ours& peer) {
    time_each(name, 10 * kCalls, [&](int64_t calls) {
      for (int64_t i = 0; i < calls; i += kCalls) {
        if (fib_from_c(peer.pool, 24, drop) != 46368) std::abort();
      }
    });
  });
}

// As flood, each task with a context that has a drop.
void flood_drop_case(const char* name) {
  Ours::with({}, [&](Ours& peer) {
    pool_task_t task;
    check(pool_task_init(&task, sizeof task));
    task.fn = Ours::Group::task<nothing>;
    task.ctx = &peer;
    task.drop = nothing;
    time_each(name, rounds(1'000'000), [&](int64_t count) {
      Ours::Group group(peer);
      for (int64_t i = 0; i < count; i++) check(pool_group_submit_task(group.handle, &task));
      group.wait();
    });
  });
}

// 10^6 queued tasks whose 48 bytes of context are copied, with a drop.
void queued_context_case(const char* name) {
  constexpr int64_t kTasks = 1'000'000;
  Ours::with({.capacity = 2 * kTasks, .idle_timeout = 1'000'000'000}, [&](Ours& peer) {
    Blocker blocker;
    Ours::Group group(peer);
    blocker.block(group, 2);
    unsigned char context[48] = {};
    pool_task_t task;
    check(pool_task_init(&task, sizeof task));
    task.fn = Ours::Group::task<nothing>;
    task.ctx = context;
    task.copy_size = sizeof context;
    task.drop = nothing;
    const double before = resident();
    for (int64_t i = 0; i < kTasks; i++) check(pool_group_submit_task(group.handle, &task));
    print(name, (resident() - before) / kTasks);
    blocker.release();
    group.wait();
    sleep_ns(3'000'000'000);
    print((std::string(name) + "-left").c_str(), std::max((resident() - before) / kTasks, 0.0));
  });
}

// 10^5 groups alive, new ones (used: each has run a task).
void group_bytes_case(const char* name, bool used) {
  constexpr int kGroups = 100'000;
  Ours::with({}, [&](Ours& peer) {
    std::vector<pool_group_t> groups(kGroups, pool_group_t{1});
    const double before = resident();
    for (pool_group_t& group : groups) {
      check(pool_group_create(peer.pool, nullptr, &group));
      if (!used) continue;
      check(pool_group_submit(group, Ours::Group::task<nothing>, nullptr));
      check(pool_group_wait(group));
    }
    print(name, (resident() - before) / kGroups);
  });
}

struct Capture {  // 24 bytes
  int64_t* sum;
  int64_t a;
  int64_t b;
};
int64_t sink[3];
int32_t add(void* ctx) {
  const auto* capture = static_cast<const Capture*>(ctx);
  *capture->sum = capture->a + capture->b;
  return 0;
}

// The workers are in a system call, so that it is the calls that are timed: submit so many, then run them in the wait.
template <typename Submit>
void closure_case(const char* name, Submit submit) {
  Ours::with({}, [&](Ours& peer) {
    Blocker blocker;
    Ours::Group blocked(peer);
    blocker.block(blocked, 2);
    {
      Ours::Group group(peer);
      time_each(name, rounds(2'000'000), [&](int64_t count) {
        for (int64_t done = 0; done < count; done += 1'000) {
          for (int64_t i = 0; i < 1'000; i++) submit(group.handle, Capture{&sink[0], done, i});
          group.wait();
        }
      });
    }
    blocker.release();
    blocked.wait();
  });
}

void closure_cpp_case(const char* name) {
  closure_case(name, [](pool_group_t handle, const Capture& c) {
    pool::group_ref(handle).submit([sum = c.sum, a = c.a, b = c.b] { *sum = a + b; });
  });
}

void closure_c_case(const char* name) {
  closure_case(name, [](pool_group_t handle, const Capture& capture) {
    Capture copied = capture;
    pool_task_t task;
    check(pool_task_init(&task, sizeof task));
    task.fn = add;
    task.ctx = &copied;
    task.copy_size = sizeof copied;
    check(pool_group_submit_task(handle, &task));
  });
}

// How long a second group's lone task stays behind `groups` with `each` tasks of 1 us; nobody waits meanwhile.
void fairness_case(const char* name, int groups, int64_t each) {
  Ours::with({.capacity = 20'000'000}, [&](Ours& peer) {
    std::vector<int64_t> samples;
    const int64_t wanted = rounds(2'000);
    int64_t cpu = 0;
    while (static_cast<int64_t>(samples.size()) < wanted) {
      std::vector<pool_group_t> crowd(static_cast<std::size_t>(groups));
      for (pool_group_t& group : crowd) {
        check(pool_group_create(peer.pool, nullptr, &group));
        for (int64_t i = 0; i < each; i++)
          check(pool_group_submit(group, Ours::Group::task<spin_task<1'000>>, nullptr));
      }
      Ours::Group lone(peer);
      pool_group_stats_t stats{};
      const int64_t start = cpu_ns();
      // As long as the last of them has half of its tasks, all of them have work.
      do {
        std::atomic<int64_t> started{0};
        const int64_t submitted = wall_ns();
        lone.run<note_start>(&started);
        do {
          sleep_ns(500'000);
        } while (started.load() == 0);
        samples.push_back(started.load() - submitted);
        check(pool_group_stats(crowd.back(), &stats, sizeof stats));
      } while (stats.queued > static_cast<uint64_t>(each) / 2 && static_cast<int64_t>(samples.size()) < wanted);
      cpu += cpu_ns() - start;
      for (const pool_group_t group : crowd) check(pool_group_cancel(group));
      for (const pool_group_t group : crowd) check(pool_group_destroy(group));
    }
    std::sort(samples.begin(), samples.end());
    const double each_cpu = static_cast<double>(cpu) / static_cast<double>(samples.size());
    print((std::string(name) + "-p50").c_str(), static_cast<double>(samples[samples.size() / 2]), each_cpu);
    print(name, static_cast<double>(samples[samples.size() * 99 / 100]), each_cpu);
  });
}

void block_in_section() {
  check(pool_blocking_begin());
  Cases<Ours>::block_5ms();
  check(pool_blocking_end());
}

// "CASE-timed-N": that case with `timing` on, for one task in N.
bool run_timed(const std::string& name) {
  const std::size_t at = name.rfind("-timed-");
  if (at == std::string::npos) return false;
  const Setup setup = {.timing = static_cast<unsigned>(std::stoul(name.substr(at + 7)))};
  return Cases<Ours>::run_plain(name.substr(0, at), name.c_str(), setup);
}

bool run(const std::string& name) {
  const char* text = name.c_str();
  if (run_timed(name)) return true;
  if (name == "mixed-blocking") return Cases<Ours>::mixed_case<block_in_section>(text, {.burst_workers = 30}), true;
  if (name == "fib24") return fib_from_c_case(text, nullptr), true;
  if (name == "fib24-drop") return fib_from_c_case(text, nothing), true;
  if (name == "flood-drop") return flood_drop_case(text), true;
  if (name == "queued-bytes-ctx48") return queued_context_case(text), true;
  if (name == "group-bytes") return group_bytes_case(text, false), true;
  if (name == "group-bytes-used") return group_bytes_case(text, true), true;
  if (name == "closure") return closure_cpp_case(text), true;
  if (name == "closure-c") return closure_c_case("closure"), true;
  if (name == "fairness") return fairness_case(text, 1, 1'000'000), true;
  if (name == "fairness-100") return fairness_case(text, 100, 20'000), true;
  return run_sleepers(name) || Cases<Ours>::run(name);
}

int run_case(int argc, char** argv) {
  if (argc == 2 && run(argv[1])) return 0;
  std::fprintf(stderr, "usage: %s CASE, or study or overload with KEY=VALUE...\n", argv[0]);
  return 2;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  return bench::run_program<bench::Ours, bench::OursBounded>(argc, argv, bench::run_case);
}
