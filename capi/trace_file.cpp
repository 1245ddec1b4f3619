// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// What threads have recorded, as text. Each slice is one event of phase X; a task's flow goes from its submit (phase s)
// through each of its slices (t) to its end (f): in the wait that saw it over, or in its last slice, if none did.
#include "trace_file.hpp"

#include <cxxabi.h>
#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "base/no_cancel.hpp"
#include "group_calls.hpp"
#include "text.hpp"

using namespace pool;
using sched::TraceKind;
using sched::TraceRecord;
using Buffer = sched::TraceBuffer<System>;
using Trace = sched::Trace<System>;

namespace {

// The bytes of a well-formed character of UTF-8 at the beginning; 0: there is none.
std::size_t character_size(std::string_view text) {
  const auto byte = [text](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto follows = [&byte](std::size_t i) { return (byte(i) & 0xC0U) == 0x80; };
  if (byte(0) < 0x80) return 1;
  if (byte(0) >= 0xC2 && byte(0) < 0xE0) return follows(1) ? 2 : 0;
  if ((byte(0) & 0xF0U) == 0xE0) {
    const unsigned both = byte(0) << 8U | byte(1);
    const bool is_short_or_surrogate = both < 0xE0A0 || (both >= 0xEDA0 && both <= 0xEDBF);
    return !is_short_or_surrogate && follows(1) && follows(2) ? 3 : 0;
  }
  const unsigned both = byte(0) << 8U | byte(1);
  return both >= 0xF090 && both <= 0xF48F && follows(1) && follows(2) && follows(3) ? 4 : 0;
}

// As it stands between the quotes of a string of JSON.
std::string escaped(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const char c = text.front();
    const std::size_t size = character_size(text);
    if (size == 0) {
      result += "\\ufffd";  // a name may be cut in the middle of a character
    } else if (c == '"' || c == '\\') {
      result.append({'\\', c});
    } else if (static_cast<unsigned char>(c) < ' ') {
      result += ' ';
    } else {
      result.append(text.substr(0, size));
    }
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return result;
}

// The slots and lives of groups, and their functions, by name.
class Names {
 public:
  explicit Names(capi::World& world) : world_(world) {}

  void learn(std::uint64_t group, const TraceRecord& text) {
    char name[group::name_size + 1] = {};
    std::memcpy(name, &text, group::name_size);
    groups_.try_emplace(group, escaped(name));
  }
  const std::string& of_group(std::uint64_t group) {
    const auto [at, is_new] = groups_.try_emplace(group);
    if (!is_new) return at->second;
    // It has no name, or nothing of it has run: perhaps it still lives.
    char name[group::name_size + 1] = {};
    if (const capi::Group* const slot = world_.groups.at(base::low(group)); slot != nullptr) {
      capi::read_name(*slot, name);
      if (slot->queue.generation() != base::high(group)) name[0] = '\0';
    }
    at->second = name[0] != '\0' ? escaped(name) : "group " + std::to_string(base::low(group));
    return at->second;
  }

  // Its symbol, else module+offset.
  const std::string& of_function(std::uint64_t fn) {
    const auto [at, is_new] = functions_.try_emplace(fn);
    if (is_new) at->second = escaped(describe(fn));
    return at->second;
  }

 private:
  static std::string describe(std::uint64_t fn) {
    char text[32];
    Dl_info info = {};
    const bool is_known = dladdr(reinterpret_cast<void*>(fn), &info) != 0;
    if (is_known && info.dli_sname != nullptr) {
      char* const readable = abi::__cxa_demangle(info.dli_sname, nullptr, nullptr, nullptr);
      std::string name = readable != nullptr ? readable : info.dli_sname;
      std::free(readable);
      return name;
    }
    const auto base = is_known ? reinterpret_cast<std::uintptr_t>(info.dli_fbase) : 0;
    std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(fn - base));
    if (!is_known || info.dli_fname == nullptr) return text;
    const char* const slash = std::strrchr(info.dli_fname, '/');
    return std::string(slash != nullptr ? slash + 1 : info.dli_fname) + "+" + text;
  }

  capi::World& world_;
  std::unordered_map<std::uint64_t, std::string> groups_;
  std::unordered_map<std::uint64_t, std::string> functions_;
};

std::uint64_t group_of(const TraceRecord& record) { return base::pack(record.life, record.group); }

// What tells a task from all others, well mixed into 64 bits: that two of a trace meet is as good as impossible.
std::uint64_t flow_of(const TraceRecord& record) {
  const auto mix = [](std::uint64_t word) {
    word = (word ^ word >> 30U) * 0xBF58476D1CE4E5B9U;
    word = (word ^ word >> 27U) * 0x94D049BB133111EBU;
    return word ^ word >> 31U;
  };
  return mix(mix(group_of(record) + 0x9E3779B97F4A7C15U) + record.ticket);
}

// Which slices belong to the same task, and which wait saw each task over.
class Flows {
 public:
  void add(const Buffer& buffer, std::uint32_t index, const TraceRecord& record, std::int64_t begin, std::int64_t end) {
    switch (record.kind) {
      case TraceKind::submit:
        return submits_.push_back(flow_of(record));
      case TraceKind::task:
        return tasks_.push_back({flow_of(record), begin, end, group_of(record), false, false});
      case TraceKind::wait:
        if (record.ticket == sched::saw_empty) waits_.push_back({group_of(record), end, &buffer, index});
        return;
      default:
        return;
    }
  }
  // When all are added.
  void match() {
    std::sort(submits_.begin(), submits_.end());
    std::sort(tasks_.begin(), tasks_.end(),
              [](const Part& a, const Part& b) { return a.flow != b.flow ? a.flow < b.flow : a.begin < b.begin; });
    std::sort(waits_.begin(), waits_.end(),
              [](const Waited& a, const Waited& b) { return a.group != b.group ? a.group < b.group : a.end < b.end; });
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      Part& part = tasks_[i];
      part.has_submit = std::binary_search(submits_.begin(), submits_.end(), part.flow);
      part.is_last = i + 1 == tasks_.size() || tasks_[i + 1].flow != part.flow;
      const Waited* const wait = part.has_submit && part.is_last ? wait_for(part) : nullptr;
      if (wait == nullptr) continue;
      part.is_last = false;
      ended_.push_back({wait->buffer, wait->index, part.flow});
    }
    std::sort(ended_.begin(), ended_.end());
  }

