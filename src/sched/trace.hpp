// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Trace: what each thread did for a pool and when, recorded by that thread in a buffer of its own. The protocol is
// "Trace" in sched/README.md.
//
// Guarantees: what end_trace() returns is the caller's alone, and changes no more. Without a trace a task costs one
// look at `unusual` when it is submitted, and one when it runs.
#pragma once

#include <cstdint>
#include <cstring>
#include <mutex>
#include <new>
#include <utility>

#include "sched/credits.hpp"

namespace pool::sched {

enum class TraceKind : std::uint32_t { task, wait, submit, counts, name };

// One thing that happened, or a name, which is followed by its text in place of a record.
struct TraceRecord {
  std::int64_t at = 0;       // ticks
  std::int64_t end = 0;      // task, wait: 0 until it is over
  std::uint64_t value = 0;   // task: its function; counts: running 63..32 | queued 31..0
  std::uint32_t group = 0;   // its slot; counts: threads
  std::uint32_t life = 0;    // of the group; counts: of the threads those that idle
  std::uint32_t ticket = 0;  // task, submit: which one of the group; wait: saw_empty, or 0
  TraceKind kind = TraceKind::task;
};
static_assert(sizeof(TraceRecord) == 40 && sizeof(TraceRecord) >= group::name_size);

// Of a wait: all that had been submitted was over when it ended.
constexpr std::uint32_t saw_empty = 1;

struct TraceConfig {
  std::uint32_t buffer_events = 1;
  std::uint32_t max_threads = 1;
  std::uint32_t ready_threads = 0;  // so many buffers get their memory at the start
  std::int64_t counter_ticks = 0;   // between two samples of the counters at least
  std::int32_t fd = -1;             // kept for the writer
};

// What one thread has recorded. Under the bias of its Local while the trace runs.
template <class Sys>
class TraceBuffer {
 public:
  // Null: there is no memory.
  static void* allocate(const TraceConfig& config) { return Sys::allocate(size_of(config)); }
  // The same, and each of its pages is touched. `next` is kept in its first bytes.
  static void* allocate_ready(const TraceConfig& config, void* next) {
    void* const memory = allocate(config);
    if (memory == nullptr) return next;
    // (Not by a memset, which together with malloc is a calloc to the compiler, and that touches nothing.)
    auto* const bytes = static_cast<volatile unsigned char*>(memory);
    for (std::size_t i = 0; i < size_of(config); i += Sys::page_size) bytes[i] = 0;
    std::memcpy(memory, &next, sizeof next);
    return memory;
  }
  // In such memory.
  static TraceBuffer* make(void* memory, Trace<Sys>& trace, Local<Sys>& local) {
    return memory != nullptr ? new (memory) TraceBuffer(trace, local, trace.config.buffer_events) : nullptr;
  }

  // Null: there is no room, and it is dropped. (In line: a record that is put together on the stack and copied from
  // there waits for the stores of its parts.)
  [[gnu::always_inline]] TraceRecord* add(const TraceRecord& record) {
    if (has_room(1)) return put(record);
    if (dropped_++ == 0) dropped_at_ = record.at;
    return nullptr;
  }

  // The clock may be read a little earlier than the code says, or on another processor: times of a thread do not go
  // back.
  std::int64_t not_before(std::int64_t at) { return latest_ = at > latest_ ? at : latest_; }

  // The group's name, unless it was told lately. `is_held`: it cannot end now.
  void tell_name(const group::Group<Sys>& group, std::uint32_t life, bool is_held) {
    const std::uint32_t index = group.index.load(std::memory_order_relaxed);
    const std::uint64_t key = base::pack(life, index);
    std::uint64_t& told = told_[index % told_groups];
    if (told == key) return;
    told = key;
    if (group.name[0].load() == 0 || !has_room(2)) return;
    std::uint64_t words[group::name_size / sizeof(std::uint64_t)];
    for (std::size_t i = 0; i < std::size(words); ++i) words[i] = group.name[i].load();
    // After the words: a later life has raised it before it wrote its own name.
    if (!is_held && group.queue.generation() != life) return;
    put({.group = index, .life = life, .kind = TraceKind::name});
    std::memcpy(static_cast<void*>(&records()[used_++]), words, sizeof words);
  }

