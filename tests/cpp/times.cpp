// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Times: the conversion from std::chrono, its ends included, and what time-outs do.
#include "check.hpp"

#include <limits>

using namespace std::chrono_literals;
using pool::detail::nanoseconds_of;

namespace {

constexpr std::int64_t for_ever = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();

static_assert(nanoseconds_of(0ns) == 0 && nanoseconds_of(0h) == 0 && nanoseconds_of(-0.0s) == 0);
static_assert(nanoseconds_of(1ns) == 1 && nanoseconds_of(1us) == 1000 && nanoseconds_of(2h) == 7200000000000);
static_assert(nanoseconds_of(-1ns) == -1 && nanoseconds_of(-2s) == -2000000000);
static_assert(nanoseconds_of(123456789012345678ns) == 123456789012345678);  // more digits than a double has
static_assert(nanoseconds_of(1.5s) == 1500000000 && nanoseconds_of(0.25ms) == 250000);
static_assert(nanoseconds_of(std::chrono::duration<float>(2)) == 2000000000);

// Shorter than what counts: not a poll.
static_assert(nanoseconds_of(std::chrono::duration<int, std::pico>(1)) == 1);
static_assert(nanoseconds_of(std::chrono::duration<int, std::pico>(-1)) == -1);
static_assert(nanoseconds_of(std::chrono::duration<double, std::nano>(0.3)) == 1);
static_assert(nanoseconds_of(std::chrono::duration<long, std::pico>(2999)) == 2);

// Ends.
static_assert(nanoseconds_of(pool::forever) == for_ever);
static_assert(nanoseconds_of(std::chrono::nanoseconds::min()) == lowest);
static_assert(nanoseconds_of(std::chrono::hours::max()) == for_ever);
static_assert(nanoseconds_of(std::chrono::hours::min()) == lowest);
static_assert(nanoseconds_of(std::chrono::seconds::max()) == for_ever);
static_assert(nanoseconds_of(std::chrono::duration<std::uint64_t>(UINT64_MAX)) == for_ever);
static_assert(nanoseconds_of(std::chrono::duration<std::uint32_t, std::ratio<3600>>(UINT32_MAX)) == for_ever);

// Ratios that are no whole number of nanoseconds, where the exact product would overflow.
using thirds = std::chrono::duration<std::int64_t, std::ratio<1, 3>>;
static_assert(nanoseconds_of(thirds(3)) == 1000000000);
static_assert(nanoseconds_of(thirds(27000000000)) == 9000000000000000000);

// Options: nothing said is the default, 0 and below are none.
static_assert(pool::time_option().value() == 0);
static_assert(pool::time_option(0s).value() == -1 && pool::time_option(-5s).value() == -1);
static_assert(pool::time_option(5s).value() == 5000000000);
static_assert(pool::time_option(pool::forever).value() == for_ever);

// Not constant expressions, since they overflow on the way or are no numbers.
void odd_numbers() {
  using seconds = std::chrono::duration<double>;
  using limits = std::numeric_limits<double>;
  CHECK(nanoseconds_of(seconds(1e300)) == for_ever && nanoseconds_of(seconds(-1e300)) == lowest);
  CHECK(nanoseconds_of(seconds(limits::infinity())) == for_ever);
  CHECK(nanoseconds_of(seconds(-limits::infinity())) == lowest);
  CHECK(nanoseconds_of(seconds(limits::quiet_NaN())) == 0);
  CHECK(nanoseconds_of(seconds(limits::denorm_min())) == 1);
}

void waits() {
  pool::thread_pool workers;
  pool::group group(workers);
  CHECK(group.wait_for(0s) && group.wait_for(-1s) && group.wait_for(pool::forever));  // empty
  check::gate gate;
  group.submit([&gate] { gate.pass(); });
  gate.await(1);
  CHECK(!group.wait_for(0s));
  CHECK(!group.wait_for(-1h));
  CHECK(!group.wait_for(1ns));
  CHECK(!group.wait_for(0.001s));
  CHECK(group.try_wait_for(std::chrono::duration<float, std::pico>(1)) == pool::status::timed_out);
  CHECK(group.poll() == pool::status::busy);
  gate.open();
  CHECK(group.wait_for(std::chrono::hours::max()));
  group.submit([] { throw 1; });
  CHECK(check::thrown_by([&] { group.wait_for(1h); }) == pool::status::failed);
  CHECK(check::thrown_by([&] { group.wait_for(0s); }) == pool::status::failed);
}

void shutdowns() {
  pool::thread_pool workers;
  pool::group group(workers);
  check::gate gate;
  group.submit([&gate] { gate.pass(); });
  gate.await(1);
  CHECK(!workers.shutdown(pool::shutdown_mode::drain, 0s));
  CHECK(!workers.shutdown(pool::shutdown_mode::drain, 1us));
  CHECK(workers.try_shutdown(pool::shutdown_mode::drain, 1ns) == pool::status::timed_out);
  gate.open();
  CHECK(workers.shutdown(pool::shutdown_mode::drain, pool::forever));
}

}  // namespace

int main() {
  odd_numbers();
  waits();
  shutdowns();
  return 0;
}
