// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The cases, once, over whatever library an adapter wraps. An adapter is a class Peer with
//
//   static void with(const Setup&, body)   makes a pool and calls body(Peer&)
//   void enter(body)                       calls body() on a further thread that submits
//   struct Group                           Group(Peer&); run<fn>(ctx) submits fn(ctx); wait(); its end ends the group
//   kShare                                 it takes 1 / kShare of the rounds
//
// A case that an adapter cannot do is one that runner/cases.py does not ask it for.
#ifndef POOL_BENCH_CASES_HPP
#define POOL_BENCH_CASES_HPP

#include <atomic>
#include <string_view>
#include <thread>

#include "measure.hpp"

namespace bench {

struct Setup {
  int workers = default_workers();  // threads of the pool, besides those that submit
  int submitters = 1;               // threads that submit
  unsigned capacity = 0;            // most queued tasks; 0: the library's default
  bool eager = false;               // wake a worker for each task (libpool)
  int64_t idle_timeout = 0;         // ns; 0: the library's default (libpool)
  unsigned burst_workers = 0;       // further threads for a while (libpool)
  unsigned timing = 0;              // one task in so many is timed (libpool)
  unsigned overflow = 0;            // what a full queue does, POOL_OVERFLOW_*; 0: the library's default (libpool)
  int other_groups = 1'000;         // groups that are alive besides (libpool)
};

inline void nothing(void* /*ctx*/) {}
template <int64_t ns>
void spin_task(void* /*ctx*/) {
  spin(ns);
}
inline void note_start(void* ctx) { static_cast<std::atomic<int64_t>*>(ctx)->store(wall_ns()); }

// Blocks in a system call until the pipe is closed.
class Blocker {
 public:
  Blocker() {
    if (pipe(ends_) != 0) std::abort();
  }
  ~Blocker() { close(ends_[0]); }
  Blocker(const Blocker&) = delete;
  Blocker& operator=(const Blocker&) = delete;

  static void task(void* ctx) {
    char byte = 0;
    static_cast<Blocker*>(ctx)->blocked_.fetch_add(1);
    if (read(static_cast<Blocker*>(ctx)->ends_[0], &byte, 1) > 0) std::abort();
  }
  // Blocks so many workers by a group that is not waited for before release().
  template <typename Group>
  void block(Group& group, int workers) {
    for (int i = 0; i < workers; i++) {
      group.template run<&task>(this);
      while (blocked_.load() <= i) sleep_ns(100'000);
    }
  }
  void release() { close(ends_[1]); }

 private:
  int ends_[2] = {};
  std::atomic<int> blocked_{0};
};

template <typename Peer>
struct Cases {
  using Group = typename Peer::Group;

  static int64_t share(int64_t count) { return std::max<int64_t>(rounds(count) / Peer::kShare, 1); }

  // One thread's part: one group, so many tasks, wait.
  template <void (*task)(void*)>
  static void flood(Peer& peer, int64_t count) {
    Group group(peer);
    for (int64_t i = 0; i < count; i++) group.template run<task>(nullptr);
    group.wait();
  }

  template <void (*task)(void*)>
  static void flood_case(const char* name, const Setup& setup, int64_t count) {
    Peer::with(setup, [&](Peer& peer) { time_each(name, share(count), [&](int64_t n) { flood<task>(peer, n); }); });
  }

  // `submitters` threads at once, this one among them.
  template <typename Body>
  static void all_submit(Peer& peer, int submitters, Body body) {
    std::vector<std::thread> others;
    for (int i = 1; i < submitters; i++) others.emplace_back([&] { peer.enter(body); });
    body();
    for (std::thread& other : others) other.join();
  }

  static void submitters_case(const char* name, const Setup& setup, bool one_group) {
    Peer::with(setup, [&](Peer& peer) {
      time_each(name, share(1'000'000), [&](int64_t count) {
        const int64_t each = std::max<int64_t>(count / setup.submitters, 1);
        if (!one_group) return all_submit(peer, setup.submitters, [&] { flood<nothing>(peer, each); });
        Group group(peer);
        all_submit(peer, setup.submitters, [&] {
          for (int64_t i = 0; i < each; i++) group.template run<nothing>(nullptr);
        });
        group.wait();
      });
    });
  }

  template <void (*task)(void*)>
  static void fan3_case(const char* name, const Setup& setup, int64_t count) {
    Peer::with(setup, [&](Peer& peer) {
      time_each(name, share(count), [&](int64_t n) {
        for (int64_t i = 0; i < n; i++) flood<task>(peer, 3);
      });
    });
  }

