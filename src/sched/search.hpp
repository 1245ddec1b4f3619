// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Search: where a worker looks for its next task, and which group is next.
//
// Groups with work are visited in a rotation (a circular cursor over the pool's ready set). Each has used so much of
// the workers' time, divided by its weight; the rotation has come so far; a group that is ahead of the rotation by more
// than a quantum is passed over. The rotation goes on by a quantum each time a worker's cursor comes round, and jumps
// to the group that is least ahead if nobody else has work. So each group gets workers' time by its weight, however
// long its tasks are. Whoever is behind the rotation has had no work when it came by, and joins in the middle of the
// others: not at the rotation, or a stream of newcomers with long tasks would hold it up for hundreds of rounds, and
// keep those waiting that are ahead. Time is read at the end of a visit and every few tasks.
#pragma once

#include <algorithm>
#include <utility>

#include "sched/notify.hpp"
#include "sched/run_batch.hpp"

namespace pool::sched {

template <class Sys>
class Search {
  using GroupType = group::Group<Sys>;

 public:
  using Claimed = typename GroupType::Queue::Claimed;

  Search(World<Sys>& world, Pool<Sys>& pool, Worker<Sys>& worker) : world_(world), pool_(pool), worker_(worker) {
    set_visited(base::nil);  // a thread before ours may have ended in the middle of a visit
  }

  // How far a search goes: quick leaves alone what others have claimed; lingering, we have been searching for a while,
  // looks twice at everything; in earnest takes what there is.
  enum class Look { quick, lingering, in_earnest };

  // Takes a notice, or claims tasks of any group of this pool; both are `task`.
  Claimed find(Look look) {
    is_quick_ = look == Look::quick;
    left_ = 0;
    has_seen_moves_ = false;
    // In turn with the tasks: a notification that asks for the next one must not keep them from running.
    const bool tasks_first = notice_ != nullptr;
    notice_ = nullptr;
    if (!tasks_first && take_notice()) return Claimed::task;
    if (visited() != base::nil && ++tasks_ >= next_reading_) charge();
    // What lies in our own window was left because it takes long, or by a suspension: in turn with the other groups.
    const bool was_own = std::exchange(was_own_, false);
    if (!was_own && !tasks_first && take_own_window(false)) return Claimed::task;
    if (is_in_lockstep()) Sys::linger_short();
    // Also while there is other work: what is stuck behind a long task has its turn.
    if (tasks_ == 0 && visited() != base::nil && since() - looked_at_windows_ > 50 * Sys::quantum()) {
      looked_at_windows_ = since();
      if (steal_some(Look::lingering)) return Claimed::task;
    }
    if (look == Look::lingering) {
      if (take_still() == Claimed::task) return Claimed::task;
      pause();
      return take_notice() || take_own_window(true) || steal_some(look) ? Claimed::task : Claimed::empty;
    }
    for (;;) {
      best_ = base::nil;
      const std::uint32_t start = worker_.cursor;
      Claimed found = scan(start, base::nil);
      if (found == Claimed::task) return found;
      bool not_ready = found == Claimed::not_ready;
      end_round();
      if (start != 0) {
        found = scan(0, start);
        if (found == Claimed::task) {
          pool_.rotation.fetch_add(Sys::quantum(), std::memory_order_relaxed);
          return found;
        }
        not_ready = not_ready || found == Claimed::not_ready;
      }
      if (best_ == base::nil) {
        pause();
        if (take_notice() || take_own_window(true)) return Claimed::task;
        if (not_ready) return Claimed::not_ready;
        if (left_ != 0) return take_still();
        return look != Look::quick && steal_some(look) ? Claimed::task : Claimed::empty;
      }
      // Only groups that are ahead have work: the rotation comes to the first of them. It only grows.
      const std::int64_t now = pool_.rotation.load(std::memory_order_relaxed);
      if (best_used_ > now) pool_.rotation.store(best_used_, std::memory_order_relaxed);
      worker_.cursor = best_;
    }
  }

  // Whether the last find, lingering, passed over groups that others were getting on with.
  bool has_seen_moves() const { return has_seen_moves_; }