  bool has_task(std::uint64_t flow) const {
    const auto at = std::lower_bound(tasks_.begin(), tasks_.end(), flow,
                                     [](const Part& part, std::uint64_t wanted) { return part.flow < wanted; });
    return at != tasks_.end() && at->flow == flow;
  }
  // The phase of the flow event at this slice; 0: none.
  char phase_of(std::uint64_t flow, std::int64_t begin) const {
    const auto at =
        std::lower_bound(tasks_.begin(), tasks_.end(), flow, [begin](const Part& part, std::uint64_t wanted) {
          return part.flow != wanted ? part.flow < wanted : part.begin < begin;
        });
    if (at == tasks_.end() || at->flow != flow || !at->has_submit) return '\0';
    return at->is_last ? 'f' : 't';
  }
  // Calls each(flow) for each task that that wait saw over.
  template <class Each>
  void ended_in(const Buffer& buffer, std::uint32_t index, Each&& each) const {
    for (auto at = std::lower_bound(ended_.begin(), ended_.end(), Ended{&buffer, index, 0});
         at != ended_.end() && at->buffer == &buffer && at->index == index; ++at) {
      each(at->flow);
    }
  }

 private:
  struct Part {
    std::uint64_t flow;
    std::int64_t begin, end;
    std::uint64_t group;
    bool has_submit, is_last;
  };
  struct Waited {
    std::uint64_t group;
    std::int64_t end;
    const Buffer* buffer;
    std::uint32_t index;
  };
  struct Ended {
    const Buffer* buffer;
    std::uint32_t index;
    std::uint64_t flow;
    friend bool operator<(const Ended& a, const Ended& b) {
      return std::tie(a.buffer, a.index, a.flow) < std::tie(b.buffer, b.index, b.flow);
    }
  };

