// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Waiting for a group, and ending one. The protocols are "Wait" and "End" in group/README.md.
#pragma once

#include "sched/notify.hpp"
#include "sched/run_batch.hpp"

namespace pool::sched {

enum class Waited { empty, timed_out, gone };

// Claims tasks of this group, failing that one of one of its descendants, and of no other. False: there is
// none to start. `not_ready`: one is just being submitted.
template <class Sys>
bool claim_to_help(World<Sys>& world, group::Group<Sys>& group, std::uint32_t life, std::uint32_t most,
                   Claim<Sys>& claim, bool& not_ready) {
  const bool are_tiny = Local<Sys>::helps_with_tiny(static_cast<const Local<Sys>*>(Sys::local()));
  using Claimed = typename group::Group<Sys>::Queue::Claimed;
  Pool<Sys>& pool = world.pools[group.pool.load(std::memory_order_relaxed)];
  const auto mine = [life](std::uint32_t generation) { return generation == life; };
  Claimed claimed = claim_batch(world, pool, group, mine, most, are_tiny, claim);
  not_ready = claimed == Claimed::not_ready;
  if (claimed == Claimed::task) return true;
  return any_descendant(world, group, [&](group::Group<Sys>& child) {
    if (!child.has_startable()) return false;
    claimed = claim_batch(
        world, pool, child, [](std::uint32_t) { return true; }, 1, are_tiny, claim);
    not_ready = not_ready || claimed == Claimed::not_ready;
    return claimed == Claimed::task;
  });
}

// What others have claimed of this group, failing that of its descendants, and not started.
template <class Sys>
bool steal_to_help(World<Sys>& world, group::Group<Sys>& group, std::uint32_t life, bool may_fill, Claim<Sys>& claim) {
  const auto steal_of = [&](group::Group<Sys>& from, std::uint32_t its_life) {
    if (!any_window_of(world, from)) return false;
    return steal(
        world,
        [&](const Local<Sys>& local, const group::Group<Sys>& its) {
          return &its == &from && (its_life == 0 || local.window.life.load() == its_life);
        },
        may_fill, claim);
  };
  return steal_of(group, life) ||
         any_descendant(world, group, [&](group::Group<Sys>& child) { return steal_of(child, 0); });
}

// Runs some of them. `in_earnest`: also what others have claimed. False: there is none to run.
template <class Sys>
bool help_once(World<Sys>& world, group::Group<Sys>& group, std::uint32_t life, bool in_earnest = true,
               std::uint32_t most = 1) {
  Claim<Sys> claim;
  bool not_ready = false;
  const bool has_claimed = claim_to_help(world, group, life, most, claim, not_ready) ||
                           (in_earnest && !not_ready && steal_to_help(world, group, life, most > 1, claim));
  if (has_claimed) {
    run_claim(world, world.pools[claim.group->pool.load(std::memory_order_relaxed)], claim);
  } else if (not_ready) {
    Sys::yield();
  }
  return has_claimed || not_ready;
}

template <class Sys>
bool has_work_to_help(World<Sys>& world, group::Group<Sys>& group) {
  const auto has_some = [&world](const group::Group<Sys>& its) {
    return its.has_startable() || any_window_of(world, its);
  };
  return has_some(group) || any_descendant(world, group, has_some);
}

// Spins for a while. False: long enough.
template <class Sys>
bool keep_looking(std::int64_t& patience, std::int64_t deadline) {
  if (Sys::wait_spin == 0) return false;
  const std::int64_t now = Sys::now();
  if (patience == 0) patience = now + Sys::wait_spin;
  if (now >= patience || now >= deadline) return false;
  Sys::yield();
  return true;
}

template <class Sys>
class Wait {
  using GroupType = group::Group<Sys>;
  using Done = group::Completion<Sys>;
  using Seen = typename Done::Seen;
  using Claimed = typename GroupType::Queue::Claimed;

 public:
  Wait(World<Sys>& world, GroupType& group, std::uint32_t generation)
      : world_(world), group_(group), generation_(generation) {}

  // Says whether the group is empty, at the moment of the first load.
  Waited poll() const { return look(group_.completion.load()); }

  ~Wait() {
    if (was_counted_) group_.waiters.fetch_sub(1);
    if (frame_ != nullptr) frame_->waits_for = nullptr;
  }
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;

