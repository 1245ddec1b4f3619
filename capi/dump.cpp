// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// pool_dump: what each thread of a pool is at, from outside, while all of them may be stuck. No lock, no allocation:
// what it reads of the library are atomics in slots that are never unmapped; the frames of other threads' tasks lie on
// their stacks, which may go at any time, and are read by process_vm_readv(), which fails where there is nothing.
#include <fcntl.h>
#include <pool/insight.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "base/no_cancel.hpp"
#include "group_calls.hpp"
#include "text.hpp"

using namespace pool;
using capi::Group;
using capi::Pool;
using capi::World;
using Local = sched::Local<System>;
using Worker = sched::Worker<System>;

namespace {

using Text = capi::Text<1024>;

// Tells a duration, with three digits.
void tell_duration(Text& text, std::int64_t ns) {
  static constexpr struct {
    std::int64_t ns;
    const char* name;
  } units[] = {{1'000'000'000, " s"}, {1'000'000, " ms"}, {1'000, " us"}, {1, " ns"}};
  for (const auto& unit : units) {
    if (ns < unit.ns && unit.ns != 1) continue;
    const auto thousandths = static_cast<std::uint64_t>(unit.ns == 1 ? ns * 1000 : ns / (unit.ns / 1000));
    text << thousandths / 1000;
    if (thousandths < 100'000 && unit.ns != 1) {
      text.put('.');
      text.put(static_cast<char>('0' + thousandths / 100 % 10));
    }
    text << unit.name;
    return;
  }
}

// The characters of a file of /proc.
class Reader {
 public:
  explicit Reader(const char* path) : fd_(open(path, O_RDONLY | O_CLOEXEC)) {}
  ~Reader() {
    if (fd_ >= 0) close(fd_);
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // A line without its end, cut to what there is room for. False: there are no more.
  bool line(char* text, std::size_t size) {
    std::size_t length = 0;
    bool any = false;
    for (char c = '\0'; next(c); any = true) {
      if (c == '\n') {
        any = true;
        break;
      }
      if (length + 1 < size) text[length++] = c;
    }
    text[length] = '\0';
    return any;
  }

 private:
  bool next(char& c) {
    if (at_ == size_) {
      const ssize_t got = fd_ < 0 ? -1 : read(fd_, bytes_, sizeof bytes_);
      if (got <= 0) return false;
      at_ = 0;
      size_ = static_cast<std::size_t>(got);
    }
    c = bytes_[at_++];
    return true;
  }

  const int fd_;
  char bytes_[1024];
  std::size_t at_ = 0, size_ = 0;
};

std::uint64_t hex_at(const char*& text) {
  std::uint64_t number = 0;
  for (;; ++text) {
    if (*text >= '0' && *text <= '9') {
      number = number * 16 + static_cast<std::uint64_t>(*text - '0');
    } else if (*text >= 'a' && *text <= 'f') {
      number = number * 16 + static_cast<std::uint64_t>(*text - 'a') + 10;
    } else {
      return number;
    }
  }
}

// Module and offset of a function. ("start-end rights offset device inode path".)
void tell_function(Text& text, std::uintptr_t fn) {
  Reader maps("/proc/self/maps");
  char line[512];
  while (maps.line(line, sizeof line)) {
    const char* at = line;
    const std::uint64_t start = hex_at(at);
    if (*at++ != '-') continue;
    const std::uint64_t end = hex_at(at);
    if (fn < start || fn >= end) continue;
    const char* offset_at = std::strchr(at + 1, ' ');
    const char* const path = std::strchr(line, '/');
    if (offset_at == nullptr || path == nullptr) break;
    ++offset_at;
    const std::uint64_t offset = hex_at(offset_at);
    text << std::strrchr(path, '/') + 1 << "+";
    text.hex(fn - start + offset);
    return;
  }
  text.hex(fn);
}

void tell_group(Text& text, const Group& group) {
  char name[group::name_size + 1];
  capi::read_name(group, name);
  text << "group " << group.index.load(std::memory_order_relaxed);
  if (name[0] != '\0') text << " \"" << name << "\"";
}

// Copies what may not be there any more.
bool peek(const void* from, void* to, std::size_t size) {
  const iovec local = {to, size};
  const iovec remote = {const_cast<void*>(from), size};
  return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == static_cast<ssize_t>(size);
}

// The frames of a thread, from the innermost one.
class Frames {
 public:
  explicit Frames(const Local& local) {
    const void* const top = local.frames.load();
    if (top != nullptr && peek(top, &next_, sizeof next_)) is_readable_ = true;
  }
  bool is_readable() const { return is_readable_; }

  const capi::Frame* next() {
    if (next_ == nullptr || left_-- == 0 || !peek(next_, bytes_, sizeof bytes_)) return nullptr;
    // Where another call's variables lie by now, any byte may be; a bool has to be one.
    for (const std::size_t flag : {offsetof(capi::Frame, notice), offsetof(capi::Frame, dropping)}) {
      bytes_[flag] = bytes_[flag] == 1 ? 1 : 0;
    }
    const auto* const frame = reinterpret_cast<const capi::Frame*>(bytes_);
    next_ = frame->up;
    return frame;
  }