  struct Fib {
    Peer* peer;
    int n;
    long result;
  };
  static void fib_task(void* ctx) {
    auto* call = static_cast<Fib*>(ctx);
    call->result = fib(*call->peer, call->n);
  }
  static long fib(Peer& peer, int n) {
    if (n < 2) return n;
    Fib left{&peer, n - 1, 0};
    Group group(peer);
    group.template run<fib_task>(&left);
    const long right = fib(peer, n - 2);
    group.wait();
    return left.result + right;
  }
  static constexpr int64_t kFibCalls = 150'049;  // of fib(24)
  static void fib_case(const char* name) {
    Peer::with({}, [&](Peer& peer) {
      time_each(name, 10 * kFibCalls, [&](int64_t calls) {
        for (int64_t i = 0; i < calls; i += kFibCalls) {
          if (fib(peer, 24) != 46368) std::abort();
        }
      });
    });
  }

  // From the submit of a lone task to its start, with about 1 ms before the next; nobody waits in the library.
  static void lone_start_case(const char* name, const Setup& setup, int busy, bool spinning) {
    Peer::with(setup, [&](Peer& peer) {
      Blocker blocker;
      Group blocked(peer);
      Group group(peer);
      blocker.block(blocked, busy);
      std::vector<int64_t> samples;
      const int64_t count = rounds(2'000);
      constexpr int64_t kGap = 1'000'000;
      int64_t cpu = cpu_ns();
      for (int64_t i = -count / 10; i < count; i++) {
        if (i == 0) cpu = cpu_ns();
        std::atomic<int64_t> started{0};
        const int64_t submitted = wall_ns();
        group.template run<note_start>(&started);
        do {
          spinning ? spin(kGap) : sleep_ns(kGap);
        } while (started.load() == 0);
        if (i >= 0) samples.push_back(std::max<int64_t>(started.load() - submitted, 0));
      }
      print_percentiles(name, samples, static_cast<double>(cpu_ns() - cpu) / static_cast<double>(count));
      group.wait();
      blocker.release();
      blocked.wait();
    });
  }

  // Submit one, wait; every worker is in a system call, so that there is nobody to wake.
  static void submit_wait_case(const char* name, int busy) {
    Peer::with({}, [&](Peer& peer) {
      Blocker blocker;
      Group blocked(peer);
      blocker.block(blocked, busy);
      {
        Group group(peer);
        time_each(name, share(500'000), [&](int64_t count) {
          for (int64_t i = 0; i < count; i++) {
            group.template run<nothing>(nullptr);
            group.wait();
          }
        });
      }
      blocker.release();
      blocked.wait();
    });
  }

  // Context switches and CPU ns of all threads but the one that sleeps, after work and `pause`.
  static void idle_case(const char* name, const Setup& setup, int64_t pause) {
    Peer::with(setup, [&](Peer& peer) {
      flood<spin_task<1'000>>(peer, 10'000);
      sleep_ns(pause);
      const Activity before = activity_of_others();
      sleep_ns(quick() ? 2'000'000'000 : 10'000'000'000);
      const Activity after = activity_of_others();
      print(name, after.switches - before.switches, after.cpu - before.cpu);
    });
  }

