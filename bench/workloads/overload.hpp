// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The other kind of run of the study: tasks arrive on a schedule, whether the pool keeps up or not.
// bench/study/method.md says what is measured. Beside what cases.hpp needs, an adapter may have
//
//   policy(name, setup)          a full queue does that from now on; false: there is no such policy
//   Group::offer<fn, drop>(ctx)  in place of run<fn>(ctx): false if it was refused, and drop(ctx) when it is over
//   kThreadEach                  it has no pool
//
// Others have one policy, "none": their queue has no bound.
#ifndef POOL_BENCH_OVERLOAD_HPP
#define POOL_BENCH_OVERLOAD_HPP

#include <atomic>
#include <cmath>
#include <semaphore>

#include "cases.hpp"
#include "study_keys.hpp"
#include "study_process.hpp"
#include "study_samples.hpp"
#include "study_work.hpp"

namespace bench {

template <typename Peer>
class Overload {
 public:
  static int main(int count, char** words) {
    OverloadCase its = OverloadCase::read(count, words);
    Setup setup{.workers = its.workers, .other_groups = 0};
    const Setup plain = setup;
    if constexpr (requires { Peer::policy(its.policy, setup); }) {
      setup.capacity = its.capacity;
      if (!Peer::policy(its.policy, setup)) Keys::bad("policy", its.policy);
    } else if (!its.policy.empty() && its.policy != "none") {
      Keys::bad("policy", its.policy);
    }
    work_time = its.ns;
    const double rate = served_per_ns(plain, its);
    run(setup, rate, schedule(rate * its.load, its.limit_ms * 1'000'000));
    return 0;
  }

 private:
  using Group = typename Peer::Group;

  // Full speed: there is always a further task for each worker, and nobody who waits lends a hand. The queue has no
  // part in it, so that the arrivals are the same under all policies. Where each task has a thread of its own, it is
  // the speed of as many at a time as others have workers.
  static double served_per_ns(const Setup& setup, const OverloadCase& its) {
    int64_t served = 0;
    int64_t spent = 0;
    Peer::with(setup, [&](Peer& peer) {
      std::ptrdiff_t at_once = setup.workers;
      if constexpr (!requires { Peer::kThreadEach; }) at_once *= 4;
      std::counting_semaphore<> places(at_once);
      Group group(peer);
      const int64_t start = wall_ns();
      const int64_t end = start + std::max<int64_t>(its.limit_ms * 1'000'000 / 2, 20 * its.ns);
      while (wall_ns() < end) {
        places.acquire();
        group.template run<serve_and_release>(&places);
        served++;
      }
      for (std::ptrdiff_t i = 0; i < at_once; i++) places.acquire();
      spent = wall_ns() - start;
      group.wait();
    });
    return static_cast<double>(served) / static_cast<double>(spent);
  }
  static void serve_and_release(void* places) {
    sleep_ns(work_time);
    static_cast<std::counting_semaphore<>*>(places)->release();
  }

  struct Arrival {
    int64_t due = 0;  // ns, at first from the start on
    int64_t ended = 0;
  };

  // All that are due within the limit, at exponential distances.
  static std::vector<Arrival> schedule(double per_ns, int64_t limit) {
    std::vector<Arrival> arrivals;
    Random random(223);  // one whose distances have nearly their mean in so few arrivals
    double due = 0;
    while ((due += -std::log1p(-random.fraction()) / per_ns) < static_cast<double>(limit)) {
      arrivals.push_back({static_cast<int64_t>(due), 0});
    }
    if (arrivals.empty()) arrivals.push_back({0, 0});
    return arrivals;
  }

  static inline std::atomic<int64_t> finished{0};
  static inline std::atomic<int64_t> dropped{0};

  static void serve(void* ctx) {
    sleep_ns(work_time);
    static_cast<Arrival*>(ctx)->ended = wall_ns();
    finished.fetch_add(1);
  }
  // Called for each that was accepted: for those that have run, too.
  static void drop(void* ctx) {
    if (static_cast<Arrival*>(ctx)->ended == 0) dropped.fetch_add(1);
  }

  // Hands over all that are due, late if the library has kept the caller; none is left out.
  static void run(const Setup& setup, double rate, std::vector<Arrival> arrivals) {
    ThreadWatch threads;
    int64_t refused = 0;
    int64_t start = 0;
    Peer::with(setup, [&](Peer& peer) {
      Group group(peer);
      start = wall_ns();
      for (Arrival& arrival : arrivals) {
        arrival.due += start;
        sleep_until(arrival.due);
        if constexpr (requires { group.template offer<serve, drop>(&arrival); }) {
          if (!group.template offer<serve, drop>(&arrival)) refused++;
        } else {
          group.template run<serve>(&arrival);
        }
        threads.look_sometimes();
      }
      threads.look();
      // Here too nobody lends a hand.
      const auto arrived = static_cast<int64_t>(arrivals.size());
      while (finished.load() + dropped.load() + refused < arrived) sleep_ns(1'000'000);
      group.wait();
    });
    report(rate, arrivals, start, refused + dropped.load(), threads.most());
  }

  static void sleep_until(int64_t time) {
    if (wall_ns() >= time) return;
    const timespec wanted{time / 1'000'000'000, time % 1'000'000'000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wanted, nullptr);
  }

  static void report(double rate, const std::vector<Arrival>& arrivals, int64_t start, int64_t refused,
                     int64_t threads) {
    const auto peak = static_cast<int64_t>(most_resident());
    std::vector<int64_t> late;
    int64_t end = start;
    for (const Arrival& arrival : arrivals) {
      if (arrival.ended == 0) continue;
      late.push_back(arrival.ended - arrival.due);
      end = std::max(end, arrival.ended);
    }
    std::sort(late.begin(), late.end());
    Line line;
    line.add("full_per_s", rate * 1e9);
    const auto seconds = static_cast<double>(std::max<int64_t>(end - start, 1)) / 1e9;
    line.add("served_per_s", static_cast<double>(late.size()) / seconds);
    line.add("arrived", static_cast<int64_t>(arrivals.size()));
    line.add("finished", static_cast<int64_t>(late.size()));
    line.add("refused", refused);
    line.add_percentiles("late", late);
    line.add("rss_peak", peak);
    line.add("threads", threads);
    line.print();
  }
};

}  // namespace bench

#endif  // POOL_BENCH_OVERLOAD_HPP
