// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "run/summary.hpp"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace consumer {
namespace {

double per_second(const RunReport& report, std::uint64_t number) {
  return report.seconds > 0 ? static_cast<double>(number) / report.seconds : 0;
}

double percentile_ms(const RunReport& report, double share) {
  return static_cast<double>(report.times.percentile(share)) / 1e6;
}

void row(const char* name, const std::string& value) { std::printf("%-16s %16s\n", name, value.c_str()); }

std::string decimal(double number, int places) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", places, number);
  return text;
}

}  // namespace

void print_summary(const RunReport& report) {
  const Tally& tally = report.tally;
  row("messages", grouped(tally.acked));
  row("bytes", grouped(tally.bytes));
  row("seconds", decimal(report.seconds, 2));
  row("messages/s", decimal(per_second(report, tally.acked), 0));
  row("MB/s", decimal(per_second(report, tally.bytes) / 1e6, 1));
  row("p50 ms/message", decimal(percentile_ms(report, 0.50), 2));
  row("p99 ms/message", decimal(percentile_ms(report, 0.99), 2));
  row("most workers", grouped(report.most_workers));
  row("retries", grouped(tally.retries));
  row("dead letters", grouped(tally.dead));
  if (tally.handed_back > 0) row("handed back", grouped(tally.handed_back));
  if (tally.stale > 0) row("stale receipts", grouped(tally.stale));
  if (tally.redelivered > 0) row("redelivered", grouped(tally.redelivered));
  if (report.drained) row("left in queue", grouped(report.left));
}

void print_summary_json(const RunReport& report) {
  const Tally& tally = report.tally;
  const nlohmann::ordered_json json = {
      {"messages", tally.acked},
      {"bytes", tally.bytes},
      {"seconds", report.seconds},
      {"messages_per_s", per_second(report, tally.acked)},
      {"mb_per_s", per_second(report, tally.bytes) / 1e6},
      {"p50_ms", percentile_ms(report, 0.50)},
      {"p99_ms", percentile_ms(report, 0.99)},
      {"most_workers", report.most_workers},
      {"retries", tally.retries},
      {"dead_letters", tally.dead},
      {"handed_back", tally.handed_back},
      {"stale_receipts", tally.stale},
      {"redelivered", tally.redelivered},
      {"drained", report.drained},
      {"left", report.left},
  };
  std::printf("%s\n", json.dump().c_str());
}

}  // namespace consumer