  // Whether the last find left more behind where it found.
  bool more() const { return claim_.more; }

  // Whether there is anything that a worker should look at.
  bool any() const { return has_work(world_, pool_); }
  // The same without what this thread has just claimed.
  bool any_besides() const { return pool_.has_work() || any_window_of(world_, pool_, Sys::local()); }

  // The time until the next visit is nobody's.
  void pause() {
    if (visited() == base::nil) return;
    end_visit();
    set_visited(base::nil);
  }

  // Runs what the last find found.
  void run() {
    if (notice_ != nullptr) return run_notice(world_, pool_, *notice_);
    was_own_ = claim_.in_window;
    ran_ += claim_.in_window ? claim_.count : 1;
    run_claim(world_, pool_, claim_, true);
  }

 private:
  // So many tasks of one group at most go by without a look at the clock.
  static constexpr std::uint32_t most_unread = 16;
  // So many tasks of a group that nobody knows are claimed together at most: if these are longer than the last ones, a
  // waiter has to come and take them from us.
  static constexpr std::uint32_t most_guess = 8;
  // So many groups does a quick search leave to their owners, and each of them so many times in its life, if no more
  // than so many tasks are left there.
  static constexpr std::uint32_t most_left = 16;
  static constexpr std::uint32_t most_times = 3;
  static constexpr std::uint32_t most_tasks = 3;
  // So many groups, and bits of groups without work among them, does a lingering search look at.
  static constexpr std::uint32_t most_seen = 24;
  static constexpr std::uint32_t most_bits = 64;
  // So many quanta ahead of the rotation does a group count at most where others join.
  static constexpr std::int64_t most_ahead = 250;
  struct Seen {
    const GroupType* group;
    std::uint64_t front;
  };

  bool take_notice() {
    notice_ = pool_.notices.pop();
    if (notice_ == nullptr) return false;
    claim_.more = pool_.notices.any();
    pause();
    return true;
  }

  // From `from` up to `end`.
  Claimed scan(std::uint32_t from, std::uint32_t end) {
    bool not_ready = false;
    for (;;) {
      const std::uint32_t index = pool_.ready.next(from);
      if (index == base::nil || index >= end) return not_ready ? Claimed::not_ready : Claimed::empty;
      from = index + 1;
      if (is_ahead(index)) {
        const GroupType& group = world_.groups[index];
        count_in(group, group.used.load(std::memory_order_relaxed));
        continue;
      }
      if (is_quick_ && left_ < most_left && is_for_owner(world_.groups[index])) {
        ++left_;
        continue;
      }
      const Claimed claimed = claim_from(index);
      if (claimed == Claimed::task) return claimed;
      not_ready = not_ready || claimed == Claimed::not_ready;
    }
  }

  // The few tasks that somebody has for himself he is probably about to run, and to take them from him costs us both
  // some time: they are left to him once, and again when he has got on with them meanwhile, but not for ever: they have
  // a right to our time.
  static bool is_for_owner(GroupType& group) {
    if (!is_anothers(group) || group.queue.empty() || group.queue.waiting() > most_tasks) return false;
    const std::uint64_t front = group.queue.front();
    const std::uint64_t before = group.left_at.load(std::memory_order_relaxed);
    if (before == front) return false;
    const std::uint32_t times =
        base::high(before) == base::high(front) ? group.left_times.load(std::memory_order_relaxed) + 1 : 1;
    if (times > most_times) return false;
    group.left_at.store(front, std::memory_order_relaxed);
    group.left_times.store(times, std::memory_order_relaxed);
    return true;
  }

