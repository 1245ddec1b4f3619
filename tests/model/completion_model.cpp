// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The word of completion by itself, where few steps matter: an empty moment is announced to those who had arrived, and
// to nobody who came later. What src/group/README.md claims.
#include "group/completion.hpp"

#include "model/model_system.hpp"
#include "queue/ticket_queue.hpp"

namespace {

using model::ModelSystem;
using Queue = pool::queue::TicketQueue<ModelSystem>;
using Done = pool::group::Completion<ModelSystem>;

// The only task finishes; one thread submits, and stops before it announces; another submits and then waits for what it
// submitted, which nobody runs: it must not be released. The waiter of the first task must be, if there was an empty
// moment that somebody saw.
struct LateArrival : rl::test_suite<LateArrival, 3> {
  Queue queue;
  Done done;
  model::Segments segments;
  std::uint32_t early = 0;
  std::uint32_t late = 0;
  bool seen_empty = false;

  void before() {
    queue.open(1);
    done.open(Queue::first_ticket);
    submit();
    pool::queue::Work work;
    bool more = false;
    RL_ASSERT(queue.claim(
                  segments, [](std::uint32_t) { return true; }, work, more) == Queue::Claimed::task);
    early = arrive();
  }

  void submit() {
    Queue::Ticket ticket;
    RL_ASSERT(queue.reserve(segments, 1, ticket) == Queue::Reserved::ok);
    queue.publish(segments, ticket, {1, 0});
  }
  std::uint32_t arrive() {
    Done::Seen seen;
    RL_ASSERT(done.arrive(seen));
    return seen.arrivals();
  }

  void thread(unsigned index) {
    const auto alive = [this] { return queue.generation() == 1; };
    if (index == 0) {
      const Done::Seen seen = done.add();
      if (queue.sub() == pool::base::pack(1, seen.count())) {
        seen_empty = true;
        done.announce_empty(seen, alive);
      }
    } else if (index == 1) {
      Done::Seen before{0};
      Queue::Ticket ticket;
      RL_ASSERT(queue.reserve(segments, 1, ticket, [&](std::uint32_t) { before = done.load(); }) ==
                Queue::Reserved::ok);
      if (before.has(Done::waiter) && before.count() == ticket.number) {
        seen_empty = true;
        done.announce_empty(before, alive);
      }
    } else {
      submit();
      late = arrive();
    }
  }

  void after() {
    RL_ASSERT(!done.load().has_released(late));
    RL_ASSERT(done.load().has_released(early) || !seen_empty);
  }
};

}  // namespace

int main(int argc, char** argv) {
  return model::check<LateArrival>("completion: late arrival", 100'000, argc, argv) ? 0 : 1;
}
