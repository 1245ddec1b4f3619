// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// One run of the study, over whatever library an adapter (see cases.hpp) wraps: rounds of groups of tasks, and how long
// and how much memory they take. bench/study/method.md says what is measured. Beside what cases.hpp needs, an adapter
// may have
//
//   kMostSubmitters            no more threads than that can submit
//   Group::start<Task>(ctx)    in place of run<Task::run>(ctx), for tasks that are no plain functions
//   Group::flush()             the group's last task was handed over
//   OnlyWork                   the one kind of work that it can do
#ifndef POOL_BENCH_STUDY_HPP
#define POOL_BENCH_STUDY_HPP

#include <memory>
#include <new>
#include <type_traits>

#include "cases.hpp"
#include "study_crew.hpp"
#include "study_keys.hpp"
#include "study_process.hpp"
#include "study_samples.hpp"
#include "study_work.hpp"

namespace bench {

// All tasks have this one function, so that those that are looked at can share a batch with the others. Its context is
// twice the task's number, or one more than the address of a sample.
template <typename Kind>
struct StudyTask {
  using Work = Kind;
  static void* context(uint64_t number) { return reinterpret_cast<void*>(static_cast<uintptr_t>(number) << 1); }
  static void* context(Sample* sample) { return reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(sample) | 1); }

  // The task's first instructions; its number.
  static uint64_t begin(void* ctx) {
    const auto bits = reinterpret_cast<uintptr_t>(ctx);
    if ((bits & 1) == 0) return bits >> 1;
    auto* sample = reinterpret_cast<Sample*>(bits & ~uintptr_t{1});
    sample->set_end(wall_ns());
    return sample->number;
  }
  static void run(void* ctx) { Work::run(begin(ctx)); }
};

// One thread that submits.
template <typename Peer>
class Submitter {
 public:
  Submitter(const StudyCase& its, int index)
      : case_(its),
        first_task_(static_cast<uint64_t>(index)),
        round_(its.groups_of(index) * its.fan_out),
        wanted_(its.tasks_of(index)),
        tasks_(std::max<std::size_t>(kSamples / static_cast<std::size_t>(its.submitters), 64)),
        groups_(std::max<std::size_t>(kSamples / static_cast<std::size_t>(its.submitters), 64)),
        open_(static_cast<std::size_t>(its.groups_of(index))) {
    // About how long a task takes, before there is anything better.
    const double each = std::max(static_cast<double>(work_time), 400.0);
    tasks_.begin(wanted_, each);
    groups_.begin(wanted_ / its.fan_out, each * static_cast<double>(its.fan_out));
  }

  // Rounds until that time; no more tasks than `most`. Returns how many they were.
  template <typename Work>
  int64_t run(Peer& peer, int64_t most, int64_t end) {
    const int64_t start = wall_ns();
    int64_t done = 0;
    next_task_ = first_task_;
    next_group_ = 0;
    for (Pace pace(end); done < most && !pace.is_over();) {
      const int64_t count = std::min(round_, most - done);
      run_round<Work>(peer, count);
      done += count;
    }
    last_ = {done, wall_ns() - start};
    return done;
  }

  // The untimed part. What it took says how many tasks there will be, and so which ones are looked at.
  template <typename Work>
  void warm_up(Peer& peer) {
    run<Work>(peer, INT64_MAX, wall_ns() + limit() / 10);
    const double each = static_cast<double>(last_.ns) / static_cast<double>(last_.tasks);
    const auto count = static_cast<int64_t>(static_cast<double>(limit()) / each);
    tasks_.begin(count, each);
    groups_.begin(count / case_.fan_out, each * static_cast<double>(case_.fan_out));
  }
  template <typename Work>
  int64_t run_timed(Peer& peer) {
    if (case_.tasks != 0) return run<Work>(peer, wanted_, INT64_MAX);
    return run<Work>(peer, INT64_MAX, wall_ns() + limit());
  }
  // No further run. Gives back the memory of the groups, of which there is none any more.
  void end() { open_.release(); }

  const Samples& tasks() const { return tasks_; }
  const Samples& groups() const { return groups_; }
  ThreadWatch threads;  // of the first submitter alone

 private:
  static constexpr std::size_t kSamples = 20'000;  // of all threads together

  struct Open {
    explicit Open(Peer& peer) : group(peer) {}
    Sample* look = nullptr;
    typename Peer::Group group;
  };
  struct Last {
    int64_t tasks = 0;
    int64_t ns = 0;
  };

  int64_t limit() const { return case_.limit_ms * 1'000'000; }

  template <typename Work>
  void run_round(Peer& peer, int64_t count) {
    tasks_.make_room(count);
    groups_.make_room(count / case_.fan_out + 1);
    std::size_t groups = 0;
    for (int64_t left = count; left > 0; left -= case_.fan_out) {
      fill<Work>(*new (open_.at(groups++)) Open(peer), std::min(left, case_.fan_out));
    }
    if (first_task_ == 0) threads.look_sometimes();
    for (std::size_t i = 0; i < groups; i++) {
      Open* open = std::launder(static_cast<Open*>(open_.at(i)));
      open->group.wait();
      if (open->look != nullptr) open->look->set_end(wall_ns());
      open->~Open();
    }
  }

