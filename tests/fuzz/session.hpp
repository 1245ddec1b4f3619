// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Session: one sequence of calls, from its bytes to its account. The first bytes say what pools and groups there are
// and how many threads; the rest is dealt to the threads, and parts of it to the tasks, drops and notifications.
//
// What keeps a sequence from waiting for itself:
//
// - A sleepy one has tasks that wait for ever, suspensions and entries without an end; no call of it blocks without a
//   time-out until its pools are shut down with POOL_SHUTDOWN_CANCEL. In the others calls may block for as long as they
//   like, since all else there ends by itself.
// - A task waits without a time-out only for a group that it made, and submits to another pool with REJECT.
// - Who suspends a group, or is inside one, does nothing that blocks for ever before he resumes or leaves it.
#pragma once

#include "model.hpp"

namespace fuzz {

// Who reads and calls.
struct Actor {
  enum class Where { thread, task, quiet };  // quiet: a drop, a notification or a hook

  Bytes bytes;
  Where where = Where::thread;
  int depth = 0;
  Item* item = nullptr;     // the task it is
  Book* told_of = nullptr;  // the group whose notification it is
  int sections = 0;         // of pool_blocking_begin
  std::vector<Book*> inside;

  bool is_thread() const { return where == Where::thread; }
  bool is_task() const { return where == Where::task; }
  bool is_quiet() const { return where == Where::quiet; }
};

class Session {
 public:
  explicit Session(Bytes bytes);
  void run();

 private:
  static constexpr int pools_max = 2;
  static constexpr int slots = 6;
  static constexpr int lasting = 64;  // of what was made, that can be asked for again

  // --- session.cpp: pools, groups, handles, the end ---
  void make_pool(PoolBook& book);
  Book* make_group(Actor& actor, PoolBook& pool, bool is_private);
  AnyGroup any_group(Bytes& bytes, bool may_be_stale = true);
  AnyJob any_job(Bytes& bytes);
  AnyPool any_pool(Bytes& bytes);
  pool_timer_t any_timer(Bytes& bytes, Item*& item, Handle& how);
  static std::uint64_t made_up(Bytes& bytes, std::uint32_t kind);
  void bury(std::uint64_t id) { buried_[burials_.fetch_add(1) % lasting].store(id); }
  void play(Actor& actor, int steps);
  void step(Actor& actor);
  void leave_all(Actor& actor);
  void finish();
  void shut_down(PoolBook& book);
  void finish_pool(PoolBook& book);
  static void ended(Item& item, bool success);

  // --- submits.cpp: submits, and what is submitted ---
  struct Ctx {  // what is copied
    Item* item;
    std::uint8_t fill[POOL_TASK_COPY_MAX - sizeof(Item*)];
  };
  Item& new_item(Actor& actor, Book* book);
  pool_status_t judge_submit(Actor& actor, const AnyGroup& group, Item* item, pool_status_t status, const char* call);
  void keep_timer(Item& item, pool_timer_t timer, pool_status_t status);
  void submit_task(Actor& actor);
  void submit_plain(Actor& actor);
  void submit_after(Actor& actor);
  void submit_n(Actor& actor);
  void submit_job(Actor& actor);
  void submit_pool(Actor& actor);
  void apply(Actor& actor);
  void nested(Actor& actor);
  bool may_block_for(const Actor& actor, const AnyGroup& group) const;
  std::int32_t body(Item& item, bool is_job);
  static std::int32_t run_task(void* arg);
  static std::int32_t run_copy(void* arg);
  static std::int32_t run_job(void* arg, void** result);
  static void drop_task(void* arg);
  static void drop_copy(void* arg);
  static void drop_result(void* arg);
  void dropped(Item& item);

  // --- acts.cpp: everything else ---
  void wait(Actor& actor);
  void cancel(Actor& actor);
  void reset(Actor& actor);
  void suspend(Actor& actor);
  void enter(Actor& actor);
  void notify(Actor& actor);
  void set_eventfd(Actor& actor);
  void on_timer(Actor& actor);
  void on_job(Actor& actor);
  void end_group(Actor& actor);
  void look(Actor& actor);
  void look_inside(Actor& actor);
  void resize(Actor& actor);
  void close(Actor& actor);
  void task_only(Actor& actor);
  static void notified(void* arg, pool_status_t outcome);

  // --- odd.cpp: what is out of range ---
  void odd_pool(Actor& actor);
  void odd_group(Actor& actor);
  void odd_task(Actor& actor);
  void odd_misc(Actor& actor);

  Bytes bytes_;
  bool is_sleepy_ = false, closes_ = false, drains_ = false;
  int threads_ = 1;
  PoolBook pools_[pools_max];
  Book own_[pools_max];  // the groups of pool_submit
  std::uint32_t capacity_[pools_max] = {};
  std::uint32_t burst_[pools_max] = {};
  bool pool_discards_[pools_max] = {};
  std::atomic<Book*> groups_[slots]{};
  std::atomic<Item*> timed_[16]{}, jobs_[16]{};
  std::atomic<std::uint64_t> buried_[lasting]{};
  std::atomic<std::uint32_t> burials_{0}, timers_{0}, job_count_{0}, numbers_{0};
  std::mutex mutex_;
  std::vector<std::unique_ptr<Book>> books_;
  std::vector<std::unique_ptr<Item>> items_;
  std::vector<std::unique_ptr<Note>> notes_;
};

// Runs the sequence that these bytes say, and checks its account.
inline void run(const std::uint8_t* data, std::size_t size) {
  Session session(Bytes(data, size));
  session.run();
}

}  // namespace fuzz
