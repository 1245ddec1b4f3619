// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Traces start and stop while threads submit to pools, wait for groups and end both: of a pool one trace runs at a
// time, each file is whole, and nothing is written for a trace that is over.
#include "stress.hpp"

#include <fcntl.h>
#include <pool/insight.h>
#include <unistd.h>

#include <string>

using namespace stress;

namespace {

constexpr int pools = 2;

std::atomic<std::uint64_t> handles[pools];
std::atomic<std::uint64_t> started, dropped;

std::int32_t task(void* ctx) {
  // Some submit to whichever pool there is, and wait.
  if (ctx == nullptr) return 0;
  pool_group_t group;
  if (pool_group_create({handles[started.load() % pools].load()}, nullptr, &group) != POOL_OK) return 0;
  for (int i = 0; i < 3; ++i) (void)pool_group_submit(group, task, nullptr);
  (void)pool_group_wait(group);
  (void)pool_group_destroy(group);
  return 0;
}

pool_t make(Random& random) {
  pool_options_t options;
  OK(pool_options_init(&options, sizeof options));
  options.max_workers = 1 + random.below(3);
  options.timing = random.below(3);
  options.idle_timeout = random.chance(50) ? 1'000 : 0;  // threads come and go
  pool_t pool;
  OK(pool_create(&options, &pool));
  return pool;
}

void use(Random& random, pool_t pool) {
  pool_group_options_t options;
  OK(pool_group_options_init(&options, sizeof options));
  options.name = random.chance(50) ? "named" : nullptr;
  pool_group_t group;
  if (pool_group_create(pool, &options, &group) != POOL_OK) return;
  const std::uint32_t count = random.below(20);
  for (std::uint32_t i = 0; i < count; ++i)
    (void)pool_group_submit(group, task, random.chance(20) ? &started : nullptr);
  if (random.chance(30)) (void)pool_group_wait_for(group, 100'000);
  (void)(random.chance(80) ? pool_group_destroy(group) : pool_group_detach(group));
}

void trace(Random& random, pool_t pool, const std::string& path) {
  pool_trace_options_t options;
  OK(pool_trace_options_init(&options, sizeof options));
  options.buffer_events = 16 + random.below(1000);
  options.max_threads = random.below(5);
  options.ready_threads = random.below(options.max_threads + 1);
  options.counter_interval = random.chance(50) ? 1'000 : 0;
  const pool_status_t status = pool_trace_start(pool, path.c_str(), &options);
  CHECK(status == POOL_OK || status == POOL_EBUSY || status == POOL_EBADHANDLE);
  if (status == POOL_OK) started.fetch_add(1);
  if (random.chance(50)) use(random, pool);
  std::uint64_t lost = 0;
  const pool_status_t stopped = pool_trace_stop(pool, &lost);
  CHECK(stopped == POOL_OK || stopped == POOL_EINVAL || stopped == POOL_EBADHANDLE);
  dropped.fetch_add(lost);
}

// A trace of one thread's own, which nobody else stops: its file is whole.
void trace_alone(Random& random, const std::string& path) {
  const pool_t pool = make(random);
  OK(pool_trace_start(pool, path.c_str(), nullptr));
  use(random, pool);
  if (random.chance(50)) OK(pool_trace_stop(pool, nullptr));
  OK(pool_destroy(pool));
  char text[8] = "";
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  CHECK(fd >= 0 && lseek(fd, -4, SEEK_END) > 0 && read(fd, text, 4) == 4);
  CHECK(std::string(text, 4) == "\n]}\n");
  close(fd);
}

}  // namespace

int main(int argc, char** argv) {
  begin(argc, argv);
  char folder[] = "/tmp/pool_trace_XXXXXX";
  CHECK(mkdtemp(folder) != nullptr);
  Random choice(1);
  for (auto& handle : handles) handle.store(make(choice).id);
  in_threads(4, [&](int thread) {
    Random random(static_cast<std::uint32_t>(thread));
    const std::string path = folder + std::string("/") + std::to_string(thread);
    const std::string own = path + "-own";  // the other one may be written by whoever ends that trace
    for (int i = 0; i < scaled(1000); ++i) {
      auto& handle = handles[random.below(pools)];
      const pool_t pool = {handle.load()};
      switch (random.below(12)) {
        case 0: {
          const pool_t fresh = make(random);
          OK(pool_destroy({handle.exchange(fresh.id)}));
          break;
        }
        case 1:
          trace_alone(random, own);
          break;
        case 2:
        case 3:
        case 4:
          trace(random, pool, path);
          break;
        default:
          use(random, pool);
      }
    }
    unlink(path.c_str());
    unlink(own.c_str());
  });
  for (auto& handle : handles) OK(pool_destroy({handle.load()}));
  rmdir(folder);
  std::printf("%llu traces, %llu events dropped\n", static_cast<unsigned long long>(started.load()),
              static_cast<unsigned long long>(dropped.load()));
  return 0;
}
