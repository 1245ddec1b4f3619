// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Everything at once: threads, and the tasks themselves, do random valid things to groups of all kinds, and then every
// task, context, job, result and notification is accounted for, and the counters of the groups that lived to the end.
//
// What keeps it from waiting for itself: a task waits only for a group that it made, whose tasks wait for nothing; who
// suspends a group does nothing that blocks before he resumes it; what is entered is left by a drop.
#include <mutex>

#include "stress.hpp"

using namespace stress;

namespace {

constexpr int lasting = 6;  // groups that live as long as the pool
constexpr int passing = 6;  // and places for others, which come and go
constexpr int threads = 4;
constexpr int waits_max = 3;  // of tasks in tasks

struct Book {  // of one lasting group
  std::atomic<std::uint64_t> accepted{0}, succeeded{0}, failed{0};
};

struct Item {  // one submit
  std::atomic<int> runs{0}, drops{0};
  bool accepted = false;
  int lasting_group = -1;
  std::int32_t result = 0;
  int depth = 0;
  // Of jobs:
  bool is_job = false;
  std::atomic<std::uint64_t> job{0};
  std::atomic<int> claims{0}, result_drops{0}, releases{0};
  // A group to leave in the drop.
  pool_group_t inside{0};
};

class Round {
 public:
  Round(std::uint32_t workers, std::uint32_t number) : number_(number), setup_(number) {
    pool_options_t options;
    OK(pool_options_init(&options, sizeof options));
    options.max_workers = workers;
    capacity_ = setup_.chance(50) ? 1 + setup_.below(6) : 0;
    options.queue_capacity = capacity_;
    options.overflow = setup_.below(6);
    options.overflow_timeout = setup_.chance(30) ? 1 + setup_.below(200'000) : 0;
    options.help = setup_.below(4);
    options.wake_policy = setup_.below(3);
    OK(pool_create(&options, &pool_));
    for (int i = 0; i < lasting; ++i) groups_[i] = make(setup_, i, true).id;
    for (int i = lasting; i < lasting + passing; ++i) groups_[i] = make(setup_, i, false).id;
  }

  void run() {
    in_threads(threads, [this](int thread) {
      Random random(number_ * 64 + static_cast<std::uint32_t>(thread));
      for (int i = 0; i < 150; ++i) act(random, thread);
      if (thread == 0 && number_ % 3 == 0) close(random);
    });
    finish();
  }

 private:
  // --- groups ---

  pool_group_t make(Random& random, int place, bool lasts) {
    pool_group_options_t options;
    OK(pool_group_options_init(&options, sizeof options));
    options.overflow = random.below(6);
    options.queue_capacity = random.chance(40) ? 1 + random.below(4) : 0;
    options.max_concurrency = random.chance(40) ? 1 + random.below(3) : 0;
    options.weight = random.below(4);
    options.help = random.below(4);
    options.fail_fast = random.chance(10) ? 1 : 0;
    options.keep_jobs = random.chance(30) ? 1 : 0;
    options.overflow_timeout = random.chance(50) ? 1 + random.below(100'000) : 0;
    if (place > 0 && random.chance(40)) {
      options.parent_kind = POOL_PARENT_GROUP;
      options.parent = any_of(random, lasts ? place : lasting);
    }
    pool_group_t group{};
    const pool_status_t status = pool_group_create(pool_, &options, &group);
    CHECK(status == POOL_OK || status == POOL_ECLOSED);
    return group;
  }
  pool_group_t any_of(Random& random, int count) {
    return {groups_[random.below(static_cast<std::uint32_t>(count))].load()};
  }

  // --- items ---

  Item& new_item(Random& random, int group, int depth) {
    auto item = std::make_unique<Item>();
    item->lasting_group = group < lasting ? group : -1;
    item->result = random.chance(5) ? 7 : 0;
    item->depth = depth;
    const std::lock_guard lock(mutex_);
    items_.push_back(std::move(item));
    return *items_.back();
  }

  struct Ctx {
    Round* round;
    Item* item;
    std::uint32_t stream;
  };

  std::int32_t body(const Ctx& ctx) {
    Item& item = *ctx.item;
    CHECK(item.runs.fetch_add(1) == 0);
    CHECK(item.drops == 0);
    pool_t own{};
    OK(pool_current_pool(&own));
    CHECK(own.id == pool_.id);
    CHECK(pool_worker_index() >= 0);
    Random random(ctx.stream);
    if (item.depth < waits_max) {
      if (random.chance(20)) submit_somewhere(random, item.depth + 1);
      if (random.chance(10)) nested(random);
    }
    if (item.lasting_group >= 0) {
      Book& book = books_[item.lasting_group];
      (item.result == 0 ? book.succeeded : book.failed).fetch_add(1);
    }
    return item.result;
  }
  static std::int32_t run(void* arg) {
    const Ctx& ctx = *static_cast<Ctx*>(arg);
    return ctx.round->body(ctx);
  }
  static void drop(void* arg) {
    const Ctx& ctx = *static_cast<Ctx*>(arg);
    CHECK(ctx.item->drops.fetch_add(1) == 0);
    if (ctx.item->inside.id != 0) OK(pool_group_leave(ctx.item->inside, 0));
  }
  static std::int32_t run_job(void* arg, void** result) {
    const std::unique_ptr<Ctx> ctx(static_cast<Ctx*>(arg));
    *result = ctx->item;
    return ctx->round->body(*ctx);
  }
  static void drop_result(void* arg) { static_cast<Item*>(arg)->result_drops.fetch_add(1); }

  static bool refusal(pool_status_t status) {
    return status == POOL_EFULL || status == POOL_ETIMEDOUT || status == POOL_ECANCELED || status == POOL_ECLOSED ||
           status == POOL_EBADHANDLE;
  }

  void submit_somewhere(Random& random, int depth) {
    submit(random, static_cast<int>(random.below(lasting + passing)), depth);
  }

  void submit(Random& random, int place, int depth) {
    const pool_group_t group{groups_[place].load()};
    Item& item = new_item(random, place, depth);
    Ctx ctx{this, &item, number_ * 1'000'003 + static_cast<std::uint32_t>(streams_.fetch_add(1))};
    pool_status_t status = POOL_OK;
    if (random.chance(25)) {
      item.is_job = true;
      auto owned = std::make_unique<Ctx>(ctx);
      pool_job_t job{};
      Ctx* const given = owned.get();
      status = pool_group_submit_job(group, run_job, given, nullptr, drop_result, &job);
      if (status == POOL_OK) {
        const std::lock_guard lock(mutex_);
        contexts_.push_back({std::move(owned), &item});  // a job that never runs leaves its context to us
        item.job = job.id;
        jobs_.push_back(&item);
      }
    } else {
      pool_task_t task;
      OK(pool_task_init(&task, sizeof task));
      task.fn = run;
      task.ctx = &ctx;
      task.copy_size = sizeof ctx;
      task.drop = drop;
      task.overflow = random.chance(50) ? random.below(6) : 0;
      task.overflow_timeout = random.chance(30) ? static_cast<std::int64_t>(random.below(50'000)) - 1000 : 0;
      if (random.chance(10)) {
        const int inside = static_cast<int>(random.below(lasting));
        item.inside = {groups_[inside].load()};
        const pool_status_t entered = pool_group_enter(item.inside);
        CHECK(entered == POOL_OK || entered == POOL_ECANCELED || entered == POOL_ECLOSED);
        if (entered == POOL_OK) {
          books_[inside].accepted.fetch_add(1);
          books_[inside].succeeded.fetch_add(1);
        } else {
          item.inside = {0};
        }
      }
      status = pool_group_submit_task(group, &task);
      if (status != POOL_OK && item.inside.id != 0) OK(pool_group_leave(item.inside, 0));
    }
    CHECK(status == POOL_OK || refusal(status));
    item.accepted = status == POOL_OK;
    if (item.accepted && item.lasting_group >= 0) books_[place].accepted.fetch_add(1);
  }

  // A group of its own, inside a task: of tasks that wait for nothing.
  void nested(Random& random) {
    pool_group_options_t options;
    OK(pool_group_options_init(&options, sizeof options));
    options.parent_kind = random.below(2) * POOL_PARENT_CURRENT;
    options.max_concurrency = random.below(3);
    pool_group_t group{};
    const pool_status_t made = pool_group_create(pool_, &options, &group);
    // The handle of the task's own group may be over, while the task is not.
    if (made != POOL_OK && made != POOL_ECLOSED) CHECK_STATUS(made, POOL_EBADHANDLE);
    if (made != POOL_OK) return;
    std::atomic<std::uint64_t> runs{0};
    const auto leaf = [](void* arg) -> std::int32_t {
      static_cast<std::atomic<std::uint64_t>*>(arg)->fetch_add(1);
      return 0;
    };
    std::uint64_t accepted = 0;
    for (std::uint32_t i = random.below(6); i > 0; --i) {
      const pool_status_t status = pool_group_submit(group, leaf, &runs);
      CHECK(status == POOL_OK || refusal(status));
      accepted += status == POOL_OK ? 1 : 0;
    }
    const pool_status_t status = pool_group_wait(group);
    CHECK(status == POOL_OK || status == POOL_ECANCELED || status == POOL_EFAILED);
    const auto stats = stats_of(group);
    CHECK(stats.submitted == accepted && stats.succeeded == runs);
    CHECK(stats.succeeded + stats.cancelled + stats.discarded == accepted);
    CHECK((status == POOL_OK) == (runs == accepted));
    OK(pool_group_destroy(group));
  }

  // --- what threads do ---

  void act(Random& random, int thread) {
    const int place = static_cast<int>(random.below(lasting + passing));
    const pool_group_t group{groups_[place].load()};
    const auto gone = [](pool_status_t status) { return status == POOL_EBADHANDLE; };
    switch (random.below(20)) {
      case 0: {
        const pool_status_t status = pool_group_wait_for(group, random.below(100'000));
        CHECK(status != POOL_EINVAL && status != POOL_EDEADLK && status != POOL_EBUSY && status != POOL_EINTERNAL);
        break;
      }
      case 1: {
        const pool_status_t status = pool_group_cancel(group);
        CHECK(status == POOL_OK || gone(status));
        break;
      }
      case 2:
      case 3: {
        const pool_status_t status = pool_group_reset(group);
        CHECK(status == POOL_OK || status == POOL_EBUSY || gone(status));
        break;
      }
      case 4: {
        const pool_group_t lasting_group = any_of(random, lasting);
        const pool_status_t status = pool_group_suspend(lasting_group);
        CHECK(status == POOL_OK || status == POOL_ECANCELED || status == POOL_ECLOSED);
        for (std::uint32_t i = random.below(10); i > 0; --i) std::this_thread::yield();
        OK(pool_group_resume(lasting_group));
        break;
      }
      case 5: {
        const pool_status_t status = pool_group_notify(
            group, [](void* arg, pool_status_t) { static_cast<std::atomic<int>*>(arg)->fetch_add(1); }, &told_);
        CHECK(status == POOL_OK || status == POOL_ECLOSED || status == POOL_EBUSY || gone(status));
        if (status == POOL_OK) notified_.fetch_add(1);
        break;
      }
      case 6: {
        // A loop, in a passing group: what it adds to the counters is nobody's business.
        const int where = lasting + static_cast<int>(random.below(passing));
        std::atomic<std::uint64_t> turns{0};
        const std::uint64_t count = random.below(40);
        const pool_status_t status = pool_group_apply(
            {groups_[where].load()}, count, random.below(5),
            [](void* arg, std::uint64_t) -> std::int32_t {
              static_cast<std::atomic<std::uint64_t>*>(arg)->fetch_add(1);
              return 0;
            },
            &turns);
        CHECK(status == POOL_OK || refusal(status) || status == POOL_EFAILED);
        CHECK(turns <= count);
        if (status == POOL_OK) CHECK(turns == count);
        break;
      }
      case 7: {
        // Each thread ends what stands in its own places only.
        const int where = lasting + thread;
        const pool_group_t next = make(random, where, false);
        const pool_group_t last{groups_[where].exchange(next.id)};
        if (last.id == 0) break;
        OK(random.chance(50) ? pool_group_destroy(last) : pool_group_detach(last));
        CHECK_STATUS(pool_group_poll(last), POOL_EBADHANDLE);
        break;
      }
      case 8:
      case 9:
        act_on_job(random);
        break;
      case 10: {
        const auto stats = stats_of(pool_);
        if (capacity_ != 0) CHECK(stats.queued <= capacity_);
        pool_group_stats_t group_stats;
        const pool_status_t status = pool_group_stats(group, &group_stats, sizeof group_stats);
        CHECK(status == POOL_OK || gone(status));
        if (status == POOL_OK)
          CHECK(group_stats.succeeded + group_stats.failed + group_stats.cancelled + group_stats.discarded <=
                group_stats.submitted);
        break;
      }
      default:
        submit(random, place, 0);
        break;
    }
  }

  void act_on_job(Random& random) {
    Item* item = nullptr;
    {
      const std::lock_guard lock(mutex_);
      if (jobs_.empty()) return;
      item = jobs_[random.below(static_cast<std::uint32_t>(jobs_.size()))];
    }
    const pool_job_t job{item->job.load()};
    void* result = nullptr;
    switch (random.below(4)) {
      case 0:
        CHECK(pool_job_wait_for(job, random.below(50'000)) != POOL_EINVAL);
        break;
      case 1:
        CHECK(pool_job_cancel(job) != POOL_EINVAL);
        break;
      case 2:
        if (pool_job_result(job, &result) == POOL_OK) {
          CHECK(result == item);
          CHECK(item->claims.fetch_add(1) == 0);
        }
        break;
      default:
        if (pool_job_release(job) == POOL_OK) item->releases.fetch_add(1);
        break;
    }
  }

  void close(Random& random) {
    const std::int32_t mode = random.chance(50) ? POOL_SHUTDOWN_DRAIN : POOL_SHUTDOWN_CANCEL;
    const pool_status_t status = pool_shutdown(pool_, mode, random.below(1'000'000));
    CHECK(status == POOL_OK || status == POOL_ETIMEDOUT);
  }

  // --- the account ---

  void finish() {
    OK(pool_shutdown(pool_, POOL_SHUTDOWN_DRAIN, INT64_MAX));
    for (int i = 0; i < lasting; ++i) {
      const auto stats = stats_of(pool_group_t{groups_[i].load()});
      CHECK(stats.queued == 0 && stats.running == 0);
      CHECK(stats.submitted == books_[i].accepted);
      CHECK(stats.succeeded == books_[i].succeeded);
      CHECK(stats.failed == books_[i].failed);
      CHECK(stats.cancelled + stats.discarded == stats.submitted - stats.succeeded - stats.failed);
    }
    CHECK(stats_of(pool_).queued == 0 && stats_of(pool_).running == 0);
    OK(pool_destroy(pool_));
    CHECK(told_ == notified_);
    for (const auto& item : items_) {
      CHECK(item->runs <= (item->accepted ? 1 : 0));
      if (!item->is_job) CHECK(item->drops == (item->accepted ? 1 : 0));
      if (!item->is_job || !item->accepted) continue;
      const pool_status_t status = pool_job_release({item->job.load()});
      CHECK(status == (item->releases == 0 ? POOL_OK : POOL_EBADHANDLE));
      CHECK(item->claims + item->result_drops == item->runs);
    }
    for (auto& context : contexts_) {
      if (context.item->runs != 0) (void)context.ctx.release();  // the job freed it
    }
  }

  struct Owned {
    std::unique_ptr<Ctx> ctx;
    Item* item;
  };

  const std::uint32_t number_;
  Random setup_;
  pool_t pool_{};
  std::uint32_t capacity_ = 0;
  std::atomic<std::uint64_t> groups_[lasting + passing]{};
  Book books_[lasting];
  std::atomic<int> streams_{0}, told_{0}, notified_{0};
  std::mutex mutex_;
  std::vector<std::unique_ptr<Item>> items_;
  std::vector<Item*> jobs_;
  std::vector<Owned> contexts_;
};

}  // namespace

int main(int argc, char** argv) {
  begin(argc, argv);
  std::uint32_t number = 0;
  for (const std::uint32_t workers : worker_counts)
    for (int i = 0; i < scaled(40); ++i) {
      Round round(workers, number++);
      round.run();
    }
}