  // Waits until the group was empty at some moment after the call.
  Waited operator()(std::int64_t deadline, bool help) {
    Waited now = poll();
    if (now != Waited::timed_out) return now;
    frame_ = Frame<Sys>::top();
    if (frame_ != nullptr) frame_->waits_for = &group_;
    share_if_anothers(group_);
    std::uint32_t most = deadline == INT64_MAX ? batch() : 1;
    // The group's own tasks first: mostly that is all. Until then we are arriving.
    if (help && help_first(most, deadline == INT64_MAX)) {
      now = poll();
      if (now != Waited::timed_out) return now;
    }
    std::int64_t patience = 0;
    std::int64_t last = 0;
    bool in_earnest = false;
    while (now == Waited::timed_out) {
      Seen seen;
      if (!arrived_) {
        if (!was_counted_) group_.waiters.fetch_add(1);
        was_counted_ = true;
        arrived_ = group_.completion.arrive(seen);
        number_ = seen.arrivals();
        now = look(seen);
        if (now != Waited::timed_out) break;
      }
      if (help && help_once(world_, group_, generation_, in_earnest, most)) {
        patience = 0;
        in_earnest = false;
        if (deadline == INT64_MAX) pace(last, most);
        if (deadline != INT64_MAX && Sys::now() >= deadline) return look_again(group_.completion.load());
      } else if (!keep_looking<Sys>(patience, deadline)) {
        seen = group_.completion.announce_sleep(help);
        now = look_again(seen);
        if (now != Waited::timed_out) break;
        // Without a number we may sleep only as long as there is none to be had.
        const bool stay_awake = (help && has_work_to_help(world_, group_)) || (!arrived_ && !Done::is_crowded(seen));
        in_earnest = stay_awake;
        if (!stay_awake && !group_.completion.sleep(seen, deadline)) return look_again(group_.completion.load());
        patience = 0;
      }
      now = look_again(group_.completion.load());
    }
    return now;
  }

 private:
  // As many as workers take of it, or a few if nobody knows: one if they may be long, so that others get the next ones
  // without having to take them from us.
  std::uint32_t batch() const {
    const std::uint32_t known = group_.batch.load(std::memory_order_relaxed);
    const auto* const local = static_cast<const Local<Sys>*>(Sys::local());
    const std::uint32_t guess = local != nullptr ? local->help_batch.load(std::memory_order_relaxed) : 1;
    return known > guess ? known : guess;
  }

  // Batches of about a quantum, as workers have.
  void pace(std::int64_t& last, std::uint32_t& most) {
    const std::int64_t now = Sys::ticks();
    const std::int64_t spent = now - last;
    if (last != 0 && spent < Sys::quantum() / 2 && most < Window<Sys>::most) most *= 2;
    if (last != 0 && spent > 2 * Sys::quantum() && most > 1) most /= 2;
    last = now;
  }

  // Runs a batch of the group's own tasks. Now and then it looks how long they take.
  bool help_first(std::uint32_t most, bool is_untimed) {
    auto* const local = static_cast<Local<Sys>*>(Sys::local());
    Pool<Sys>& pool = *static_cast<Pool<Sys>*>(group_.pool_slot.load(std::memory_order_relaxed));
    // (All of them: not with a deadline.)
    if (is_untimed && is_owned_by(group_, local)) {
      (void)run_own(pool, group_, generation_, *local);
      return true;
    }
    std::uint32_t helps = 0;
    if (local != nullptr) {
      helps = local->helps.load(std::memory_order_relaxed) + 1;
      local->helps.store(helps, std::memory_order_relaxed);
    }
    const bool is_timed = local != nullptr && helps % Sys::timed_help == 0;
    const std::int64_t before = is_timed ? Sys::ticks() : 0;
    Claim<Sys> claim;
    const auto mine = [this](std::uint32_t life) { return life == generation_; };
    const bool are_tiny = Local<Sys>::helps_with_tiny(local);
    if (claim_batch(world_, pool, group_, mine, most, are_tiny, claim) != Claimed::task) return false;
    run_claim(world_, pool, claim);
    if (is_timed) {
      // About a microsecond a task, and a few for the rest.
      const std::int64_t microsecond = Sys::quantum() / 20;
      const std::int64_t spent = Sys::ticks() - before;
      const std::int64_t surplus = spent - claim.count * microsecond;
      if (surplus > 5 * microsecond) local->help_batch.store(1, std::memory_order_relaxed);
      if (surplus < 3 * microsecond) local->help_batch.store(Sys::quick_help, std::memory_order_relaxed);
      if (spent < claim.count * microsecond / 4) local->help_batch.store(Sys::tiny_help, std::memory_order_relaxed);
    }
    return true;
  }