  // Whoever has just submitted is probably about to wait, and faster at its own tasks than we: looks twice at a few
  // groups at once, and takes of one that has not moved since. Each look costs the others a line, so the looks are few;
  // and the bits stay, which are probably set again in a moment.
  Claimed take_still() {
    Seen seen[most_seen];
    std::uint32_t count = 0;
    std::uint64_t sum = 0;
    std::uint32_t first = base::nil;
    for (std::uint32_t bits = 0, from = worker_.cursor; bits < most_bits && count < most_seen; ++bits) {
      std::uint32_t index = pool_.ready.next(from);
      if (index == base::nil) index = pool_.ready.next(0);
      if (index == base::nil || index == first) break;
      if (first == base::nil) first = index;
      from = worker_.cursor = index + 1;
      const GroupType& group = world_.groups[index];
      const std::uint64_t front = group.queue.front();
      sum = sum * 31 + index + front;
      if (!group.queue.empty() && !is_ahead(index)) seen[count++] = {&group, front};
    }
    for (int i = 0; i < Sys::second_looks && count != 0; ++i) {
      Sys::linger();
      if (const GroupType* const still = oldest_still(seen, count)) {
        if (claim_from(still->index.load(std::memory_order_relaxed)) == Claimed::task) return Claimed::task;
      }
    }
    has_seen_moves_ = sum != last_sum_;
    last_sum_ = sum;
    return Claimed::empty;
  }

  // The first of them that has not moved; if somebody owns it, the oldest such one of that owner: when tasks make
  // groups and wait for them, that is the one with most of the work behind it. Keeps what has moved.
  const GroupType* oldest_still(Seen* seen, std::uint32_t& count) {
    const GroupType* best = nullptr;
    std::uint32_t left = 0;
    for (std::uint32_t at = 0; at < count; ++at) {
      const GroupType& group = *seen[at].group;
      const std::uint64_t front = group.queue.front();
      if (group.queue.empty()) continue;
      if (front != seen[at].front) {
        seen[left++] = {&group, front};
      } else if (best == nullptr || is_older(group, *best)) {
        best = &group;
      }
    }
    count = left;
    return best;
  }
  static bool is_older(const GroupType& group, const GroupType& than) {
    const void* const owner = group.owner.load(std::memory_order_relaxed);
    const std::uint32_t birth = group.birth.load(std::memory_order_relaxed);
    return owner != nullptr && owner == than.owner.load(std::memory_order_relaxed) &&
           static_cast<std::int32_t>(birth - than.birth.load(std::memory_order_relaxed)) < 0;
  }

  bool is_ahead(std::uint32_t index) {
    GroupType& group = world_.groups[index];
    std::int64_t used = group.used.load(std::memory_order_relaxed);
    const std::int64_t now = pool_.rotation.load(std::memory_order_relaxed);
    const bool joins = used < now;
    if (joins) used = now + pool_.spread.load(std::memory_order_relaxed);
    if (used <= now + Sys::quantum()) return false;
    if (joins) group.used.store(used, std::memory_order_relaxed);
    if (best_ == base::nil || used < best_used_) {
      best_ = index;
      best_used_ = used;
    }
    return true;
  }

  // A group of this round has used so much: it was passed over, or our visit is over.
  void count_in(const GroupType& group, std::int64_t used) {
    const std::int64_t ahead = used - pool_.rotation.load(std::memory_order_relaxed);
    const std::int64_t weight = group.weight.load(std::memory_order_relaxed);
    sum_ahead_ += std::clamp<std::int64_t>(ahead, 0, most_ahead * Sys::quantum()) * weight;
    weights_ += weight;
  }
  // Newcomers join where the groups of a round are on average. That grows by little in each round, and no group counts
  // as more than a few milliseconds ahead: one long task must not delay all that come after it.
  void end_round() {
    const std::int64_t before = pool_.spread.load(std::memory_order_relaxed);
    const std::int64_t mean = weights_ == 0 ? 0 : sum_ahead_ / weights_;
    const std::int64_t spread = std::min(mean, 2 * before + Sys::quantum());
    if (spread != before) pool_.spread.store(spread, std::memory_order_relaxed);
    sum_ahead_ = weights_ = 0;
  }

  // Quick tasks, and few of them at a time: we follow a submitter closely, each of us waiting for the line that the
  // other has just written. To let some more come is faster for both.
  bool is_in_lockstep() {
    if (!claim_.in_window || claim_.count * 4 > Window<Sys>::most) return false;
    claim_.in_window = false;
    return visited() != base::nil && world_.groups[visited()].batch.load(std::memory_order_relaxed) > 4 * claim_.count;
  }

