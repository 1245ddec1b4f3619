// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Options, sizes and pointers that are none: refused, each time, and nothing is made.
#include <cstring>

#include "session.hpp"

namespace fuzz {

namespace {

std::int32_t unreached(void*) {
  CHECK(false && "what was refused runs");
  return 0;
}
std::int32_t unreached_turn(void*, std::uint64_t) { return unreached(nullptr); }
std::int32_t unreached_job(void*, void**) { return unreached(nullptr); }
void unreached_note(void*, pool_status_t) { unreached(nullptr); }

// A struct with room behind it, for sizes that are not its own.
template <class Options>
struct Padded {
  Options options;
  unsigned char tail[4200 - sizeof(Options)];
};

// Fills it for a size that is none. False: it is one after all.
template <class Options>
bool make_odd_size(Bytes& bytes, Padded<Options>& padded) {
  static constexpr std::uint32_t sizes[] = {0, 1, 4, 5, 7, 4097, 4100, UINT32_MAX, sizeof(Options) + 1};
  if (bytes.chance(50)) {
    padded.options.struct_size = bytes.one_of(sizes);
    return true;
  }
  // A field that this version does not know.
  padded.options.struct_size = sizeof(Options) + 8;
  std::memset(padded.tail, 0, sizeof padded.tail);
  padded.tail[bytes.below(8)] = static_cast<unsigned char>(1 + bytes.below(255));
  return true;
}

}  // namespace

void Session::odd_pool(Actor& actor) {
  Bytes& bytes = actor.bytes;
  Padded<pool_options_t> padded{};
  pool_options_t& options = padded.options;
  EXACTLY(pool_options_init(&options, sizeof options), POOL_OK);
  options.log_level = POOL_LOG_OFF;
  switch (bytes.below(12)) {
    case 0:
      make_odd_size(bytes, padded);
      break;
    case 1:
      options.min_workers = 3 + bytes.below(250);
      options.max_workers = 1 + bytes.below(2);
      break;
    case 2:
      options.max_workers = bytes.one_of({32'768U, UINT32_MAX, 1U << 16});
      break;
    case 3:
      options.max_workers = 32'000;
      options.burst_workers = bytes.one_of({768U, UINT32_MAX, UINT32_MAX - 31'999});
      break;
    case 4:
      options.prestart = 2 + bytes.next();
      break;
    case 5:
      options.queue_capacity = bytes.one_of({1'000'000'001U, UINT32_MAX - 1});
      break;
    case 6:
      options.overflow = 6 + bytes.next();
      break;
    case 7:
      options.wake_policy = 3 + bytes.next();
      break;
    case 8:
      options.help = 4 + bytes.next();
      break;
    case 9:
      options.log_level = 5 + bytes.next();
      break;
    case 10:
      options.stack_size = bytes.one_of<std::uint64_t>({1, 4096});
      break;
    default:
      options.timing = bytes.one_of<std::uint64_t>({UINT64_MAX, std::uint64_t{1} << 32});
  }
  pool_t pool = {1};
  EXACTLY(pool_create(&options, &pool), POOL_EINVAL);
  CHECK(pool.id == 0);
  EXACTLY(pool_create(&options, nullptr), POOL_EINVAL);
}

void Session::odd_group(Actor& actor) {
  Bytes& bytes = actor.bytes;
  const AnyPool pool = any_pool(bytes);
  Padded<pool_group_options_t> padded{};
  pool_group_options_t& options = padded.options;
  EXACTLY(pool_group_options_init(&options, sizeof options), POOL_OK);
  switch (bytes.below(10)) {
    case 0:
      make_odd_size(bytes, padded);
      break;
    case 1:
      options.overflow = 6 + bytes.next();
      break;
    case 2:
      options.queue_capacity = bytes.one_of({1'000'000'001U, UINT32_MAX - 1});
      break;
    case 3:
      options.weight = bytes.one_of({1'001U, UINT32_MAX});
      break;
    case 4:
      options.help = 4 + bytes.next();
      break;
    case 5:
      options.fail_fast = 2 + bytes.next();
      break;
    case 6:
      options.keep_jobs = 2 + bytes.next();
      break;
    case 7:
      options.parent_kind = 3 + bytes.next();
      break;
    case 8:
      options.limit_counts_suspended = 2 + bytes.next();
      break;
    default:
      options.parent = {bytes.word() | 1};  // of no kind
  }
  pool_group_t group = {1};
  CALL(Odd(pool), pool_group_create(pool.pool, &options, &group), POOL_EINVAL);
  CHECK(group.id == 0);
  // Parents that are none, or of another pool.
  EXACTLY(pool_group_options_init(&options, sizeof options), POOL_OK);
  const AnyGroup parent = any_group(bytes);
  options.parent_kind = POOL_PARENT_GROUP;
  options.parent = parent.group;
  if (parent.how != Handle::bad) {
    PoolBook& other = pools_[parent.book->pool == &pools_[0] ? 1 : 0];
    const pool_status_t status =
        CALL(Handle::shared, pool_group_create(other.pool, &options, &group), POOL_EINVAL, POOL_ECLOSED);
    if (status == POOL_EBADHANDLE) CHECK(known(parent) != Handle::alive || other.is_closed);
  } else if (pool.how != Handle::bad) {
    CALL(pool, pool_group_create(pool.pool, &options, &group), POOL_EBADHANDLE, POOL_ECLOSED);
  }
  CHECK(group.id == 0);
}

void Session::odd_task(Actor& actor) {
  Bytes& bytes = actor.bytes;
  const AnyGroup group = any_group(bytes);
  Padded<pool_task_t> padded{};
  pool_task_t& task = padded.options;
  EXACTLY(pool_task_init(&task, sizeof task), POOL_OK);
  task.fn = unreached;
  switch (bytes.below(7)) {
    case 0:
      make_odd_size(bytes, padded);
      break;
    case 1:
      task.fn = nullptr;
      break;
    case 2:
      task.overflow = 6 + bytes.next();
      break;
    case 3:
      task.ctx = &task;
      task.copy_size = bytes.one_of<std::uint64_t>({49, UINT64_MAX, std::uint64_t{1} << 32});
      break;
    case 4:
      task.copy_size = 1 + bytes.below(48);
      break;
    case 5:
      task.start_at = bytes.one_of<std::int64_t>({-1, INT64_MIN});
      break;
    default:
      task.start_at = 1;
      task.delay = bytes.one_of<std::int64_t>({-1, 1, INT64_MAX});
  }
  CALL(Odd(group), pool_group_submit_task(group.group, &task), POOL_EINVAL);
}

void Session::odd_misc(Actor& actor) {
  Bytes& bytes = actor.bytes;
  const AnyGroup group = any_group(bytes);
  const AnyJob job = any_job(bytes);
  std::size_t count = 0;
  switch (bytes.below(12)) {
    case 0:
      EXACTLY(pool_group_submit(group.group, nullptr, &count), POOL_EINVAL);
      break;
    case 1:
      EXACTLY(pool_group_submit_after(group.group, 1, nullptr, &count, nullptr), POOL_EINVAL);
      break;
    case 2:
      count = 77;
      EXACTLY(pool_group_submit_n(group.group, unreached, nullptr, 1 + bytes.next(), nullptr, &count), POOL_EINVAL);
      CHECK(count == 0);
      CALL(group, pool_group_submit_n(group.group, unreached, nullptr, 0, nullptr, nullptr), POOL_OK);
      break;
    case 3: {
      pool_job_t made = {1};
      EXACTLY(pool_group_submit_job(group.group, nullptr, nullptr, nullptr, nullptr, &made), POOL_EINVAL);
      CHECK(made.id == 0);
      EXACTLY(pool_group_submit_job(group.group, unreached_job, nullptr, nullptr, nullptr, nullptr), POOL_EINVAL);
      break;
    }
    case 4:
      EXACTLY(pool_group_apply(group.group, bytes.next(), 0, nullptr, nullptr), POOL_EINVAL);
      if (!actor.is_quiet()) CALL(group, pool_group_apply(group.group, 0, 0, unreached_turn, nullptr), POOL_OK);
      break;
    case 5:
      EXACTLY(pool_group_notify(group.group, nullptr, nullptr), POOL_EINVAL);
      if (group.how == Handle::bad) CALL(group, pool_group_notify(group.group, unreached_note, nullptr), POOL_OK);
      break;
    case 6:
      EXACTLY(pool_job_result(job.job, nullptr), POOL_EINVAL);
      break;
    case 7:
      EXACTLY(pool_group_jobs(group.group, nullptr, 1, &count), POOL_EINVAL);
      EXACTLY(pool_group_jobs(group.group, nullptr, 0, nullptr), POOL_EINVAL);
      break;
    case 8:
      EXACTLY(pool_group_name(group.group, nullptr, 5), POOL_EINVAL);
      break;
    case 9: {
      pool_t pool = {1};
      EXACTLY(pool_default(nullptr), POOL_EINVAL);
      EXACTLY(pool_default(&pool), POOL_OK);
      EXACTLY(pool_default_configure(nullptr), POOL_EINVAL);
      pool_options_t options;
      EXACTLY(pool_options_init(&options, sizeof options), POOL_OK);
      EXACTLY(pool_default_configure(&options), POOL_EBUSY);
      EXACTLY(pool_destroy(pool), POOL_EBUSY);
      break;
    }
    case 10: {
      // What nobody is inside of: made up, since of others somebody may be.
      const pool_group_t none = {bytes.chance(20) ? 0 : made_up(bytes, 2)};
      CALL(Handle::bad, pool_group_leave(none, 0), POOL_OK);
      break;
    }
    default: {
      const std::int32_t status = static_cast<std::int32_t>(bytes.below(40)) - 20;
      CHECK(pool_status_name(status) != nullptr && pool_status_str(status) != nullptr);
      CHECK(pool_version() == POOL_VERSION && pool_version_string() != nullptr);
      calls.fetch_add(4, std::memory_order_relaxed);
    }
  }
}

}  // namespace fuzz