  TraceRecord* records() { return reinterpret_cast<TraceRecord*>(this + 1); }
  std::uint32_t size() const { return used_; }
  std::uint64_t dropped() const { return dropped_; }
  std::int64_t dropped_at() const { return dropped_at_; }  // the first one

  TraceBuffer* next = nullptr;
  Trace<Sys>& trace;
  Local<Sys>& local;
  const std::uint32_t thread;
  char name[16];

 private:
  static constexpr std::uint32_t told_groups = 64;

  static std::size_t size_of(const TraceConfig& config) {
    return sizeof(TraceBuffer) + config.buffer_events * sizeof(TraceRecord);
  }

  TraceBuffer(Trace<Sys>& its_trace, Local<Sys>& its_local, std::uint32_t capacity)
      : trace(its_trace),
        local(its_local),
        thread(its_local.owner.load(std::memory_order_relaxed)),
        capacity_(capacity) {
    Sys::thread_name(name);
  }

  bool has_room(std::uint32_t count) const { return capacity_ - used_ >= count; }
  [[gnu::always_inline]] TraceRecord* put(const TraceRecord& record) {
    return new (&records()[used_++]) TraceRecord(record);
  }

  const std::uint32_t capacity_;
  std::uint32_t used_ = 0;
  std::uint64_t dropped_ = 0;
  std::int64_t dropped_at_ = 0;
  std::int64_t latest_ = 0;
  std::uint64_t told_[told_groups] = {};
};

template <class Sys>
struct Trace {
  Trace(const TraceConfig& its_config, std::uint64_t its_number) : config(its_config), number(its_number) {}

  // Whether it is time to sample the counters: says so to one thread.
  bool is_sample_due(std::int64_t at) {
    std::int64_t due = next_sample.load(std::memory_order_relaxed);
    if (at < due) [[likely]]
      return false;
    return next_sample.compare_exchange_strong(due, at + config.counter_ticks, std::memory_order_relaxed);
  }
  std::uint64_t dropped() const {
    std::uint64_t all = unplaced.load(std::memory_order_relaxed);
    for (const TraceBuffer<Sys>* at = buffers; at != nullptr; at = at->next) all += at->dropped();
    return all;
  }

