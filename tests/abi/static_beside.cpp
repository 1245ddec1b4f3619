// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// A C++ program that has spdlog and fmt of its own and links libpool.a: the two copies must not meet, neither in the
// linker nor at run time.
#include <pool/pool.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <memory>

int main() {
  int loggers = 0;
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("program", std::make_shared<spdlog::sinks::stdout_sink_mt>()));
  pool_t pool{};
  pool_options_t options{};
  if (pool_options_init(&options, sizeof options) != POOL_OK) return 1;
  options.overflow = 99;  // the library logs that this is out of range
  if (pool_create(&options, &pool) != POOL_EINVAL) return 2;
  if (pool_create(nullptr, &pool) != POOL_OK) return 3;
  if (pool_destroy(pool) != POOL_OK) return 4;
  spdlog::apply_all([&loggers](const std::shared_ptr<spdlog::logger>&) { loggers++; });
  if (loggers != 1) {
    std::printf("%d loggers in the program's registry\n", loggers);
    return 5;
  }
  return 0;
}
