// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// C++ exceptions that leave tasks: caught, counted, their text kept; the group completes and the worker lives.
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>

#include "stress.hpp"

using namespace stress;

namespace {

struct Unprintable : std::exception {
  const char* what() const noexcept override { return ""; }
};

std::int32_t throw_runtime_error(void*) { throw std::runtime_error("the reason"); }
std::int32_t throw_long(void*) { throw std::logic_error(std::string(500, 'x')); }
std::int32_t throw_bad_alloc(void*) { throw std::bad_alloc(); }
std::int32_t throw_int(void*) { throw 42; }  // NOLINT: that is the test
std::int32_t throw_unprintable(void*) { throw Unprintable(); }
std::int32_t throw_after_failure(void*) {
  OK(pool_task_set_failure(5, "five"));
  throw std::runtime_error("then thrown");
}
std::int32_t succeed(void*) { return 0; }

void drop_count(void* ctx) { static_cast<std::atomic<int>*>(ctx)->fetch_add(1); }

struct Case {
  pool_task_fn fn;
  const char* text;  // what the text begins with; NULL: anything
};
const std::string long_text(POOL_FAILURE_TEXT_MAX - 1, 'x');
const Case cases[] = {{throw_runtime_error, "the reason"},
                      {throw_long, long_text.c_str()},
                      {throw_bad_alloc, "std::bad_alloc"},
                      {throw_int, nullptr},
                      {throw_unprintable, ""},
                      {throw_after_failure, "then thrown"}};

void one_case(pool_t pool, const Case& one, bool on_helper) {
  const pool_group_t group = make_group(pool);
  std::atomic<int> drops = 0;
  pool_task_t task;
  OK(pool_task_init(&task, sizeof task));
  task.fn = one.fn;
  task.ctx = &drops;
  task.drop = drop_count;
  OK(pool_group_submit_task(group, &task));
  CHECK_STATUS(on_helper ? pool_group_wait(group) : pool_group_wait_for(group, INT64_MAX), POOL_EFAILED);
  CHECK(drops == 1);
  std::int32_t code = 0;
  char text[POOL_FAILURE_TEXT_MAX];
  OK(pool_group_failure(group, &code, text, sizeof text));
  CHECK(code == INT32_MIN + 1);
  if (one.text != nullptr) CHECK(std::strcmp(text, one.text) == 0);
  OK(pool_group_submit(group, succeed, nullptr));
  CHECK_STATUS(pool_group_wait(group), POOL_EFAILED);
  CHECK(stats_of(group).failed == 1);
  CHECK(stats_of(group).succeeded == 1);
  OK(pool_group_destroy(group));
}

// A task catches what it throws itself, also around a wait that helps.
pool_group_t inner;
std::int32_t catch_around(void*) {
  try {
    OK(pool_group_submit(inner, throw_int, nullptr));
    CHECK_STATUS(pool_group_wait(inner), POOL_EFAILED);
    throw 7;  // NOLINT
  } catch (int number) {
    CHECK(number == 7);  // not the 42 of the inner one
  }
  return 0;
}

// A loop in a task of a group with a limit runs in that very task: it is the loop that fails, not the task.
std::int32_t throw_in_turn(void* ctx, std::uint64_t index) { return index % 3 == 1 ? throw_runtime_error(ctx) : 0; }
std::int32_t loop_that_throws(void* group) {
  CHECK_STATUS(pool_group_apply(*static_cast<pool_group_t*>(group), 10, 1, throw_in_turn, nullptr), POOL_EFAILED);
  return 0;
}
void limited_loop(pool_t pool) {
  pool_group_options_t options;
  pool_group_t group;
  OK(pool_group_options_init(&options, sizeof options));
  options.max_concurrency = 1;
  OK(pool_group_create(pool, &options, &group));
  OK(pool_group_submit(group, loop_that_throws, &group));
  OK(pool_group_wait(group));
  CHECK(stats_of(group).succeeded == 1);
  OK(pool_group_destroy(group));
}

}  // namespace

int main(int argc, char** argv) {
  begin(argc, argv);
  for (const std::uint32_t workers : worker_counts) {
    const pool_t pool = make_pool(workers);
    for (int i = 0; i < scaled(300); ++i) {
      for (const Case& one : cases) one_case(pool, one, i % 2 == 0);
    }
    const pool_group_t group = make_group(pool);
    inner = make_group(pool);
    OK(pool_group_submit(group, catch_around, nullptr));
    OK(pool_group_wait_for(group, INT64_MAX));
    limited_loop(pool);
    std::uint64_t thrown = 0;
    for (int i = 0; i < scaled(5'000); ++i) {
      OK(pool_group_submit(group, i % 3 == 0 ? throw_int : succeed, nullptr));
      thrown += i % 3 == 0 ? 1 : 0;
    }
    CHECK_STATUS(pool_group_wait(group), POOL_EFAILED);
    CHECK(stats_of(group).failed == thrown);
    CHECK(stats_of(pool).workers <= workers);
    OK(pool_destroy(pool));
  }
}
