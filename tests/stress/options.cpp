// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Options at random, many of them out of range or against each other: pool_create takes them exactly when each is what
// the header allows, or says which one is not; a pool that was made has a worker for a task, and never more workers
// than it was told.
#include <climits>
#include <cstring>
#include <string>

#include "stress.hpp"

using namespace stress;

namespace {

constexpr std::uint32_t most_threads = 32'767;

// What the log was told about one pool. (Each its own: the same line to the same place is told ten times a second.)
struct Told {
  std::string text;
  int lines = 0;

  static void log(void* user, std::int32_t, const char* message) {
    auto* told = static_cast<Told*>(user);
    told->text = message;
    ++told->lines;
  }
};

std::uint32_t any_number(Random& random) {
  static constexpr std::uint32_t edges[] = {0,          1,         2,          3,          4,
                                            5,          6,         7,          8,          most_threads - 1,
                                            32'767,     32'768,    65'535,     65'536,     1'000'000'000,
                                            1000000001, INT32_MAX, 0x80000000, UINT32_MAX, UINT32_MAX - 1};
  if (random.chance(90)) return edges[random.below(std::size(edges))];
  return random.below(UINT32_MAX);
}

std::int64_t any_time(Random& random) {
  static constexpr std::int64_t edges[] = {INT64_MIN,     INT64_MIN + 1, -1,       0, 1, 1000,
                                           1'000'000'000, INT64_MAX - 1, INT64_MAX};
  return edges[random.below(std::size(edges))];
}

struct Options {
  pool_options_t options;
  std::vector<std::string> wrong;  // the fields that are, each by itself or with another one
};

// Most fields are fine, so that it is also seen what the others say.
Options any_options(Random& random, Told& told) {
  Options made;
  pool_options_t& options = made.options;
  OK(pool_options_init(&options, sizeof options));
  const auto set = [&](std::uint32_t& field, const char* name, std::uint32_t least_wrong) {
    field = random.chance(15) ? any_number(random) : random.below(least_wrong < 3 ? least_wrong : 3);
    if (field >= least_wrong) made.wrong.emplace_back(name);
  };
  set(options.prestart, "prestart", 2);
  set(options.overflow, "overflow", POOL_OVERFLOW_DISCARD_NEWEST + 1);
  set(options.wake_policy, "wake_policy", POOL_WAKE_EAGER + 1);
  set(options.help, "help", POOL_HELP_ALWAYS + 1);
  set(options.max_workers, "max_workers", most_threads + 1);
  // Threads that are started at once are few.
  options.min_workers = options.prestart == 1 ? random.below(4) : random.chance(20) ? any_number(random) : 0;
  options.burst_workers = random.chance(20) ? any_number(random) : 0;
  const std::uint64_t burst = options.burst_workers;
  if (options.max_workers == 0) options.max_workers = 1 + random.below(2);  // by default: nothing to compare with
  if (options.min_workers > options.max_workers) made.wrong.emplace_back("min_workers");
  if (options.max_workers + burst > most_threads) made.wrong.emplace_back("burst_workers");
  options.queue_capacity = random.chance(20) ? any_number(random) : random.below(10);
  if (options.queue_capacity > 1'000'000'000 && options.queue_capacity != POOL_UNBOUNDED) {
    made.wrong.emplace_back("queue_capacity");
  }
  options.log_level = random.chance(10) ? any_number(random) : POOL_LOG_INFO + random.below(3);
  if (options.log_level > POOL_LOG_OFF) made.wrong.emplace_back("log_level");
  options.overflow_timeout = any_time(random);
  options.idle_timeout = any_time(random);
  options.burst_delay = any_time(random);
  const auto least = static_cast<std::uint64_t>(sysconf(_SC_THREAD_STACK_MIN));
  if (random.chance(20)) options.stack_size = random.chance(50) ? random.below(2) : least - 2 + random.below(4);
  if (options.stack_size != 0 && options.stack_size < least) made.wrong.emplace_back("stack_size");
  if (options.stack_size != 0 && options.stack_size >= least) options.stack_size = std::uint64_t{256} << 10;
  options.timing = random.chance(20) ? std::uint64_t{any_number(random)} << random.below(3) : 0;
  if (options.timing > UINT32_MAX) made.wrong.emplace_back("timing");
  static constexpr const char* names[] = {nullptr, "", "x", "a name that is longer than a thread's", "%s%n\n\x01"};
  options.name = names[random.below(std::size(names))];
  options.log = Told::log;
  options.log_user = &told;
  return made;
}

void check_refused(const Options& made, const Told& told) {
  CHECK(!made.wrong.empty());
  if (made.options.log_level == POOL_LOG_OFF) return CHECK(told.lines == 0);
  CHECK(told.lines == 1);
  for (const std::string& field : made.wrong) {
    if (told.text.find("pool_create: " + field + ": ") == 0) return;
  }
  std::fprintf(stderr, "names no field that is wrong: %s\n", told.text.c_str());
  fail();
}

void check_made(const Options& made, pool_t pool) {
  CHECK(made.wrong.empty());
  const pool_group_t group = make_group(pool);
  Job job;
  OK(job.submit(group));
  OK(pool_group_wait_for(group, INT64_MAX));
  CHECK(job.runs == 1 && job.drops == 1);
  const pool_stats_t stats = stats_of(pool);
  CHECK(stats.workers_peak <= made.options.max_workers + made.options.burst_workers);
  if (made.options.prestart == 1) CHECK(stats.workers_created >= made.options.min_workers);
  OK(pool_destroy(pool));
}

}  // namespace

int main(int argc, char** argv) {
  begin(argc, argv);
  Random random(0);
  const int rounds = scaled(1500);
  std::vector<Told> told(static_cast<std::size_t>(rounds));
  int made_pools = 0;
  for (Told& here : told) {
    const Options made = any_options(random, here);
    pool_t pool = {1};
    const pool_status_t status = pool_create(&made.options, &pool);
    if (status == POOL_OK) {
      ++made_pools;
      check_made(made, pool);
    } else {
      CHECK_STATUS(status, POOL_EINVAL);
      CHECK(pool.id == 0);
      check_refused(made, here);
    }
  }
  if (rounds >= 100) CHECK(made_pools > rounds / 20 && made_pools < rounds);
  std::printf("%d of %d taken\n", made_pools, rounds);
  return 0;
}
