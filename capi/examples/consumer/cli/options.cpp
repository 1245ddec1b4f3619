// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "cli/options.hpp"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

#include "base/error.hpp"

namespace consumer {
namespace {

// A day: longer leases, delays and deadlines are mistakes.
constexpr double longest = 86'400;

std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

struct Seconds {
  double busy = 5;
  double heartbeat = 10;
  double patience = 60;
  double lease = 60;
  double deadline = 10;
  double retry_delay = 0.5;
};

std::string fault_of_serve_address(const std::string& text) {
  try {
    parse_serve_address(text);
    return {};
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

// Splits what --queue says: a database's file, or a broker.
void set_queue(const std::string& url, Options& options) {
  constexpr std::string_view sqlite = "sqlite:";
  if (url.starts_with("amqp://")) {
    options.broker = parse_amqp_address(url);
  } else if (url.starts_with(sqlite) && url.size() > sqlite.size()) {
    options.database = url.substr(sqlite.size());
  } else {
    throw std::invalid_argument("scheme: neither sqlite:FILE nor amqp://...");
  }
}

void describe_run(CLI::App& run, RunOptions& options, Seconds& seconds) {
  options.prefetch = 512;
  options.max_attempts = 5;
  run.add_option("--workers", options.workers, "most worker threads (default: the CPUs this process may use)")
      ->check(CLI::Range(1, 32'767));
  run.add_option("--prefetch", options.prefetch, "most messages in flight")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  run.add_option("--lease", seconds.lease, "seconds until an unattended message goes to another consumer")
      ->check(CLI::Range(0.1, longest))
      ->capture_default_str();
  run.add_option("--max-attempts", options.max_attempts, "a message that failed so often becomes a dead letter")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  run.add_option("--retry-delay", seconds.retry_delay,
                 "seconds before the second attempt; doubled for each further one")
      ->check(CLI::Range(0.0, longest))
      ->capture_default_str();
  run.add_option("--deadline", seconds.deadline, "seconds to finish what is in flight after SIGINT or SIGTERM")
      ->check(CLI::Range(0.0, longest))
      ->capture_default_str();
  run.add_flag("--stay", options.stay, "carry on when the queue is empty, until SIGINT or SIGTERM");
  run.add_flag("--watch", options.watch, "show the pool live: a screen, or lines if stdout is no terminal");
  run.add_option_function<std::string>(
         "--metrics", [&options](const std::string& text) { options.metrics = parse_serve_address(text); },
         "serve the pool's figures as OpenMetrics at http://ADDR/metrics; ADDR is 127.0.0.1:PORT, port 0 any free one")
      ->type_name("ADDR")
      ->check(fault_of_serve_address);
  run.add_option("--trace", options.trace, "write who ran what when, as a file for Perfetto or chrome://tracing")
      ->type_name("FILE");
}

}  // namespace

Options parse_options(int argc, char** argv) {
  Options options;
  Seconds seconds;
  options.database = "consumer.db";

  CLI::App app("Works through a durable queue of files with libpool: SHA-256, counts and deflated size of each.",
               "consumer");
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--db", options.database, "the database file")->type_name("FILE")->capture_default_str();
  std::string queue;
  app.add_option("--queue", queue,
                 "sqlite:FILE, the same as --db FILE, or amqp://USER:PASSWORD@HOST:PORT,HOST:PORT/VHOST, a broker")
      ->type_name("URL")
      ->envname("CONSUMER_QUEUE");
  app.add_option("--heartbeat", seconds.heartbeat, "seconds between signs of life from and to the broker")
      ->check(CLI::Range(1.0, 3'600.0))
      ->capture_default_str();
  app.add_option("--patience", seconds.patience, "seconds to go on trying when the broker cannot be reached")
      ->check(CLI::Range(0.0, longest))
      ->capture_default_str();
  app.add_option("--busy", seconds.busy, "seconds to wait for a locked database")
      ->check(CLI::Range(0.0, longest))
      ->capture_default_str();
  app.add_flag("--json", options.json, "print one JSON object");

  CLI::App* enqueue = app.add_subcommand("enqueue", "put one message per regular file below DIR into the queue");
  enqueue->add_option("DIR", options.enqueue.folder, "the folder")->required();
  CLI::App* run = app.add_subcommand("run", "work until the queue is empty");
  describe_run(*run, options.run, seconds);
  CLI::App* collect = app.add_subcommand("collect", "take results and dead letters from a broker into the database");
  collect->add_flag("--stay", options.stay, "carry on when there are none, until SIGINT or SIGTERM");
  app.add_subcommand("status", "show queue, results and dead letters");

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked_for_help) {
    std::exit(app.exit(asked_for_help));
  } catch (const CLI::ParseError& error) {
    throw Error(Exit::usage, std::string(error.what()) + " (try --help)");
  }

  if (options.run.watch && options.json) throw Error(Exit::usage, "--watch and --json both want stdout: choose one");
  try {
    if (!queue.empty()) set_queue(queue, options);
  } catch (const std::invalid_argument& error) {
    throw Error(Exit::usage, std::string("--queue: ") + error.what());
  }
  if (options.broker && options.run.prefetch > 65'535) {
    throw Error(Exit::usage, "--prefetch: at most 65535 from a broker");
  }
  options.command = *enqueue ? Command::enqueue : *run ? Command::run : *collect ? Command::collect : Command::status;
  options.busy = milliseconds(seconds.busy);
  options.heartbeat = milliseconds(seconds.heartbeat);
  options.patience = milliseconds(seconds.patience);
  options.run.lease = milliseconds(seconds.lease);
  options.run.deadline = milliseconds(seconds.deadline);
  options.run.retry_delay = milliseconds(seconds.retry_delay);
  return options;
}

}  // namespace consumer