  // What is left in this thread's window. `is_alone`: nobody else has work, so that it does not matter how much the
  // group has used.
  bool take_own_window(bool is_alone) {
    auto* const local = static_cast<Local<Sys>*>(Sys::local());
    if (local == nullptr || local->window.size() == 0) return false;
    auto* const group = static_cast<GroupType*>(local->window.group.load());
    if (group == nullptr || !is_ours(*group) || is_held(*group, local->window.life.load())) return false;
    if (!is_alone &&
        group->used.load(std::memory_order_relaxed) > pool_.rotation.load(std::memory_order_relaxed) + Sys::quantum()) {
      return false;
    }
    visit(group->index.load(std::memory_order_relaxed));
    claim_ = {};
    claim_.group = group;
    claim_.in_window = true;
    claim_.count = local->window.size();
    claim_.more = claim_.count > 1;
    return true;
  }

  // What others have claimed and seem to be stuck before. (Of several windows one is watched until it moves, then the
  // next: a worker that watched whichever it saw last would never see the same one twice.)
  bool steal_some(Look look) {
    const Local<Sys>* first = nullptr;
    const Local<Sys>* next = nullptr;
    std::uint64_t first_seen = 0;
    std::uint64_t next_seen = 0;
    bool is_past = false;
    const auto wants = [&](const Local<Sys>& local, const GroupType& group) {
      if (!is_ours(group)) return false;
      if (look == Look::in_earnest) return true;
      const std::uint64_t seen = base::pack(local.window.life.load(), base::low(local.window.range.load()));
      if (victim_ == &local) {
        if (victim_seen_ == seen) return true;  // it has not got on since
        is_past = true;
      } else if (is_past && next == nullptr) {
        next = &local;
        next_seen = seen;
      }
      if (first == nullptr) {
        first = &local;
        first_seen = seen;
      }
      return false;
    };
    if (!steal(world_, wants, true, claim_)) {
      if (look != Look::in_earnest) {
        victim_ = next != nullptr ? next : first;
        victim_seen_ = next != nullptr ? next_seen : first_seen;
      }
      return false;
    }
    visit(claim_.group->index.load(std::memory_order_relaxed));
    return true;
  }

  Claimed claim_from(std::uint32_t index) {
    GroupType* const group = &world_.groups[index];
    const auto mine = [this, group](std::uint32_t) { return is_ours(*group); };
    std::uint32_t batch = group->batch.load(std::memory_order_relaxed);
    if (batch < guess_ && is_unknown(*group)) {
      batch = guess_;
      group->batch.store(batch, std::memory_order_relaxed);
    }
    const Claimed claimed = claim_batch(world_, pool_, *group, mine, batch, are_tiny_, claim_);
    if (claimed == Claimed::task) {
      visit(index);
      const bool more = claim_.is_left;
      worker_.cursor = more ? index : index + 1;
      if (!more) clear(index, *group);
    } else if (claimed != Claimed::not_ready) {
      clear(index, *group);
    }
    return claimed;
  }

  // Whether nothing of it was claimed in this life: its batch is no more than where all begin.
  static bool is_unknown(const GroupType& group) {
    return base::low(group.queue.front()) == GroupType::Queue::first_ticket && !group.is(GroupType::is_bounded) &&
           !group.units.are_limited();
  }

  // The group whose tasks we run, and since when: in the worker, where others see it.
  std::uint32_t visited() const { return worker_.visited.load(std::memory_order_relaxed); }
  void set_visited(std::uint32_t index) { worker_.visited.store(index, std::memory_order_relaxed); }
  std::int64_t since() const { return worker_.since.load(std::memory_order_relaxed); }

  // From here on the time is this group's.
  void visit(std::uint32_t index) {
    if (index == visited()) return;
    end_visit();
    set_visited(index);
    next_reading_ = 1;
  }
  void end_visit() {
    const std::int64_t used = charge();
    if (visited() != base::nil) count_in(world_.groups[visited()], used);
  }