  // The first of its group that ended after the task.
  const Waited* wait_for(const Part& part) const {
    const auto at = std::lower_bound(waits_.begin(), waits_.end(), part, [](const Waited& wait, const Part& wanted) {
      return wait.group != wanted.group ? wait.group < wanted.group : wait.end <= wanted.end + 1;
    });
    return at != waits_.end() && at->group == part.group ? &*at : nullptr;
  }

  std::vector<std::uint64_t> submits_;
  std::vector<Part> tasks_;
  std::vector<Waited> waits_;
  std::vector<Ended> ended_;
};

class File {
 public:
  File(capi::World& world, Trace& trace)
      : trace_(trace),
        tick_(sched::tick_since<System>(trace.made_at, trace.made_ticks)),
        names_(world),
        text_(trace.config.fd),
        process_(std::to_string(getpid())) {}

  // False: not to the end.
  bool write() {
    each_buffer([this](Buffer& buffer) { index(buffer); });
    flows_.match();
    text_ << "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"pool\":\"" << escaped(trace_.pool_name).c_str()
          << "\",\"libpool\":\"" << pool_version_string() << "\",\"dropped\":" << trace_.dropped()
          << "},\"traceEvents\":[\n";
    text_ << R"({"ph":"M","name":"process_name","pid":)" << process_.c_str() << ",\"args\":{\"name\":\""
          << escaped(program_invocation_short_name).c_str() << "\"}}";
    each_buffer([this](Buffer& buffer) { tell(buffer); });
    text_ << "\n]}\n";
    text_.flush();
    return text_.is_fine();
  }

 private:
  // What becomes an event: a record, or the end of a wait.
  struct Item {
    std::int64_t at;
    std::uint32_t index;
    bool is_wait_end;
  };

  template <class Each>
  void each_buffer(Each&& each) {
    for (Buffer* at = trace_.buffers; at != nullptr; at = at->next) each(*at);
  }
  // A time of CLOCK_MONOTONIC.
  std::int64_t ns(std::int64_t ticks) const {
    return trace_.made_at + static_cast<std::int64_t>(static_cast<double>(ticks - trace_.made_ticks) * tick_);
  }

  // That of what is not over is the trace's.
  std::int64_t last_of(const TraceRecord& record) const { return ns(record.end != 0 ? record.end : trace_.ended); }
  // At least 1 ns after its beginning, so that there is something to see.
  std::int64_t end_of(const TraceRecord& record) const { return std::max(last_of(record), ns(record.at) + 1); }

  void index(Buffer& buffer) {
    for (std::uint32_t i = 0; i < buffer.size(); ++i) {
      const TraceRecord& record = buffer.records()[i];
      flows_.add(buffer, i, record, ns(record.at), end_of(record));
      if (record.kind == TraceKind::name) names_.learn(group_of(record), buffer.records()[++i]);
    }
  }

