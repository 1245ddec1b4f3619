// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Histograms, and all figures as text.
#include <pool/insight.h>

#include <cmath>
#include <cstdio>
#include <string>

#include "group_calls.hpp"
#include "structs.hpp"

using namespace pool;
using capi::invalid;

namespace {

static_assert(POOL_HISTOGRAM_BUCKETS == base::histogram_buckets);

// The bytes of the UTF-8 character that `text` begins with; 0: none, NUL included.
std::size_t character_length(const char* text) {
  const auto byte = [text](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) return lead != 0 ? 1 : 0;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  std::uint32_t code = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3FU);
  }
  constexpr std::uint32_t least[] = {0x80, 0x800, 0x10000};
  const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
  return lead >= 0xC0 && lead < 0xF8 && code >= least[length - 2] && code <= 0x10FFFF && !is_surrogate ? length : 0;
}

// The text format of OpenMetrics.
class Metrics {
 public:
  // A name is any bytes, and may be cut within a character; the format wants UTF-8.
  explicit Metrics(const char* pool) : label_("pool=\"") {
    while (*pool != '\0') {
      const std::size_t length = character_length(pool);
      if (*pool == '\n') {
        label_ += "\\n";
      } else if (length == 0) {
        label_ += "\uFFFD";
      } else {
        if (*pool == '\\' || *pool == '"') label_ += '\\';
        label_.append(pool, length);
      }
      pool += std::max<std::size_t>(length, 1);
    }
    label_ += '"';
  }

  void gauge(const char* name, const char* help, double value, const char* unit = nullptr) {
    head(name, "gauge", help, unit);
    line(name, "", "", value);
  }
  // The name without _total.
  void counter(const char* name, const char* help, std::uint64_t value) {
    head(name, "counter", help, nullptr);
    line(name, "_total", "", static_cast<double>(value));
  }
  // Buckets by powers of four from about 1 us, in seconds.
  void histogram(const char* name, const char* help, const sched::Histogram<System>& histogram) {
    head(name, "histogram", help, "seconds");
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < base::histogram_buckets - 1; ++i) {
      sum += histogram.count(i);
      const std::int64_t end = base::bucket_end(i);
      const int power = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(end))) - 1;
      if (end != std::int64_t{1} << power || power < 10 || power % 2 != 0 || power > 40) continue;
      char bound[64];
      std::snprintf(bound, sizeof bound, ",le=\"%.9g\"", static_cast<double>(end) / 1e9);
      line(name, "_bucket", bound, static_cast<double>(sum));
    }
    sum += histogram.count(base::histogram_buckets - 1);
    line(name, "_bucket", ",le=\"+Inf\"", static_cast<double>(sum));
    line(name, "_sum", "", static_cast<double>(histogram.sum()) / 1e9);
    line(name, "_count", "", static_cast<double>(sum));
  }

  std::string text() && { return std::move(text_) + "# EOF\n"; }

 private:
  void head(const char* name, const char* type, const char* help, const char* unit) {
    text_.append("# TYPE ").append(name).append(" ").append(type).append("\n");
    if (unit != nullptr) text_.append("# UNIT ").append(name).append(" ").append(unit).append("\n");
    text_.append("# HELP ").append(name).append(" ").append(help).append("\n");
  }
  void line(const char* name, const char* suffix, const char* labels, double value) {
    char number[64];
    std::snprintf(number, sizeof number, "%.17g", value);
    text_.append(name).append(suffix).append("{").append(label_).append(labels).append("} ").append(number);
    text_.append("\n");
  }

  std::string label_;
  std::string text_;
};