  // Puts the time since the last reading to the account of the group that we have visited. What it has used by now.
  std::int64_t charge() {
    const std::int64_t now = Sys::ticks();
    std::int64_t used = 0;
    if (visited() != base::nil) {
      GroupType& group = world_.groups[visited()];
      const std::int64_t spent = now - since();
      const std::int64_t share = spent / group.weight.load(std::memory_order_relaxed);
      const std::int64_t rotation = pool_.rotation.load(std::memory_order_relaxed);
      const std::int64_t before = group.used.load(std::memory_order_relaxed);
      // Two workers may do this at once, and the slot may have another life by now: a little unfair, and no more.
      used = (before > rotation ? before : rotation) + share;
      group.used.store(used, std::memory_order_relaxed);
      next_reading_ = spent > Sys::quantum() / 2 ? 1 : next_reading_ < most_unread ? next_reading_ * 2 : most_unread;
      pace(group, spent);
    }
    worker_.since.store(now, std::memory_order_relaxed);
    tasks_ = ran_ = 0;
    return used;
  }

  // Batches of about a quantum: by how long they take, never by how long a task takes on average. (Contention makes
  // that longer, which would make batches smaller, which makes contention worse.)
  void pace(GroupType& group, std::int64_t spent) {
    if (tasks_ == 0) return;  // a visit ends, and nothing was run since the last reading
    const std::uint32_t batch = group.batch.load(std::memory_order_relaxed);
    const std::int64_t each = spent / tasks_;
    if (spent < ran_ * (Sys::quantum() / 128)) are_tiny_ = true;
    if (spent > ran_ * (Sys::quantum() / 64)) are_tiny_ = false;
    if (each < Sys::quantum() / 16 && guess_ < most_guess) guess_ *= 2;
    if (each > Sys::quantum() / 4 && guess_ > 1) guess_ /= 2;
    if (each > 2 * Sys::quantum() && batch > 1) group.batch.store(batch / 2, std::memory_order_relaxed);
    if (each < Sys::quantum() / 2 && batch < Window<Sys>::most) {
      group.batch.store(batch * 2, std::memory_order_relaxed);
      next_reading_ = 1;
    }
  }

  // The slot's owner does not change within a life, and the claim names the life.
  bool is_ours(const GroupType& group) const {
    return group.pool.load(std::memory_order_relaxed) == pool_.index.load(std::memory_order_relaxed);
  }

  // Nothing to start there any more: clears its bit, unless there is something after all.
  void clear(std::uint32_t index, const GroupType& group) {
    bool restored = pool_.ready.clear(index);
    // In this order: the slot may just have come to us, and its generation, which has_startable() loads, tells.
    if (group.has_startable() && is_ours(group)) {
      pool_.ready.set(index);
      restored = true;
    }
    // Another worker may have looked while the bit was missing.
    if (restored) wake_one(world_, pool_);
  }

  World<Sys>& world_;
  Pool<Sys>& pool_;
  Worker<Sys>& worker_;
  bool is_quick_ = false;
  std::uint32_t left_ = 0;  // groups that this search has left to their owners
  bool has_seen_moves_ = false;
  std::uint64_t last_sum_ = 0;  // what the last look for groups that stand still has seen
  // What the last find found.
  group::Notice* notice_ = nullptr;
  Claim<Sys> claim_;
  bool was_own_ = false;  // it was of our window
  // The window that we saw last, and how far its owner had got.
  const Local<Sys>* victim_ = nullptr;
  std::uint64_t victim_seen_ = 0;
  // How many tasks since the last look at the clock, and when to look again.
  std::int64_t looked_at_windows_ = 0;
  std::uint32_t tasks_ = 0;
  std::uint32_t ran_ = 0;  // the same, each of a window by itself
  std::uint32_t next_reading_ = 1;
  // How many tasks it claims together of a group that nobody knows yet, by how long its last claims took.
  std::uint32_t guess_ = 1;
  bool are_tiny_ = false;  // these were of 150 ns, or less
  // Of the groups with work that are ahead of the rotation, the one that is least so.
  std::uint32_t best_ = base::nil;
  std::int64_t best_used_ = 0;
  // Of this round: the weights of its groups, and by how much they are ahead of the rotation, times their weights.
  std::int64_t weights_ = 0;
  std::int64_t sum_ahead_ = 0;
};

}  // namespace pool::sched
