// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// run.cpp - puts queue, pool and master together.
#include <fcntl.h>
#include <pool/insight.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/fd.hpp"
#include "base/signals.hpp"
#include "base/text.hpp"
#include "commands/commands.hpp"
#include "metrics/server.hpp"
#include "queue/open.hpp"
#include "run/master.hpp"
#include "run/progress.hpp"
#include "run/summary.hpp"
#include "watch/watch.hpp"

namespace consumer {
namespace {

// Room for the tasks of every message in flight.
std::uint32_t capacity_of(const RunOptions& options) { return 3 * options.prefetch; }

// Owns the pool.
class Pool {
 public:
  explicit Pool(const RunOptions& options) {
    pool_options_t pool_options;
    must("pool_options_init", pool_options_init(&pool_options, sizeof pool_options));
    pool_options.max_workers = options.workers;
    pool_options.queue_capacity = capacity_of(options);
    pool_options.overflow = POOL_OVERFLOW_REJECT;  // the master must never stand at a full queue
    pool_options.name = "consumer";
    pool_options.timing = 1;  // every task: next to what it does, three looks at the clock are nothing
    must("pool_create", pool_create(&pool_options, &pool_));
  }
  ~Pool() {
    const pool_status_t status = pool_destroy(pool_);
    if (status != POOL_OK) std::fprintf(stderr, "consumer: pool_destroy: %s\n", pool_status_str(status));
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  pool_t handle() const { return pool_; }

 private:
  static void must(const char* call, pool_status_t status) {
    if (status != POOL_OK) throw Error(Exit::system, std::string(call) + ": " + pool_status_str(status));
  }

  pool_t pool_{};
};

// The pool's trace, if one is wanted: from here to stop().
class Trace {
 public:
  // Throws Error, whose text names the option: the file cannot be had.
  Trace(pool_t pool, std::string file) : pool_(pool), file_(std::move(file)) {
    if (file_.empty()) return;
    if (!Fd(open(file_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666))) {
      throw Error(Exit::usage, "--trace " + escape(file_) + ": " + std::strerror(errno));
    }
    const pool_status_t status = pool_trace_start(pool, file_.c_str(), nullptr);
    if (status != POOL_OK) throw Error(Exit::system, std::string("pool_trace_start: ") + pool_status_str(status));
  }

  // Writes the file. False: not to its end; a line on stderr says so.
  bool stop() const {
    if (file_.empty()) return true;
    std::uint64_t dropped = 0;
    const pool_status_t status = pool_trace_stop(pool_, &dropped);
    if (dropped != 0) {
      std::fprintf(stderr, "consumer: the trace had no room for %s\n", counted(dropped, "event").c_str());
    }
    if (status == POOL_OK) return true;
    std::fprintf(stderr, "consumer: --trace %s: could not be written to its end\n", escape(file_).c_str());
    return false;
  }

 private:
  const pool_t pool_;
  const std::string file_;
};

// While it lives SIGQUIT, which is Ctrl-\ in a terminal, writes to stderr what the pool is at, and the work goes on.
class DumpOnQuit {
 public:
  explicit DumpOnQuit(pool_t pool) {
    pool_ = pool;
    struct sigaction action {};
    sigaction(SIGQUIT, nullptr, &action);
    if (action.sa_handler != SIG_DFL) return;  // ignored from the start, or taken by a tool
    action.sa_handler = [](int) { pool_dump(pool_, STDERR_FILENO); };
    action.sa_flags = SA_RESTART;
    is_taken_ = sigaction(SIGQUIT, &action, nullptr) == 0;
  }
  ~DumpOnQuit() {
    if (is_taken_) std::signal(SIGQUIT, SIG_DFL);
  }
  DumpOnQuit(const DumpOnQuit&) = delete;
  DumpOnQuit& operator=(const DumpOnQuit&) = delete;

 private:
  static inline pool_t pool_{};
  bool is_taken_ = false;
};

std::unique_ptr<View> make_view(pool_t pool, const Options& options) {
  if (options.run.watch) return std::make_unique<Watch>(pool, capacity_of(options.run));
  return std::make_unique<Progress>(pool, !options.json);
}

Exit report_on(const RunReport& report, bool json) {
  if (report.error) {
    std::fprintf(stderr, "consumer: %s\n", report.error->what());
    return report.error->status();
  }
  if (json) {
    print_summary_json(report);
  } else {
    print_summary(report);
  }
  return report.tally.dead > 0 && !report.drained ? Exit::left_out : Exit::ok;
}

}  // namespace

Exit run(const Options& options) {
  Mailbox mailbox;
  const Signals signals([&mailbox](int signal) { mailbox.post_signal(signal); }, &Screen::leave);
  auto queue = open_queue(options, [&mailbox](const std::string& line) { mailbox.post_line(line); });
  const Pool pool(options.run);
  const Trace trace(pool.handle(), options.run.trace);
  std::optional<DumpOnQuit> dump;
  if (!options.run.watch) dump.emplace(pool.handle());  // which has the terminal for itself
  std::optional<MetricsServer> metrics;
  if (options.run.metrics) metrics.emplace(pool.handle(), *options.run.metrics);
  Keeper keeper(std::move(queue), {.prefetch = options.run.prefetch, .lease = options.run.lease}, mailbox);
  const std::unique_ptr<View> view = make_view(pool.handle(), options);
  if (metrics) view->line("metrics at " + metrics->url());
  Master master(pool.handle(), keeper, mailbox, *view,
                {.max_attempts = options.run.max_attempts,
                 .retry_delay = options.run.retry_delay,
                 .deadline = options.run.deadline,
                 .stay = options.run.stay});
  const RunReport report = master.run();
  const bool is_traced = trace.stop();
  Exit status = report_on(report, options.json);
  if (!is_traced && status == Exit::ok) status = Exit::system;
  if (report.stuck) {
    std::fflush(nullptr);
    std::_Exit(static_cast<int>(status));  // a task hangs in the system: nothing it uses may be destroyed
  }
  return status;
}

}  // namespace consumer
