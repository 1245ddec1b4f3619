// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Statuses as std::error_code, and pool::error as what it derives from.
#include "check.hpp"

#include <cstring>
#include <string>
#include <type_traits>

int main() {
  static_assert(std::is_error_code_enum_v<pool::status>);
  static_assert(std::is_base_of_v<std::system_error, pool::error>);
  static_assert(std::is_base_of_v<std::runtime_error, pool::error>);
  static_assert(std::is_nothrow_copy_constructible_v<pool::error>);

  // Each has the name and the sentence of the C status.
  for (int value = POOL_EINTERNAL; value <= POOL_OK; ++value) {
    const auto status = static_cast<pool::status>(value);
    const std::error_code code = status;
    CHECK(code.value() == value && code.category() == pool::category());
    CHECK(static_cast<bool>(code) == (status != pool::status::ok));
    CHECK(code.message() == pool_status_str(value));
    CHECK(std::strcmp(pool::name(status), pool_status_name(value)) == 0);
    CHECK(code == status);
  }
  CHECK(std::strcmp(pool::name(pool::status::full), "POOL_EFULL") == 0);
  CHECK(std::strcmp(pool::category().name(), "pool") == 0);

  CHECK(std::error_code(pool::status::invalid) == std::errc::invalid_argument);
  CHECK(std::error_code(pool::status::no_memory) == std::errc::not_enough_memory);
  CHECK(std::error_code(pool::status::timed_out) == std::errc::timed_out);
  CHECK(std::error_code(pool::status::cancelled) == std::errc::operation_canceled);
  CHECK(std::error_code(pool::status::deadlock) == std::errc::resource_deadlock_would_occur);
  CHECK(std::error_code(pool::status::busy) == std::errc::device_or_resource_busy);
  CHECK(std::error_code(pool::status::failed) != std::errc::invalid_argument);
  CHECK(std::error_code(pool::status::closed).default_error_condition().category() == pool::category());

  const pool::group_ref none;
  CHECK(!none && none.try_wait() == pool::status::bad_handle);
  try {
    none.wait();
    check::that(false, "it throws", __FILE__, __LINE__);
  } catch (const std::system_error& error) {
    CHECK(error.code() == pool::status::bad_handle && error.code() == std::errc::invalid_argument);
    CHECK(std::string(error.what()).find("group::wait") == 0);
    CHECK(std::string(error.what()).find(pool_status_str(POOL_EBADHANDLE)) != std::string::npos);
    CHECK(dynamic_cast<const pool::error&>(error).failure_code() == 0);
  }
  CHECK(check::thrown_by([&] { none.submit([] {}); }) == pool::status::bad_handle);
  CHECK(check::thrown_by([&] { none.stats(); }) == pool::status::bad_handle);
  CHECK(check::thrown_by([&] { none.first_failure(); }) == pool::status::bad_handle);
  CHECK(check::thrown_by([&] { pool::thread_pool_ref().stats(); }) == pool::status::bad_handle);
  CHECK(check::thrown_by([&] { pool::group{pool::thread_pool_ref()}; }) == pool::status::bad_handle);
  pool::thread_pool_options options;
  options.max_workers = 40000;
  CHECK(check::thrown_by([&] { pool::thread_pool{options}; }) == pool::status::invalid);
  return 0;
}