 private:
  alignas(capi::Frame) unsigned char bytes_[sizeof(capi::Frame)];
  const void* next_ = nullptr;
  bool is_readable_ = false;
  int left_ = 64;  // of a stack that changes under our hands it may be a circle
};

// The slot of a group, if it is one: what was read of a stack may be anything.
const Group* group_at(World& world, const void* slot) {
  for (std::uint32_t i = 0, end = world.groups.high_water(); slot != nullptr && i < end; ++i) {
    if (&world.groups[i] == slot) return &world.groups[i];
  }
  return nullptr;
}

void tell_thread(Text& text, World& world, const Pool& pool, const Local& local) {
  const std::uint32_t id = local.owner.load();
  const auto* worker = static_cast<const Worker*>(local.worker.load());
  if (worker != nullptr && worker->pool != &pool) worker = nullptr;
  if (id == 0 || syscall(SYS_tgkill, getpid(), id, 0) != 0) return;
  bool is_told = false;
  const auto begin = [&] {
    if (is_told) return;
    is_told = true;
    char path[64] = "/proc/self/task/";
    char digits[16];
    std::size_t n = 0;
    for (std::uint32_t rest = id; rest != 0; rest /= 10) digits[n++] = static_cast<char>('0' + rest % 10);
    std::size_t length = std::strlen(path);
    while (n != 0) path[length++] = digits[--n];
    std::memcpy(path + length, "/comm", sizeof "/comm");
    char name[32] = "";
    Reader(path).line(name, sizeof name);
    text << (worker != nullptr ? "worker " : "thread ") << std::uint64_t{id} << " \"" << name << "\"";
    if (const std::int64_t run = worker != nullptr ? sched::run_of(pool, *worker) : 0; run != 0) {
      text << ", at it for ";
      tell_duration(text, run);
    }
    text << "\n";
  };
  if (worker != nullptr) begin();
  Frames frames(local);
  bool is_any = false;
  while (const capi::Frame* const frame = frames.next()) {
    if (frame->pool != &pool) continue;
    begin();
    is_any = true;
    text << "    ";
    if (frame->notice) text << "notification of ";
    if (frame->fn != 0) {
      tell_function(text, frame->fn);
      text << " of ";
    }
    if (const Group* const group = group_at(world, frame->group)) tell_group(text, *group);
    if (frame->dropping) text << ", dropping its context";
    if (frame->sections != 0) text << ", inside a blocking section";
    if (const Group* const group = group_at(world, frame->waits_for)) {
      text << ", waits for ";
      tell_group(text, *group);
    }
    text << "\n";
  }
  if (worker == nullptr || is_any) return;
  text << (frames.is_readable() ? "    idle\n" : "    (what it runs cannot be read here)\n");
}

void tell_groups(Text& text, World& world, const Pool& pool) {
  std::uint64_t quiet = 0;
  const std::int64_t now = System::now();
  for (std::uint32_t i = 0, end = world.groups.high_water(); i < end; ++i) {
    Group& group = world.groups[i];
    const std::uint32_t life = group.queue.generation();
    if (group.home.load() != pool.home.load() || life == 0) continue;
    const group::Counters counts = sched::count_group(world, group);
    const bool is_over = (life & 1U) == 0 && counts.queued + counts.running == 0;
    if (is_over) continue;
    if (counts.queued + counts.running == 0 && group.waiters.load() == 0 && !group.line.busy()) {
      ++quiet;
      continue;
    }
    tell_group(text, group);
    text << ": " << counts.queued << " queued, " << counts.running << " running, " << counts.submitted << " submitted, "
         << counts.failed << " failed, " << counts.cancelled << " cancelled";
    if (const std::uint64_t waiters = group.waiters.load(); waiters != 0) text << "; waited for by " << waiters;
    if (group.queue.is_suspended()) text << "; suspended";
    if (group.is_cancelled(life)) text << "; cancelled";
    if (!group.units.any_free()) text << "; at its limit";
    if (group.line.busy()) text << "; " << std::uint64_t{group.line.length()} << " submitters in line";
    if (const std::int64_t oldest = sched::oldest_wait(world, group, now);
        oldest != 0 && pool.timed_every.load() != 0) {
      text << "; the oldest has waited ";
      tell_duration(text, oldest);
    }
    text << "\n";
  }
  if (quiet != 0) text << quiet << " groups that are empty\n";
}

void tell_pool(Text& text, World& world, Pool& pool) {
  const auto tasks = sched::Credits<System>::tasks(world, pool);
  const auto state = pool.idle.state();
  text << "pool \"" << pool.name << "\": " << std::uint64_t{state.threads()} << " workers of "
       << std::uint64_t{pool.bounds().max()} << ", " << std::uint64_t{state.idle()} << " idle, "
       << std::uint64_t{pool.sections.load()} << " inside blocking sections; " << std::uint64_t{tasks.queued}
       << " tasks queued, " << std::uint64_t{tasks.running} << " running; " << std::uint64_t{pool.room.length()}
       << " submitters in line\n";
}

}  // namespace

extern "C" pool_status_t pool_dump(pool_t pool, int32_t fd) {
  const int error = errno;
  const auto found = capi::resolve(pool);
  if (!found) return found.status();
  bool is_fine = false;
  {
    const base::NoCancel no_cancel;
    Text text(fd);
    tell_pool(text, *found.world, *found.slot);
    for (std::uint32_t i = 0, end = found.world->locals.high_water(); i < end; ++i) {
      tell_thread(text, *found.world, *found.slot, found.world->locals[i]);
    }
    tell_groups(text, *found.world, *found.slot);
    text.flush();
    is_fine = text.is_fine();
  }
  errno = error;
  return is_fine ? POOL_OK : POOL_EINVAL;
}
