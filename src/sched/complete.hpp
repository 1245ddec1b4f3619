// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Counting what is over, and claiming what is next. The protocols are "Complete", "Announce" and "A task beside the
// queue" in group/README.md.
#pragma once

#include <mutex>
#include <utility>

#include "sched/end.hpp"
#include "sched/timers.hpp"

namespace pool::sched {

// An empty moment of a living group: those who had arrived are told, the descriptor is written to, notices that are due
// go to the workers. `alive()` says whether that moment lasts, or a ticket of the caller's holds up the next one.
template <class Sys, class Alive>
void announce_empty(World<Sys>& world, group::Group<Sys>& group, typename group::Completion<Sys>::Seen seen,
                    Alive&& alive) {
  const bool is_watched = group.descriptor.any();
  group.completion.announce_empty(seen, alive, is_watched);
  if (is_watched) {
    const std::lock_guard lock(group.mutex);
    if (alive()) group.descriptor.tell(seen.count());
  }
  if (group.notices.any()) deliver_notices(world, group);
}

// After a finish that saw somebody waiting, or no handle any more.
template <class Sys>
void complete_noticed(World<Sys>& world, group::Group<Sys>& group, std::uint32_t life,
                      typename group::Completion<Sys>::Seen seen) {
  // Without a handle the tail is final and its generation one higher; any other one is that of a later life.
  const bool is_detached = seen.has(group::Completion<Sys>::detached);
  const std::uint64_t empty = base::pack(is_detached ? life + 1 : life, seen.count());
  if (group.queue.sub() != empty) return;
  if (is_detached) return end_of_group(world, group, life);
  // A later moment is not ours: whoever took the ticket that ended this one announces it. (Nor may an announcement that
  // comes very late set the numbers back.)
  announce_empty(world, group, seen, [&group, empty] { return group.queue.sub() == empty; });
}

// Counts so many finishes of a group that the caller may own. False: it does not, and nothing has happened.
template <class Sys>
[[gnu::always_inline]] inline bool complete_own(World<Sys>& world, Pool<Sys>& pool, group::Group<Sys>& group,
                                                std::uint32_t life, std::uint32_t count) {
  using Done = group::Completion<Sys>;
  auto* const local = static_cast<Local<Sys>*>(Sys::local());
  if (!is_owned_by(group, local)) return false;
  typename Done::Seen seen{0};
  local->bias.enter();
  const bool is_counted = is_owned_by(group, local);
  if (is_counted) seen = group.completion.add_alone(group.completion.load(), count);
  // (What it waits for itself, when others had its tasks.)
  const bool is_noticed = seen.has(Done::waiter | Done::detached);
  const bool is_settled = is_counted && !is_noticed && Credits<Sys>::finish_here(*local, pool, count);
  local->bias.leave();
  if (is_settled) [[likely]]
    return true;
  if (!is_counted) return false;
  if (is_noticed) complete_noticed(world, group, life, seen);
  Credits<Sys>::finish(pool, count);
  return true;
}

// Of one that it does not own.
template <class Sys>
void complete_shared(World<Sys>& world, Pool<Sys>& pool, group::Group<Sys>& group, std::uint32_t life,
                     std::uint32_t count) {
  using Done = group::Completion<Sys>;
  const typename Done::Seen seen = group.completion.add(count);
  if (seen.has(Done::waiter | Done::detached)) complete_noticed(world, group, life, seen);
  Credits<Sys>::finish(pool, count);
}

// Counts so many finishes. Group and pool may be gone when this returns.
template <class Sys>
void complete(World<Sys>& world, Pool<Sys>& pool, group::Group<Sys>& group, std::uint32_t life,
              std::uint32_t count = 1) {
  if (!complete_own(world, pool, group, life, count)) complete_shared(world, pool, group, life, count);
}

// Completes when the scope ends, by a forced unwinding too; not in a child of the process that it began in.
template <class Sys>
class Completing {
 public:
  Completing(World<Sys>& world, Pool<Sys>& pool, group::Group<Sys>& group, std::uint32_t life)
      : world_(world), pool_(pool), group_(group), life_(life) {}
  Completing(const Completing&) = delete;
  Completing& operator=(const Completing&) = delete;
  // A job that a group has kept may be dropped with it, and its result's drop may end the thread.
  ~Completing() noexcept(false) {  // NOLINT(bugprone-exception-escape)
    if (era_ == Sys::era()) complete(world_, pool_, group_, life_);
  }