  void tell(Buffer& buffer) {
    const std::string thread = std::to_string(buffer.thread);
    std::vector<Item> items;
    items.reserve(buffer.size());
    for (std::uint32_t i = 0; i < buffer.size(); ++i) {
      const TraceRecord& record = buffer.records()[i];
      if (record.kind == TraceKind::name) {
        ++i;
      } else {
        items.push_back({ns(record.at), i, false});
        if (record.kind == TraceKind::wait) items.push_back({end_of(record) - 1, i, true});
      }
    }
    // (A submit is recorded when it is over.)
    std::stable_sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.at < b.at; });
    text_ << ",\n{\"ph\":\"M\",\"name\":\"thread_name\"" << in(thread) << ",\"args\":{\"name\":\""
          << escaped(buffer.name).c_str() << "\"}}";
    bool is_drop_told = buffer.dropped() == 0;
    for (std::size_t i = 0; i < items.size(); ++i) {
      const Item& item = items[i];
      if (!is_drop_told && item.at > ns(buffer.dropped_at())) {
        tell_dropped(buffer, thread);
        is_drop_told = true;
      }
      const TraceRecord& record = buffer.records()[item.index];
      if (item.is_wait_end) {
        flows_.ended_in(buffer, item.index, [&](std::uint64_t flow) { tell_flow('f', flow, item.at, thread); });
      } else if (record.kind == TraceKind::counts) {
        tell_counts(record, item.at);
      } else {
        // One that took no time the clock could tell must not reach into what follows it at once.
        const bool is_crowded = i + 1 < items.size() && items[i + 1].at == item.at;
        const std::int64_t end = is_crowded ? std::max(last_of(record), item.at) : end_of(record);
        tell_slice(record, item.at, end, thread);
      }
    }
    if (!is_drop_told) tell_dropped(buffer, thread);
  }

  void tell_slice(const TraceRecord& record, std::int64_t begin, std::int64_t end, const std::string& thread) {
    const std::uint64_t group = group_of(record);
    const std::uint64_t flow = flow_of(record);
    const std::string& name = names_.of_group(group);
    text_ << ",\n{\"ph\":\"X\",\"name\":\"";
    char phase = '\0';
    switch (record.kind) {
      case TraceKind::task:
        text_ << name.c_str() << ": " << names_.of_function(record.value).c_str() << "\",\"cat\":\"task";
        phase = flows_.phase_of(flow, begin);
        break;
      case TraceKind::wait:
        text_ << "wait for " << name.c_str() << "\",\"cat\":\"wait";
        break;
      default:
        text_ << "submit to " << name.c_str() << "\",\"cat\":\"submit";
        phase = flows_.has_task(flow) ? 's' : '\0';
    }
    text_ << "\"" << in(thread) << ",\"ts\":";
    text_.thousandths(static_cast<std::uint64_t>(begin)) << ",\"dur\":";
    text_.thousandths(static_cast<std::uint64_t>(end - begin))
        << ",\"args\":{\"group\":" << std::uint64_t{record.group} << "}}";
    if (phase != '\0') tell_flow(phase, flow, begin, thread);
  }
  void tell_flow(char phase, std::uint64_t flow, std::int64_t at, const std::string& thread) {
    text_ << ",\n{\"ph\":\"";
    text_.put(phase);
    text_ << R"(","bp":"e","name":"task","cat":"flow","id":")";
    text_.hex(flow) << "\"" << in(thread) << ",\"ts\":";
    text_.thousandths(static_cast<std::uint64_t>(at)) << "}";
  }
  void tell_counts(const TraceRecord& record, std::int64_t at) {
    const auto tell_counter = [&](const char* name, const char* first, std::uint64_t one, const char* second,
                                  std::uint64_t other) {
      text_ << R"(,
{"ph":"C","name":")"
            << name << "\",\"pid\":" << process_.c_str() << ",\"ts\":";
      text_.thousandths(static_cast<std::uint64_t>(at))
          << ",\"args\":{\"" << first << "\":" << one << ",\"" << second << "\":" << other << "}}";
    };
    tell_counter("tasks", "queued", base::low(record.value), "running", base::high(record.value));
    tell_counter("workers", "busy", record.group - std::min(record.life, record.group), "idle", record.life);
  }
  void tell_dropped(const Buffer& buffer, const std::string& thread) {
    text_ << R"(,
{"ph":"i","s":"t","cat":"dropped","name":"no room: )"
          << buffer.dropped() << " events dropped\"" << in(thread) << ",\"ts\":";
    text_.thousandths(static_cast<std::uint64_t>(ns(buffer.dropped_at()))) << "}";
  }
  const char* in(const std::string& thread) {
    place_ = ",\"pid\":" + process_ + ",\"tid\":" + thread;
    return place_.c_str();
  }

  Trace& trace_;
  const double tick_;
  Names names_;
  Flows flows_;
  capi::Text<8192> text_;
  const std::string process_;
  std::string place_;
};

// The younger the pool, the less is known of the clock's pace.
void await_pace(const Trace& trace) {
  while (System::now() - trace.made_at < 2'000'000) System::yield();
}

}  // namespace

pool_status_t capi::finish_trace(World& world, Trace* trace) noexcept {
  const base::NoCancel no_cancel;
  pool_status_t status = POOL_ENOMEM;
  try {
    await_pace(*trace);
    (void)!ftruncate(trace->config.fd, 0);  // (fails of what is no file)
    status = File(world, *trace).write() ? POOL_OK : POOL_EINVAL;
  } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch): that is what the status says
  }
  os::close_descriptor(trace->config.fd);
  sched::free_trace(trace);
  return status;
}