  const TraceConfig config;
  const std::uint64_t number;
  std::uint32_t pool_life = 0;
  char pool_name[Pool<Sys>::name_size] = {};
  std::int64_t began = 0;  // ticks
  std::int64_t ended = 0;
  // When the pool was made, by both clocks.
  std::int64_t made_at = 0;
  std::int64_t made_ticks = 0;
  // Of threads that got no buffer.
  typename Sys::template Atomic<std::uint64_t> unplaced{0};
  typename Sys::template Atomic<std::int64_t> next_sample{0};
  // Under `tracing` of the pool, and these too.
  void* take_ready() {
    void* const memory = ready;
    if (memory != nullptr) std::memcpy(&ready, memory, sizeof ready);
    return memory;
  }
  TraceBuffer<Sys>* buffers = nullptr;
  void* ready = nullptr;  // memory for buffers to come
  std::uint32_t threads = 0;
};

template <class Sys>
[[gnu::always_inline]] inline bool is_traced(const Pool<Sys>& pool) {
  if constexpr (!Sys::can_trace) return false;
  return (pool.unusual.load(std::memory_order_relaxed) & Pool<Sys>::is_traced) != 0;
}

// Gives this thread its buffer of the trace with that number. False: that is over, or there is none to be had.
template <class Sys>
[[gnu::noinline]] bool attach_trace(Pool<Sys>& pool, Local<Sys>& local, std::uint64_t number) {
  const std::lock_guard lock(pool.tracing);
  Trace<Sys>* const trace = pool.trace;
  if (trace == nullptr || trace->number != number) return false;
  const std::uint32_t thread = local.owner.load(std::memory_order_relaxed);
  TraceBuffer<Sys>* buffer = trace->buffers;
  // It may have one, and have turned to another pool's trace meanwhile.
  while (buffer != nullptr && (&buffer->local != &local || buffer->thread != thread)) buffer = buffer->next;
  if (buffer == nullptr) {
    if (trace->threads < trace->config.max_threads) {
      void* const ready = trace->take_ready();
      void* const memory = ready != nullptr ? ready : TraceBuffer<Sys>::allocate(trace->config);
      buffer = TraceBuffer<Sys>::make(memory, *trace, local);
    }
    if (buffer == nullptr) {
      trace->unplaced.fetch_add(1, std::memory_order_relaxed);
      return false;
    }
    ++trace->threads;
    buffer->next = trace->buffers;
    trace->buffers = buffer;
  }
  local.record_to(number, buffer);
  return true;
}

// Calls write(buffer) with this thread's buffer of that trace, under the bias; unless the trace is over, or the thread
// has no buffer.
template <class Sys, class Write>
[[gnu::always_inline]] inline void record(Pool<Sys>& pool, std::uint64_t number, Write&& write) {
  auto* local = static_cast<Local<Sys>*>(Sys::local());
  if (local == nullptr) [[unlikely]]
    local = local_of<Sys>(*pool.world);
  if (local == nullptr || number == 0) return;
  for (;;) {
    local->bias.enter();
    const bool is_ours = local->trace_number == number;
    if (is_ours) write(*static_cast<TraceBuffer<Sys>*>(local->trace_buffer));
    local->bias.leave();
    if (is_ours || !attach_trace(pool, *local, number)) return;
  }
}

// What the pool is at: depth, and workers.
template <class Sys>
[[gnu::noinline]] void record_counts(Pool<Sys>& pool, std::uint64_t number) {
  if (pool.trace_number.load() != number) return;
  const auto tasks = Credits<Sys>::tasks(*pool.world, pool);
  const auto state = pool.idle.state();
  const TraceRecord counts = {.at = Sys::ticks(),
                              .value = base::pack(tasks.running, tasks.queued),
                              .group = state.threads(),
                              .life = state.idle(),
                              .kind = TraceKind::counts};
  record(pool, number, [&](TraceBuffer<Sys>& buffer) { buffer.add(counts); });
}

// From here to the end of the scope, by a forced unwinding too, this thread runs a task, or waits for a group. (Not in
// a child of the process that it began in.)
template <class Sys>
class TracedSlice {
 public:
  // Does nothing unless the pool is traced.
  TracedSlice(Pool<Sys>& pool, const group::Group<Sys>& group, std::uint32_t life, TraceKind kind,
              std::uint32_t ticket = 0, std::uint64_t value = 0)
      : pool_(pool), number_(is_traced(pool) ? pool.trace_number.load(std::memory_order_relaxed) : 0) {
    if (number_ != 0) begin(group, life, kind, ticket, value);
  }
  ~TracedSlice() {
    if (record_ != nullptr) end();
  }
  // Of a wait: it ends because the group is empty.
  void note_empty() { ticket_ = saw_empty; }

  TracedSlice(const TracedSlice&) = delete;
  TracedSlice& operator=(const TracedSlice&) = delete;

 private:
  void begin(const group::Group<Sys>& group, std::uint32_t life, TraceKind kind, std::uint32_t ticket,
             std::uint64_t value) {
    const std::int64_t at = Sys::ticks();
    const std::uint32_t index = group.index.load(std::memory_order_relaxed);
    bool is_due = false;
    record(pool_, number_, [&](TraceBuffer<Sys>& buffer) {
      buffer.tell_name(group, life, kind == TraceKind::task);
      is_due = buffer.trace.is_sample_due(at);
      record_ = buffer.add({buffer.not_before(at), 0, value, index, life, ticket, kind});
    });
    if (is_due) [[unlikely]]
      record_counts(pool_, number_);
  }
  void end() {
    if (era_ != Sys::era()) return;
    const std::int64_t now = Sys::ticks();
    // (The thread's buffer is the one it was: it has one of each trace.)
    record(pool_, number_, [&](TraceBuffer<Sys>& buffer) {
      record_->end = buffer.not_before(now);
      if (ticket_ != 0) record_->ticket = ticket_;
    });
  }

