// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "watch/page.hpp"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "base/text.hpp"
#include "watch/chart.hpp"

namespace consumer {
namespace {

constexpr std::size_t label_width = 11;   // in front of a chart
constexpr std::size_t figure_width = 30;  // behind it
constexpr std::size_t widest = 200;
constexpr std::size_t most_told = 4;  // lines at the bottom

using Lines = std::vector<std::string>;

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}
std::string right(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, text.size()), ' ') + text;
}

std::string age(std::int64_t ns) { return ns > 0 ? duration_text(static_cast<double>(ns)) : "-"; }
std::string percentile(const pool_histogram_t& histogram, double percent) {
  return age(pool_histogram_percentile(&histogram, percent));
}
std::string count(double number) { return grouped(static_cast<std::uint64_t>(number)); }
std::string per_cent(const Amount& amount) {
  const std::uint64_t total = amount.done + amount.open;
  return std::to_string(total == 0 ? 100 : amount.done * 100 / total) + " %";
}

std::uint64_t busy(const pool_stats_t& stats) { return stats.workers - std::min(stats.workers, stats.workers_idle); }

// What of a line fits, if characters beyond ASCII take so many columns each. Without `utf8` they become question marks.
std::string cut(const std::string& text, std::size_t columns, std::size_t beyond_ascii, bool utf8) {
  std::string out;
  for (std::size_t i = 0, used = 0; i < text.size();) {
    std::size_t end = i + 1;
    while (end < text.size() && (text[end] & 0xC0) == 0x80) end++;
    const bool is_ascii = (text[i] & 0x80) == 0;
    used += is_ascii || !utf8 ? 1 : beyond_ascii;
    if (used > columns) break;
    out += is_ascii || utf8 ? text.substr(i, end - i) : "?";
    i = end;
  }
  return out;
}

void charts(Lines& lines, const Scene& scene, std::size_t width, bool utf8) {
  const Chart chart(utf8);
  const pool_stats_t& stats = scene.history.now().stats;
  const std::size_t room = width > label_width + figure_width + 12 ? width - label_width - figure_width : 12;
  const auto row = [&](const char* name, const std::string& drawn, const std::string& figures) {
    lines.push_back(padded(name, label_width) + drawn + "  " + figures);
  };
  const auto sparkline = [&](const char* name, const std::deque<double>& values, std::string (*text)(double)) {
    const std::string now = text(values.empty() ? 0 : values.back());
    row(name, chart.sparkline(values, room), right(now, 7) + "   highest " + text(Chart::highest(values, room)));
  };
  const auto done = static_cast<double>(scene.amount.done), open = static_cast<double>(scene.amount.open);
  const auto working = static_cast<double>(busy(stats)), all = static_cast<double>(stats.workers);
  row("messages", chart.bar(done, 0, done + open, room), right(per_cent(scene.amount), 7));
  row("workers", chart.bar(working, all - working, stats.workers_peak, room),
      right(count(working), 7) + " busy, " + count(all - working) + " idle, peak " + count(stats.workers_peak));
  row("queue", chart.bar(static_cast<double>(stats.queued), 0, static_cast<double>(scene.capacity), room),
      right(grouped(stats.queued), 7) + " of " + grouped(scene.capacity) + " tasks");
  lines.emplace_back();
  sparkline("tasks/s", scene.history.rates(), count);
  sparkline("queue age", scene.history.ages(), [](double ns) { return age(static_cast<std::int64_t>(ns)); });
  lines.emplace_back();
  lines.push_back("oldest running task  " + age(stats.longest_run));
}

void percentiles(Lines& lines, const History& history) {
  const auto row = [&lines](const char* name, const pool_histogram_t& recent, const pool_histogram_t& all) {
    lines.push_back(padded(name, label_width) + right(percentile(recent, 50), 9) + right(percentile(recent, 99), 10) +
                    std::string(6, ' ') + right(percentile(all, 50), 10) + right(percentile(all, 99), 10) +
                    right(age(all.longest), 10));
  };
  lines.push_back(padded("", label_width) + right("last 10 s", 19) + std::string(6, ' ') +
                  right("since the start", 30));
  lines.push_back(padded("a task's", label_width) + right("p50", 9) + right("p99", 10) + std::string(6, ' ') +
                  right("p50", 10) + right("p99", 10) + right("longest", 10));
  row("wait", history.recent_waits(), history.now().waits);
  row("run", history.recent_runs(), history.now().runs);
}

void counters(Lines& lines, const pool_stats_t& stats) {
  lines.push_back("tasks      running " + grouped(stats.running) + ", finished " + grouped(stats.finished) +
                  ", failed " + grouped(stats.failed) + ", cancelled " + grouped(stats.cancelled) + ", refused " +
                  grouped(stats.rejected));
  lines.push_back("threads    created " + grouped(stats.workers_created) + ", gone " + grouped(stats.workers_left) +
                  ", woken " + grouped(stats.wakes) + " times; tasks taken over " + grouped(stats.steals));
}

}  // namespace

std::vector<std::string> page(const Scene& scene, const TerminalSize& size, bool utf8) {
  const std::size_t width = std::min(size.columns, widest) - 1;
  const std::uint64_t total = scene.amount.done + scene.amount.open;
  std::string title = "consumer   " + grouped(scene.amount.done) + " of " + counted(total, "message") + ", " +
                      count(scene.pace.rate()) + "/s, ETA " + scene.pace.eta(scene.amount.open);
  const std::string clock = clock_text(scene.seconds);
  if (title.size() + clock.size() + 2 <= width) title += right(clock, width - title.size());

  Lines lines{title, {}};
  charts(lines, scene, width, utf8);
  lines.emplace_back();
  percentiles(lines, scene.history);
  lines.emplace_back();
  counters(lines, scene.history.now().stats);
  lines.emplace_back();
  for (std::string& line : lines) line = cut(line, width, 1, utf8);
  const std::size_t told = std::min(scene.told.size(), most_told);
  for (auto line = scene.told.end() - static_cast<std::ptrdiff_t>(told); line != scene.told.end(); ++line) {
    lines.push_back(cut(*line, width, 2, utf8));  // names of files have wide characters
  }
  if (lines.size() > size.rows) lines.resize(size.rows);
  return lines;
}

std::string log_line(const Scene& scene) {
  const Sample& now = scene.history.now();
  const pool_stats_t& stats = now.stats;
  const auto ms = [](std::int64_t ns) { return static_cast<double>(ns) / 1e6; };
  const auto percentile_ms = [&ms](const pool_histogram_t& histogram, double percent) {
    return ms(pool_histogram_percentile(&histogram, percent));
  };
  const pool_histogram_t waits = scene.history.recent_waits(), runs = scene.history.recent_runs();
  char text[512];
  std::snprintf(text, sizeof text,
                "seconds=%.1f done=%" PRIu64 " open=%" PRIu64 " workers=%" PRIu32 " idle=%" PRIu32 " running=%" PRIu64
                " queued=%" PRIu64
                " tasks_per_s=%.0f queue_age_ms=%.3f oldest_run_ms=%.3f wait_p50_ms=%.3f"
                " wait_p99_ms=%.3f run_p50_ms=%.3f run_p99_ms=%.3f",
                scene.seconds, scene.amount.done, scene.amount.open, stats.workers, stats.workers_idle, stats.running,
                stats.queued, scene.history.rates().empty() ? 0 : scene.history.rates().back(), ms(stats.oldest_wait),
                ms(stats.longest_run), percentile_ms(waits, 50), percentile_ms(waits, 99), percentile_ms(runs, 50),
                percentile_ms(runs, 99));
  return text;
}

}  // namespace consumer