  // timed_out stands for "not empty". Requires: `seen` was loaded before.
  Waited look(Seen seen) const {
    const std::uint64_t sub = group_.queue.sub();
    if (base::high(sub) != generation_) return Waited::gone;
    return seen.count() == base::low(sub) ? Waited::empty : Waited::timed_out;
  }

  // Released: it has been empty since we arrived.
  Waited look_again(Seen seen) const {
    const Waited now = look(seen);
    return now == Waited::timed_out && arrived_ && seen.has_released(number_) ? Waited::empty : now;
  }

  World<Sys>& world_;
  GroupType& group_;
  const std::uint32_t generation_;
  Frame<Sys>* frame_ = nullptr;  // the task that waits, if one does
  bool was_counted_ = false;
  bool arrived_ = false;
  std::uint32_t number_ = 0;
};

// Runs what a group of the caller's own has queued: it is empty now, or gone. `no`: it is not the caller's own, or not
// that simple.
enum class Emptied { successes, empty, gone, no };
template <class Sys>
[[gnu::always_inline]] inline Emptied empty_own(Local<Sys>& local, group::Group<Sys>& group, std::uint32_t life) {
  // What has begun may be on our stack. (Whether the life lasts is looked at where something is taken.)
  if (!is_owned_by(group, &local) || group.has_begun()) [[unlikely]]
    return Emptied::no;
  auto& pool = *static_cast<Pool<Sys>*>(group.pool_slot.load(std::memory_order_relaxed));
  if (is_traced(pool)) [[unlikely]]
    return Emptied::no;
  switch (run_own(pool, group, life, local)) {
    case Next::successes:
      return Emptied::successes;
    case Next::empty:
      return Emptied::empty;
    case Next::not_simple:
      return Emptied::no;
    default:
      return group.queue.generation() == life ? Emptied::no : Emptied::gone;
  }
}

// A slot of a group for the caller alone; null: no memory.
template <class Sys>
[[gnu::noinline]] group::Group<Sys>* take_group(World<Sys>& world) {
  const std::uint32_t index = world.groups.take();
  if (index == base::nil) return nullptr;
  world.groups[index].index.store(index, std::memory_order_relaxed);
  return &world.groups[index];
}

// Makes a group; null: no memory.
template <class Sys>
[[gnu::always_inline]] inline group::Group<Sys>* create_group(World<Sys>& world, Pool<Sys>& pool,
                                                              std::uint32_t pool_life, const group::Config& config,
                                                              std::uint32_t& generation, Local<Sys>* local) {
  auto* group = local != nullptr ? static_cast<group::Group<Sys>*>(local->take_group()) : nullptr;
  if (group == nullptr) [[unlikely]] {
    group = take_group(world);
    if (group == nullptr) return nullptr;
  }
  generation = group->queue.generation() + 1;
  // (A group with bounds is for many; and where each task is counted at once there is little to be had.)
  const bool is_simple =
      (config.is_plain || (config.capacity == 0 && config.limit == 0 && !config.keep_jobs)) && pool.room.chunk() != 0;
  Local<Sys>* const owner = is_simple && local != nullptr && local->owns_next() ? local : nullptr;
  if (owner != nullptr) {
    const std::uint32_t birth = owner->made.load(std::memory_order_relaxed) + 1;
    owner->made.store(birth, std::memory_order_relaxed);
    group->birth.store(birth, std::memory_order_relaxed);
  }
  group->open(&pool, pool.index.load(std::memory_order_relaxed), pool_life, owner,
              pool.help.load(std::memory_order_relaxed), config, generation);
  return group;
}
template <class Sys>
group::Group<Sys>* create_group(World<Sys>& world, Pool<Sys>& pool, std::uint32_t pool_life,
                                const group::Config& config, std::uint32_t& generation) {
  return create_group(world, pool, pool_life, config, generation, local_of<Sys>(world));
}

// The group that pool_submit goes to, made at its first call: generation 63..32 | slot 31..0. 0: no memory.
template <class Sys>
std::uint64_t own_group(World<Sys>& world, Pool<Sys>& pool, std::uint32_t pool_life) {
  if (const std::uint64_t own = pool.own_group.load(); own != 0) return pool.generation.load() == pool_life ? own : 0;
  const std::lock_guard lock(pool.growth);
  std::uint64_t own = pool.own_group.load();
  if (pool.generation.load() != pool_life) return 0;
  if (own != 0) return own;
  std::uint32_t generation = 0;
  group::Group<Sys>* const group = create_group(world, pool, pool_life, {}, generation);
  if (group == nullptr) return 0;
  share(*group);
  group->make_pools_own();
  own = base::pack(generation, group->index.load());
  pool.own_group.store(own);
  return own;
}

// Ends a group that is empty and has no notices. False: it is not, or it was ended by somebody else.
template <class Sys>
bool end_group(World<Sys>& world, group::Group<Sys>& group, std::uint32_t generation) {
  share_if_anothers(group);
  if (group.notices.any_pending(generation)) return false;
  const auto seen = group.completion.load();
  if (!group.queue.close(generation, seen.count())) return false;
  end_of_group(world, group, generation);
  return true;
}

// Waits until the notices of a group whose generation we have ended are over. Inside a task we run them ourselves: the
// worker that should may be ours.
template <class Sys>
void wait_for_notices(World<Sys>& world, group::Group<Sys>& group, std::uint32_t life) {
  Pool<Sys>& pool = world.pools[group.pool.load(std::memory_order_relaxed)];
  while (group.notices.any_pending(life)) {
    const std::uint64_t pending = group.notices.pending().load();
    if (Frame<Sys>::inside_task()) {
      if (group::Notice* notice = pool.notices.pop_of(&group, life)) {
        run_notice(world, pool, *notice);
        continue;
      }
    }
    if (group::Notices<Sys>::is_pending(pending, life)) {
      (void)Sys::wait_low_until(group.notices.pending(), base::low(pending), INT64_MAX);
    }
  }
}

// The same of a group that the caller owns: nobody else ever did anything to it.
template <class Sys>
[[gnu::always_inline]] inline bool end_own(Local<Sys>& local, group::Group<Sys>& group, std::uint32_t life) {
  if (!local.bias.try_enter()) [[unlikely]]
    return false;
  const bool is_closed = is_owned_by(group, &local) && group.queue.close_alone(life, group.completion.load().count());
  local.bias.leave_tried();
  if (!is_closed) [[unlikely]]
    return false;
  local.note_kept();
  if (group.queue.has_segments() || life + 1 >= Sys::last_generation || !local.put_group(&group)) [[unlikely]] {
    end_of_group(*static_cast<Pool<Sys>*>(group.pool_slot.load(std::memory_order_relaxed))->world, group, life);
  }
  return true;
}

// Ends a group that is empty and never had anything that its end has to see to. False: not that simple, and nothing has
// happened.
template <class Sys>
[[gnu::always_inline]] inline bool end_quickly(World<Sys>& world, group::Group<Sys>& group, std::uint32_t life) {
  auto* const local = static_cast<Local<Sys>*>(Sys::local());
  const std::uint32_t count = group.completion.load().count();
  if (local == nullptr || group.queue.raw_sub() != base::pack(life, count)) [[unlikely]]
    return false;
  if (is_anothers(group) || !group.queue.close_plain(life, count)) [[unlikely]]
    return false;
  // It is ours alone. What is looked at here was set before, by whoever had the handle, or looks at the generation
  // after it has set it.
  const Pool<Sys>& pool = *static_cast<const Pool<Sys>*>(group.pool_slot.load(std::memory_order_relaxed));
  const bool is_alone = group.parent.load() == base::nil && group.first_child.load() == base::nil;
  const bool is_clean = !group.is(group::Group<Sys>::keeps_jobs) && !group.line.busy() && !pool.room.has_line() &&
                        !group.queue.has_segments() && !group.completion.has_sleepers();
  if (!is_alone || !is_clean || life + 1 >= Sys::last_generation || !local->put_group(&group)) [[unlikely]] {
    end_of_group(world, group, life);
  }
  return true;
}

// Waits until a group is empty and its notices are over, then ends it. False: somebody else did.
template <class Sys>
bool destroy_group(World<Sys>& world, group::Group<Sys>& group, std::uint32_t generation, bool help) {
  share_if_anothers(group);
  for (;;) {
    if (Wait<Sys>(world, group, generation)(INT64_MAX, help) == Waited::gone) return false;
    // While notices run the group lives: they may use it.
    wait_for_notices(world, group, generation);
    const auto seen = group.completion.load();
    if (!group.notices.any_pending(generation) && group.queue.close(generation, seen.count())) break;
  }
  end_of_group(world, group, generation);
  wait_for_notices(world, group, generation);  // one that was asked for at the last moment
  return true;
}

}  // namespace pool::sched