  template <typename Work>
  void fill(Open& open, int64_t count) {
    using Task = StudyTask<Work>;
    open.look = groups_.look(next_group_++);
    if (open.look != nullptr) open.look->ns = wall_ns();
    for (int64_t i = 0; i < count; i++) {
      const uint64_t number = next_task_;
      next_task_ += static_cast<uint64_t>(case_.submitters);
      Sample* look = tasks_.look(number);
      void* ctx = look == nullptr ? Task::context(number) : Task::context(look);
      if (look != nullptr) look->ns = wall_ns();
      if constexpr (requires { open.group.template start<Task>(ctx); }) {
        open.group.template start<Task>(ctx);
      } else {
        open.group.template run<Task::run>(ctx);
      }
    }
    if constexpr (requires { open.group.flush(); }) open.group.flush();
  }

  const StudyCase& case_;
  const uint64_t first_task_;  // the tasks of several submitters are numbered in turn
  const int64_t round_;        // tasks
  const int64_t wanted_;       // tasks, if the case says how many
  Samples tasks_;
  Samples groups_;
  Places<Open> open_;
  uint64_t next_task_ = 0;
  uint64_t next_group_ = 0;
  Last last_;
};

template <typename Peer>
class Study {
 public:
  static int main(int count, char** words) {
    const StudyCase its = StudyCase::read(count, words);
    if constexpr (requires { Peer::kMostSubmitters; }) {
      if (its.submitters > Peer::kMostSubmitters) give_up(kCannotDo, "cannot do it: submitters");
    }
    work_time = its.ns;
    const bool known = with_work(its.work, [&]([[maybe_unused]] auto kind) {
      if constexpr (can_do<decltype(kind)>()) {
        Study(its).template run<decltype(kind)>();
      } else {
        give_up(kCannotDo, "cannot do it: work");
      }
    });
    if (!known) Keys::bad("work", its.work);
    return 0;
  }

 private:
  template <typename Work>
  static constexpr bool can_do() {
    if constexpr (requires { typename Peer::OnlyWork; }) {
      return std::is_same_v<Work, typename Peer::OnlyWork>;
    } else {
      return true;
    }
  }

  explicit Study(const StudyCase& its) : case_(its), crew_(its.submitters) {
    for (int i = 0; i < its.submitters; i++) submitters_.push_back(std::make_unique<Submitter<Peer>>(case_, i));
  }

  Setup setup() const {
    // Who wants more tasks in flight than the library's default has places for gives it that many.
    constexpr int64_t kDefaultCapacity = 65'536;
    return {.workers = case_.workers,
            .submitters = case_.submitters,
            .capacity = case_.in_flight > kDefaultCapacity ? static_cast<unsigned>(case_.in_flight) : 0,
            .other_groups = 0};
  }

  template <typename Work>
  void run() {
    ThreadWatch& threads = submitters_.front()->threads;
    Line settled;
    std::atomic<int64_t> tasks{0};
    Usage used;
    const auto base = static_cast<int64_t>(resident());
    double peak = 0;
    Usage start = Usage::now();
    Peer::with(setup(), [&](Peer& peer) {
      if (case_.cold == 0 && case_.tasks == 0) {
        crew_.run(peer, [&](int i) { submitters_[static_cast<std::size_t>(i)]->template warm_up<Work>(peer); });
      }
      if (case_.cold == 0) start = Usage::now();
      crew_.run(peer,
                [&](int i) { tasks += submitters_[static_cast<std::size_t>(i)]->template run_timed<Work>(peer); });
      used = Usage::now() - start;
      // Outside of the timed part, which the end of the pool may belong to.
      threads.look();
      peak = most_resident();  // the system keeps it but roughly: what is there now may be more than the later answer
      for (const auto& submitter : submitters_) submitter->end();
      if (case_.settle_ms != 0) watch_settling(case_.settle_ms, settled);
      start = Usage::now();
    });
    if (case_.cold == 1) used += Usage::now() - start;
    peak = std::max(peak, most_resident());

    Line line;
    line.add("tasks", tasks.load());
    line.add("wall_ns", used.wall);
    line.add("cpu_ns", used.cpu);
    line.add_percentiles("start", sorted(&Submitter<Peer>::tasks));
    line.add_percentiles("group", sorted(&Submitter<Peer>::groups));
    line.add("switches", used.switches);
    line.add("threads", threads.most());
    line.add("rss_base", base);
    line.add("rss_peak", static_cast<int64_t>(peak));
    line.add(settled);
    line.print();
  }

  std::vector<int64_t> sorted(const Samples& (Submitter<Peer>::*which)() const) const {
    std::vector<const Samples*> all;
    for (const auto& submitter : submitters_) all.push_back(&(submitter.get()->*which)());
    return Samples::sorted(all);
  }

  const StudyCase& case_;
  Crew<Peer> crew_;
  std::vector<std::unique_ptr<Submitter<Peer>>> submitters_;
};

}  // namespace bench

#endif  // POOL_BENCH_STUDY_HPP