  Pool<Sys>& pool_;
  const std::uint64_t number_;
  const std::uint32_t era_ = Sys::era();
  TraceRecord* record_ = nullptr;
  std::uint32_t ticket_ = 0;
};

// Bare tasks of one group that this thread runs in a row: each begins where the one before it ended, which takes one
// look at the clock and one visit under the bias for both. (Nothing that starts outside of the row comes in between.)
template <class Sys>
class TracedRow {
 public:
  TracedRow(Pool<Sys>& pool, const group::Group<Sys>& group, std::uint32_t life)
      : pool_(pool), group_(group), life_(life) {}
  ~TracedRow() { close(); }
  TracedRow(const TracedRow&) = delete;
  TracedRow& operator=(const TracedRow&) = delete;

  // A task starts. Does nothing unless the pool is traced.
  [[gnu::always_inline]] void begin(std::uint32_t ticket, std::uint64_t fn) {
    const std::uint64_t number = pool_.trace_number.load(std::memory_order_relaxed);
    if (number != number_) [[unlikely]]
      turn_to(number);
    if (number == 0) return;
    const std::int64_t at = ended_ != 0 ? ended_ : Sys::ticks();
    const std::uint32_t index = group_.index.load(std::memory_order_relaxed);
    bool is_due = false;
    record(pool_, number, [&](TraceBuffer<Sys>& buffer) {
      const std::int64_t here = buffer.not_before(at);
      if (record_ != nullptr) record_->end = here;
      if (!is_named_) [[unlikely]]
        buffer.tell_name(group_, life_, true);
      is_named_ = true;
      is_due = buffer.trace.is_sample_due(at);
      record_ = buffer.add({here, 0, fn, index, life_, ticket, TraceKind::task});
    });
    ended_ = 0;
    if (is_due) [[unlikely]]
      record_counts(pool_, number);
  }
  // It is over, if it was not yet.
  [[gnu::always_inline]] void end() {
    if (ended_ == 0) ended_ = Sys::ticks();
  }
  // Says so to whoever may stop the trace as soon as the task is counted.
  void flush() {
    if (record_ == nullptr || era_ != Sys::era()) return;
    end();
    TraceRecord* const last = std::exchange(record_, nullptr);
    record(pool_, number_, [&](TraceBuffer<Sys>& buffer) { last->end = buffer.not_before(ended_); });
  }
  // And none follows at once.
  void close() {
    flush();
    ended_ = 0;
  }

 private:
  // What the trace before this one has recorded may be gone.
  void turn_to(std::uint64_t number) {
    number_ = number;
    record_ = nullptr;
    ended_ = 0;  // before the begin of this one, perhaps
    is_named_ = false;
  }

  Pool<Sys>& pool_;
  const group::Group<Sys>& group_;
  const std::uint32_t life_;
  const std::uint32_t era_ = Sys::era();
  std::uint64_t number_ = 0;
  TraceRecord* record_ = nullptr;  // of the last one, whose end it does not say yet
  std::int64_t ended_ = 0;         // when that one ended; 0: it runs
  bool is_named_ = false;
};

// A submit, from here until it was accepted. Does nothing unless the pool is traced.
template <class Sys>
class TracedSubmit {
 public:
  [[gnu::always_inline]] TracedSubmit(Pool<Sys>& pool, const group::Group<Sys>& group, std::uint32_t life)
      : pool_(pool),
        group_(group),
        life_(life),
        number_(is_traced(pool) ? pool.trace_number.load(std::memory_order_relaxed) : 0),
        at_(number_ != 0 ? Sys::ticks() : 0) {}

  // With this ticket. Group and pool may be gone.
  void accepted(std::uint32_t ticket) const {
    if (number_ != 0) tell(ticket, Sys::ticks());
  }
  // The same where it took too little time to be worth another look at the clock.
  void accepted_at_once(std::uint32_t ticket) const {
    if (number_ != 0) tell(ticket, at_);
  }
  // The same of somebody who is under the bias of his Local anyway. False: it has to be said once more outside of it.
  [[gnu::always_inline]] bool accepted_here(Local<Sys>& local, std::uint32_t ticket) const {
    if (local.trace_number != number_ || number_ == 0) [[unlikely]]
      return false;
    auto& buffer = *static_cast<TraceBuffer<Sys>*>(local.trace_buffer);
    if (at_ >= buffer.trace.next_sample.load(std::memory_order_relaxed)) [[unlikely]]
      return false;
    write(buffer, ticket, at_);
    return true;
  }