 private:
  World<Sys>& world_;
  Pool<Sys>& pool_;
  group::Group<Sys>& group_;
  const std::uint32_t life_;
  const std::uint32_t era_ = Sys::era();
};

// A task has left the queue: its places are free.
template <class Sys>
void leave_queue(Pool<Sys>& pool, group::Group<Sys>& group, std::uint32_t life) {
  if (group.capacity.load(std::memory_order_relaxed) != 0) group.give_place(life);
  Credits<Sys>::start(pool);
}

// A cell without a task to run: what stands for it is counted, or was counted already.
template <class Sys>
void pass_tombstone(World<Sys>& world, Pool<Sys>& pool, group::Group<Sys>& group, const queue::Work& work) {
  group.tombstones.fetch_sub(1);
  if (work.unit) give_unit(world, group, work.life);
  auto* const job = static_cast<Job<Sys>*>(Task::job_of(work));
  if (job == nullptr) {
    pool.tombstones.fetch_sub(1);
  } else {
    // Before the look at who is first: afterwards the slot may be another group's.
    group.early.fetch_sub(1);
    if (job->parts.fetch_sub(1) == 2) return;  // it still runs: whoever runs it counts it
    group.early.fetch_add(1);
    pool.tombstones.fetch_sub(1);
  }
  const Completing<Sys> completing(world, pool, group, work.life);
  if (job != nullptr) release_job(world, *job);
}

// Whether a cell is one that whoever meets it has to pass.
template <class Sys>
bool stands_for_another(const queue::Work& work) {
  if (Task::is_tombstone(work)) return true;
  // A slot that may have been freed and reused since the cell was read: then the claim fails.
  const auto* const job = static_cast<const Job<Sys>*>(Task::job_of(work));
  return job != nullptr && job->is_early();
}

// Tombstones that have come to the head of the queue are passed at once, by whoever brought them there: the group must
// not look busy because of them. Requires: the group is held open by the caller, or it does not matter which life it
// is.
template <class Sys>
void pass_tombstones(World<Sys>& world, group::Group<Sys>& group, std::uint32_t life) {
  using Claimed = typename group::Group<Sys>::Queue::Claimed;
  const auto mine = [life](std::uint32_t generation) { return generation == life; };
  queue::Work work;
  bool more = false;
  while (group.queue.claim(world.segments, mine, work, more, {0, true, stands_for_another<Sys>}) == Claimed::task) {
    pass_tombstone(world, world.pools[group.pool.load(std::memory_order_relaxed)], group, work);
  }
}

// Claims the oldest task of a group's queue, with a unit of its limit where it has one.
template <class Sys, class Mine>
typename group::Group<Sys>::Queue::Claimed claim_queued(World<Sys>& world, group::Group<Sys>& group, Mine&& mine,
                                                        queue::Work& work, bool& more) {
  using Queue = typename group::Group<Sys>::Queue;
  using Claimed = typename Queue::Claimed;
  work.unit = false;
  bool is_owned = false;
  const auto may = [&](std::uint32_t life) {
    is_owned = is_anothers(group);  // asked when the life was seen
    return !is_owned && mine(life);
  };
  Claimed claimed = group.queue.claim(world.segments, may, work, more);
  while (std::exchange(is_owned, false)) {
    share(group);
    claimed = group.queue.claim(world.segments, may, work, more);
  }
  if (claimed == Claimed::no_unit) {
    const std::uint32_t life = work.life;
    if (!group.units.take(life)) return Claimed::held;
    claimed = group.queue.claim(world.segments, may, work, more, {.unit = life});
    if (claimed != Claimed::task) {
      // Somebody may have been refused because of us.
      give_unit(world, group, life);
      return claimed == Claimed::no_unit ? Claimed::held : claimed;
    }
    work.unit = true;
    more = more && group.units.any_free();
  }
  return claimed;
}

// The same, or one that waited in a timer.
template <class Sys, class Mine>
typename group::Group<Sys>::Queue::Claimed claim_task(World<Sys>& world, group::Group<Sys>& group, Mine&& mine,
                                                      queue::Work& work, bool& more) {
  using Claimed = typename group::Group<Sys>::Queue::Claimed;
  if (is_turn_of_due(group) && claim_one_due(world, group, mine, work, more)) return Claimed::task;
  const Claimed claimed = claim_queued(world, group, mine, work, more);
  if (group.due_count.load() == 0) return claimed;
  if (claimed != Claimed::task) return claim_one_due(world, group, mine, work, more) ? Claimed::task : claimed;
  more = true;
  return claimed;
}

}  // namespace pool::sched