  static void queued_bytes_case(const char* name) {
    constexpr int64_t kTasks = 1'000'000;
    // Memory goes back with the threads that idle.
    Peer::with({.capacity = 2 * kTasks, .idle_timeout = 1'000'000'000}, [&](Peer& peer) {
      flood<nothing>(peer, 1'000);
      Blocker blocker;
      Group group(peer);
      blocker.block(group, 2);
      const double before = resident();
      for (int64_t i = 0; i < kTasks; i++) group.template run<nothing>(nullptr);
      print(name, (resident() - before) / kTasks);
      blocker.release();
      group.wait();
      sleep_ns(3'000'000'000);
      print((std::string(name) + "-left").c_str(), std::max((resident() - before) / kTasks, 0.0));
    });
  }

  static void group_cycle_case(const char* name) {
    Peer::with({}, [&](Peer& peer) {
      time_each(name, rounds(2'000'000), [&](int64_t count) {
        for (int64_t i = 0; i < count; i++) Group group(peer);
      });
    });
  }

  // 1000 tasks of 10 ms, in ms.
  static void blocking_case(const char* name, const Setup& setup) {
    Peer::with(setup, [&](Peer& peer) {
      Group group(peer);
      const int64_t cpu = cpu_ns();
      const int64_t wall = wall_ns();
      for (int i = 0; i < 1'000; i++) group.template run<sleep_task>(nullptr);
      wait_aside(group);  // the 32 workers alone, as in the ideal
      print(name, static_cast<double>(wall_ns() - wall) / 1e6, static_cast<double>(cpu_ns() - cpu) / 1e6);
    });
  }
  static void sleep_task(void* /*ctx*/) { sleep_ns(10'000'000); }

  // Half of 1000 tasks block for 5 ms, the others compute for 1 ms, in turn; in ms. Also how many were at it at once.
  template <void (*block)()>
  static void mixed_case(const char* name, const Setup& setup) {
    Peer::with(setup, [&](Peer& peer) {
      at_once = most_at_once = 0;
      Group group(peer);
      const int64_t cpu = cpu_ns();
      const int64_t wall = wall_ns();
      for (int i = 0; i < 500; i++) {
        group.template run<mixed_task<block>>(nullptr);
        group.template run<mixed_task<compute_1ms>>(nullptr);
      }
      wait_aside(group);
      print(name, static_cast<double>(wall_ns() - wall) / 1e6, static_cast<double>(cpu_ns() - cpu) / 1e6);
      print((std::string(name) + "-threads").c_str(), most_at_once.load());
    });
  }
  static void block_5ms() { sleep_ns(5'000'000); }
  static void compute_1ms() { burn(1'000'000); }
  template <void (*part)()>
  static void mixed_task(void* /*ctx*/) {
    const int now = at_once.fetch_add(1) + 1;
    for (int most = most_at_once; now > most && !most_at_once.compare_exchange_weak(most, now);) {
    }
    part();
    at_once.fetch_sub(1);
  }
  static inline std::atomic<int> at_once{0};
  static inline std::atomic<int> most_at_once{0};

  // Without a hand of the thread that waits, where that can be had.
  static void wait_aside(Group& group) {
    if constexpr (requires { group.wait_aside(); }) {
      group.wait_aside();
    } else {
      group.wait();
    }
  }

  // The cases that are measured with several settings.
  static bool run_plain(std::string_view name, const char* text, const Setup& setup) {
    if (name == "flood") return flood_case<nothing>(text, setup, 1'000'000), true;
    if (name == "fan3") return fan3_case<nothing>(text, setup, 100'000), true;
    if (name == "tasks-1us") return flood_case<spin_task<1'000>>(text, setup, 200'000), true;
    return false;
  }

  // Runs the case of that name; false if there is none.
  static bool run(const std::string& name) {
    const char* text = name.c_str();
    if (run_plain(name, text, {})) return true;
    if (name == "submitters-2") return submitters_case(text, {.submitters = 2}, false), true;
    if (name == "submitters-4") return submitters_case(text, {.submitters = 4}, true), true;
    if (name == "fan3-5us") return fan3_case<spin_task<5'000>>(text, {}, 20'000), true;
    if (name == "fan3-5us-w4") return fan3_case<spin_task<5'000>>(text, {.workers = 4}, 20'000), true;
    if (name == "fan3-5us-w8") return fan3_case<spin_task<5'000>>(text, {.workers = 8}, 20'000), true;
    if (name == "fib24") return fib_case(text), true;
    if (name == "flood-bounded") return flood_case<nothing>(text, {.capacity = 1024}, 1'000'000), true;
    if (name == "flood-bounded-4") return submitters_case(text, {.submitters = 4, .capacity = 1024}, true), true;
    if (name == "lone-start") return lone_start_case(text, {}, 0, false), true;
    if (name == "lone-start-spin") return lone_start_case(text, {}, 0, true), true;
    if (name == "lone-start-busy") return lone_start_case(text, {}, 1, false), true;
    if (name == "lone-start-busy-eager") return lone_start_case(text, {.eager = true}, 1, false), true;
    if (name == "lone-start-busy-spin") return lone_start_case(text, {}, 1, true), true;
    if (name == "submit-wait") return submit_wait_case(text, 2), true;
    if (name == "submit-wait-idle") return submit_wait_case(text, 0), true;
    if (name == "idle") return idle_case(text, {.idle_timeout = 60'000'000'000}, 200'000'000), true;
    if (name == "idle-left") return idle_case(text, {.idle_timeout = 500'000'000}, 2'000'000'000), true;
    if (name == "queued-bytes") return queued_bytes_case(text), true;
    if (name == "group-cycle") return group_cycle_case(text), true;
    if (name == "blocking") return blocking_case(text, {.workers = 32}), true;
    if (name == "blocking-burst") return blocking_case(text, {.workers = 2, .burst_workers = 30}), true;
    if (name == "mixed-fixed") return mixed_case<block_5ms>(text, {}), true;
    if (name == "mixed-burst") return mixed_case<block_5ms>(text, {.burst_workers = 30}), true;
    if (name == "mixed-blocking") return mixed_case<block_5ms>(text, {.burst_workers = 30}), true;
    return false;
  }

  static int main(int argc, char** argv) {
    if (argc == 2 && run(argv[1])) return 0;
    std::fprintf(stderr, "usage: %s CASE, or study or overload with KEY=VALUE...\n", argv[0]);
    return 2;
  }
};

}  // namespace bench

#endif  // POOL_BENCH_CASES_HPP
