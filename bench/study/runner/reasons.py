# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Where libpool loses, and why. The reasons are written by hand, and told only where the data show the loss."""
from dataclasses import dataclass
from typing import Callable

from subjects import OURS
from verdicts import by_lead, case_words, verdicts
from words import bytes_text, times_text, time_text


@dataclass(frozen=True)
class Reason:
    """`meets` says of the keys of a case (numbers where they are) and of who is ahead whether it explains the loss."""

    metric: str
    meets: Callable
    text: str


HELD_BACK = ("Go channel",)  # whose submitter waits for a place
GO = ("Go", "Go pool", "ants", *HELD_BACK)
WAITER_WORKS = ("oneTBB", "OpenMP", "rayon")  # and is one of their threads


def groups_at_once(keys):
    return keys["in_flight"] / keys["fan_out"]


def in_place(keys, name):
    """libgomp's own bound: 64 for each thread, of which the submitter is one."""
    return name == "OpenMP" and keys["in_flight"] > 64 * (keys["workers"] + keys["submitters"])


IN_PLACE = ("libgomp runs a task in place when 64 for each thread are queued, so that it never has as many in flight "
            "as it is asked for. A libpool with a `queue_capacity` and `POOL_OVERFLOW_CALLER_RUNS` does so, too; here "
            "its queue has room for all.")
WAITS = ("Its submitter waits until there is a place, so that hardly a task is queued: what should be in flight is "
         "not. A libpool with a `queue_capacity` has its submitters wait, too; here its queue has room for all.")
MANY_GROUPS = ("Many groups at once. Each group of libpool has a queue of its own, 1 kB with room for 15 tasks, and a "
               "page of memory where more wait. Where a group is no more than a number that is counted down, ten "
               "thousand of them are cheap; fewer and larger groups do not pay it.")
MADE_BEFORE = ("The making of the pool and of its threads is in the time. Go's run-time system has made its own before "
               "`main`. And in three runs that were traced the system started the first worker on the submitter's CPU, "
               "where it had its turn when the submitter had run all of a thousand tasks.")
OWN_STACK = ("Empty tasks that the submitter itself runs while it waits. oneTBB and rayon push a task on a stack that "
             "belongs to the thread, and take it from there. A group of libpool is a queue in order of arrival, with "
             "a count that any thread may look at, so that it can be bounded, cancelled and awaited by others.")
ASLEEP = ("Few tasks in flight. A worker that has nothing to do sleeps in the system, and to wake it takes a system "
          "call and the time until it has a processor. A goroutine is started by a thread that is awake.")
OWN_LOCK = ("What is measured is the lock: those of Rust and Go spin for a while before they sleep in the system; "
            "glibc's `std::mutex`, which the C and C++ programs have, sleeps at once. With a lock that spins libpool's "
            "program took 343 to 515 ns in a session in which it took 454 to 603 with this one, and rayon 353 to 680.")
ONE_MORE = ("Few tasks in flight. libpool is asked for as many workers as there are CPUs, and the submitter, while it "
            "waits, runs tasks, too: one thread more than CPUs, and what a thread has begun that has no CPU holds up "
            "its group. oneTBB, OpenMP and rayon count the submitter as one of theirs. With one worker fewer libpool "
            "took 0.82 (ten tasks of 1 us), 0.95 (ten of 10 us) and 0.94 (a hundred of 100 us) of the time, measured "
            "apart in seven turns: so that is what to do for a program that only ever waits.")
ALONE = ("A single task. Its submit wakes a worker, since none looks for work while there is none: a call of the "
         "system, of several microseconds on a virtual machine. oneTBB's threads look for work all the time, on 1.8 "
         "CPUs in place of 1.2 (measured apart).")
PROGRAMS = ("Few tasks, so that the memory is that of the programs: the process of libpool has {} before it makes a "
            "pool (the median in the base case), and a pool has rooms that are there at once and not when they are "
            "needed.")

REASONS = (
    Reason("time", in_place, IN_PLACE),
    Reason("time", lambda keys, name: groups_at_once(keys) >= 1_000 and keys["ns"] <= 10_000 and
           keys["work"] != "sleep" and name not in ("Go pool", "ants", *HELD_BACK), MANY_GROUPS),
    Reason("time", lambda keys, name: keys["cold"] == 1 and keys["wanted"] <= 10_000 and
           name in GO, MADE_BEFORE),
    Reason("time", lambda keys, name: keys["work"] == "empty" and name in ("oneTBB", "rayon"), OWN_STACK),
    Reason("time", lambda keys, name: keys["in_flight"] <= 10 and name in GO, ASLEEP),
    Reason("time", lambda keys, name: keys["work"] == "lock" and (name == "rayon" or name in GO), OWN_LOCK),
    Reason("time", lambda keys, name: keys["work"] == "spin" and keys["in_flight"] == 1 and
           name in WAITER_WORKS, ALONE),
    Reason("time", lambda keys, name: keys["work"] == "spin" and keys["in_flight"] <= 100 and name in WAITER_WORKS,
           ONE_MORE),
    Reason("memory", lambda keys, name: keys["in_flight"] > 100 and name in HELD_BACK, WAITS),
    Reason("memory", in_place, IN_PLACE),
    Reason("memory", lambda keys, name: groups_at_once(keys) >= 1_000 and
           name not in ("Go pool", "ants", *HELD_BACK), MANY_GROUPS),
    Reason("memory", lambda keys, name: keys["in_flight"] <= 1_000, PROGRAMS),
)


def numbers_of(row):
    found = {}
    for key, text in row.items():
        try:
            found[key] = float(text)
        except (TypeError, ValueError):
            found[key] = text
    return found


def reason_of(data, metric, verdict):
    keys = numbers_of(data.keys[verdict.case])
    keys["workers"] = data.runs[verdict.case, verdict.their_name][0].get("workers") or 0  # the rival's own
    keys["wanted"] = keys.get("wanted") or 0
    return next((reason for reason in REASONS
                 if reason.metric == metric and reason.meets(keys, verdict.their_name)), None)


def losses(data, metric):
    """[(reason or None, verdicts)]: the losses that one reason explains together, the most first."""
    found = {}
    for verdict in by_lead(verdicts(data, metric), 1):
        found.setdefault(reason_of(data, metric, verdict), []).append(verdict)
    return sorted(found.items(), key=lambda pair: (pair[0] is None, -len(pair[1])))


def reason_text(data, reason):
    if reason is None:
        return "Of these we know no reason yet."
    return reason.text.format(bytes_text(data.at("base", "base", OURS, "rss_base"))) if reason.text == PROGRAMS else \
        reason.text


def loss_lines(data, metric, most=8):
    """The losses as a Markdown list under their reasons."""
    show = time_text if metric == "time" else bytes_text
    for reason, found in losses(data, metric):
        found = sorted(found, key=lambda verdict: -verdict.factor)
        yield f"- {reason_text(data, reason)}"
        for verdict in found[:most]:
            yield (f"  - {case_words(data, verdict.case)}: {show(verdict.ours)}, {verdict.their_name} "
                   f"{show(verdict.theirs)} ({times_text(verdict.factor)} times)")
        if len(found) > most:
            yield f"  - and {len(found) - most} more cases, by up to {times_text(found[most].factor)} times"