 private:
  void tell(std::uint32_t ticket, std::int64_t end) const {
    bool is_due = false;
    record(pool_, number_, [&](TraceBuffer<Sys>& buffer) {
      is_due = buffer.trace.is_sample_due(at_);
      write(buffer, ticket, end);
    });
    if (is_due) [[unlikely]]
      record_counts(pool_, number_);
  }
  [[gnu::always_inline]] void write(TraceBuffer<Sys>& buffer, std::uint32_t ticket, std::int64_t end) const {
    const std::uint32_t index = group_.index.load(std::memory_order_relaxed);
    buffer.add({at_, buffer.not_before(end), 0, index, life_, ticket, TraceKind::submit});
  }

  Pool<Sys>& pool_;
  const group::Group<Sys>& group_;
  const std::uint32_t life_;
  const std::uint64_t number_;
  const std::int64_t at_;
};

enum class TraceStarted { ok, busy, gone, no_memory };

template <class Sys>
void free_trace(Trace<Sys>* trace) {
  for (TraceBuffer<Sys>* at = trace->buffers; at != nullptr;) {
    TraceBuffer<Sys>* const next = at->next;
    Sys::deallocate(at);
    at = next;
  }
  while (void* const memory = trace->take_ready()) Sys::deallocate(memory);
  trace->~Trace();
  Sys::deallocate(trace);
}

// Steps 1 and 2 of "Start".
template <class Sys>
TraceStarted start_trace(World<Sys>& world, Pool<Sys>& pool, std::uint32_t generation, const TraceConfig& config) {
  void* const memory = Sys::allocate(sizeof(Trace<Sys>));
  if (memory == nullptr) return TraceStarted::no_memory;
  auto* const trace = new (memory) Trace<Sys>(config, world.traces.fetch_add(1) + 1);
  trace->pool_life = generation;
  for (std::uint32_t i = 0; i < config.ready_threads; ++i) {
    trace->ready = TraceBuffer<Sys>::allocate_ready(config, trace->ready);
  }
  const std::uint64_t number = trace->number;
  {
    const std::scoped_lock lock(pool.growth, pool.tracing);
    std::memcpy(trace->pool_name, pool.name, sizeof pool.name);
    trace->made_at = pool.made_at;
    trace->made_ticks = pool.made_ticks;
    trace->began = Sys::ticks();
    trace->next_sample.store(trace->began + config.counter_ticks);
    // The end of a pool ends its generation first, and comes for the trace afterwards.
    const bool is_gone = pool.generation.load() != generation;
    if (is_gone || pool.trace != nullptr) {
      free_trace(trace);
      return is_gone ? TraceStarted::gone : TraceStarted::busy;
    }
    pool.trace = trace;
    pool.trace_number.store(number);
    pool.unusual.fetch_or(Pool<Sys>::is_traced);
  }
  record_counts(pool, number);
  return TraceStarted::ok;
}

// "Stop". Null: none runs in this life.
template <class Sys>
Trace<Sys>* end_trace(Pool<Sys>& pool, std::uint32_t generation) {
  if (!is_traced(pool)) return nullptr;
  record_counts(pool, pool.trace_number.load());
  Trace<Sys>* trace = nullptr;
  {
    const std::lock_guard lock(pool.tracing);
    if (pool.trace == nullptr || pool.trace->pool_life != generation) return nullptr;
    trace = pool.trace;
    pool.trace = nullptr;
    pool.trace_number.store(0);
    pool.unusual.fetch_and(~Pool<Sys>::is_traced);
  }
  for (TraceBuffer<Sys>* at = trace->buffers; at != nullptr; at = at->next) {
    at->local.bias.revoke();
    if (at->local.trace_number == trace->number) {
      at->local.trace_number = 0;
      at->local.trace_buffer = nullptr;
    }
    at->local.bias.restore();
  }
  trace->ended = Sys::ticks();
  return trace;
}

}  // namespace pool::sched