std::string metrics_of(capi::World& world, capi::Pool& pool, const char* name) {
  const sched::PoolCounts counts = sched::count_pool(world, pool);
  Metrics metrics(name);
  metrics.gauge("libpool_workers", "Threads now.", counts.threads);
  metrics.gauge("libpool_workers_idle", "Of these, parked.", counts.idle);
  metrics.gauge("libpool_workers_blocked", "Of these, inside blocking sections.", counts.blocked);
  metrics.gauge("libpool_workers_burst", "Of these, more than max_workers.", counts.burst);
  metrics.gauge("libpool_workers_peak", "Most threads at once.", counts.peak);
  metrics.counter("libpool_workers_created", "Threads so far.", counts.created);
  metrics.counter("libpool_workers_left", "Threads that are gone again.", counts.left);
  metrics.gauge("libpool_queued", "Tasks that have not started.", counts.queued);
  metrics.gauge("libpool_running", "Tasks that have started and are not over.", counts.running);
  metrics.counter("libpool_finished", "Tasks that are over.", counts.tallied.finished);
  metrics.counter("libpool_failed", "Tasks that failed.", pool.failed.load());
  metrics.counter("libpool_cancelled", "Tasks that were cancelled before they started.", pool.cancelled.load());
  metrics.counter("libpool_blocked_submits", "Submits that stood in line at a bound.", pool.blocked.load());
  metrics.counter("libpool_rejected", "Submits that were refused at a bound.", pool.rejected.load());
  metrics.counter("libpool_caller_runs", "Tasks that their submitter ran at a bound.", pool.caller_runs.load());
  metrics.counter("libpool_discarded", "Tasks that were discarded at a bound.", pool.discarded.load());
  metrics.counter("libpool_helps", "Tasks that were run by threads that wait.", counts.tallied.helped);
  metrics.counter("libpool_wakes", "Threads that were woken for work.", pool.wakes.load());
  metrics.counter("libpool_steals", "Tasks that were claimed by one thread and run by another.", pool.steals.load());
  metrics.gauge("libpool_longest_run_seconds", "How long a worker has been at the same task.",
                static_cast<double>(counts.longest_run) / 1e9, "seconds");
  metrics.gauge("libpool_oldest_wait_seconds", "How long the oldest queued task has waited, if tasks are timed.",
                static_cast<double>(counts.oldest_wait) / 1e9, "seconds");
  metrics.histogram("libpool_wait_seconds", "From submit to start, of the tasks that were timed.", pool.waits);
  metrics.histogram("libpool_run_seconds", "From start to end, of the tasks that were timed.", pool.runs);
  return std::move(metrics).text();
}

}  // namespace

extern "C" {

pool_status_t pool_timing(pool_t pool, uint32_t every) {
  const auto found = capi::resolve(pool);
  if (!found) return found.status();
  return sched::time_tasks(*found.world, *found.slot, found.generation, every) ? POOL_OK : POOL_EBADHANDLE;
}

pool_status_t pool_histogram(pool_t pool, int32_t which, pool_histogram_t* histogram, size_t size) {
  const auto found = capi::resolve(pool);
  if (!found) return found.status();
  if (which != POOL_HISTOGRAM_WAIT && which != POOL_HISTOGRAM_RUN) {
    return invalid("pool_histogram", "which", "has to be one of POOL_HISTOGRAM_*");
  }
  if (histogram == nullptr || !capi::plausible_size(size)) return POOL_EINVAL;
  const auto& its = which == POOL_HISTOGRAM_WAIT ? found.slot->waits : found.slot->runs;
  pool_histogram_t ours = {};
  ours.struct_size = sizeof ours;
  for (std::uint32_t i = 0; i < base::histogram_buckets; ++i) {
    ours.buckets[i] = its.count(i);
    ours.count += ours.buckets[i];
  }
  ours.sum = its.sum();
  ours.longest = its.longest();
  if (!capi::resolve(pool)) return POOL_EBADHANDLE;
  capi::copy_out(ours, histogram, size);
  return POOL_OK;
}

int64_t pool_histogram_percentile(const pool_histogram_t* histogram, double percent) {
  if (histogram == nullptr || histogram->count == 0) return 0;
  const double wanted = std::ceil(std::fmin(std::fmax(percent, 0), 100) / 100 * static_cast<double>(histogram->count));
  double seen = 0;
  for (std::uint32_t i = 0; i < base::histogram_buckets; ++i) {
    seen += static_cast<double>(histogram->buckets[i]);
    if (histogram->buckets[i] != 0 && seen >= wanted) return std::min(base::bucket_end(i), histogram->longest);
  }
  return histogram->longest;
}

int64_t pool_histogram_bound(uint32_t bucket) { return base::bucket_end(bucket); }

pool_status_t pool_metrics(pool_t pool, char* text, size_t size, size_t* length) try {
  if (length != nullptr) *length = 0;
  const auto found = capi::resolve(pool);
  if (!found) return found.status();
  if (text == nullptr && size != 0) return invalid("pool_metrics", "text", "must not be NULL");
  char name[capi::Pool::name_size] = {};
  if (!sched::name_of(*found.slot, found.generation, name)) return POOL_EBADHANDLE;
  const std::string all = metrics_of(*found.world, *found.slot, name);
  if (!capi::resolve(pool)) return POOL_EBADHANDLE;
  if (length != nullptr) *length = all.size();
  if (all.size() >= size) return POOL_EFULL;
  std::memcpy(text, all.c_str(), all.size() + 1);
  return POOL_OK;
} catch (const std::bad_alloc&) {
  return POOL_ENOMEM;
}

}  // extern "C"
