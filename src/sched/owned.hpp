// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Owned groups: most groups are made, filled, waited for and ended by one thread. Until somebody else comes, that
// thread changes the words of queue and completion with plain stores, inside the bias of its Local. The protocol is
// "Owned groups" in group/README.md.
//
// Guarantees: after share() returned, read-modify-writes of any thread on the words of that life are safe.
#pragma once

#include "group/group.hpp"
#include "sched/local.hpp"

namespace pool::sched {

// Says whether somebody else owns the group. To be asked after the life was seen in `sub` or `hd`: within one life a
// group that has no owner never gets one.
template <class Sys>
[[gnu::always_inline]] inline bool is_anothers(const group::Group<Sys>& group) {
  const void* const owner = group.owner.load();
  return owner != nullptr && owner != Sys::local();
}

// Says whether `local`, the caller's own, owns it. Under its bias this stays so.
template <class Sys>
[[gnu::always_inline]] inline bool is_owned_by(const group::Group<Sys>& group, const Local<Sys>* local) {
  return local != nullptr && group.owner.load(std::memory_order_relaxed) == local;
}

template <class Sys>
[[gnu::always_inline]] inline bool is_own(const group::Group<Sys>& group) {
  return is_owned_by(group, static_cast<const Local<Sys>*>(Sys::local()));
}

// Under the bias of `owner`, which is not ours: the group, if it is its, is everybody's from now on.
template <class Sys>
void share_under_bias(group::Group<Sys>& group, Local<Sys>& owner) {
  void* expected = &owner;
  // By compare-and-swap: the slot may be in other hands by now, and have another owner.
  if (group.owner.compare_exchange_strong(expected, nullptr)) owner.note_shared();
}

template <class Sys>
[[gnu::noinline]] void share_slowly(group::Group<Sys>& group) {
  for (;;) {
    void* owner = group.owner.load();
    if (owner == nullptr) return;
    if (owner == Sys::local()) {
      group.owner.compare_exchange_strong(owner, nullptr);
      return;
    }
    auto& local = *static_cast<Local<Sys>*>(owner);
    local.bias.revoke();
    share_under_bias(group, local);
    local.bias.restore();
  }
}

// Makes the group everybody's, for the rest of its life.
template <class Sys>
void share(group::Group<Sys>& group) {
  if (group.owner.load() != nullptr) share_slowly(group);
}

// The same unless it is the caller's: he may use read-modify-writes where he likes.
template <class Sys>
void share_if_anothers(group::Group<Sys>& group) {
  if (is_anothers(group)) share_slowly(group);
}

}  // namespace pool::sched
