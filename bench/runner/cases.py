# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""The cases: what each program is asked for, beside whom, and what we want of the result."""
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Goal:
    """`ours` (or with kind "cpu" our CPU time) at most `factor` times that of the best of `of`, plus `plus`.

    `of` names peers; without it the limit is `plus` alone. `case` compares with our own figure in another case. With
    kind "futex" it is our calls of futex() for a task.
    """

    factor: float = 0
    of: tuple = ()
    plus: float = 0
    case: str = ""
    kind: str = "wall"

    def text(self):
        parts = []
        if self.factor:
            # A best of many is called that: the table has no room for their names.
            what = self.case or (self.of[0] if len(self.of) == 1 else "best of " + ", ".join(self.of))
            parts.append(f"{self.factor:g} x {what}" if self.factor != 1 else what)
        if self.plus or not parts:
            parts.append(f"{self.plus:,.10g}")
        return {"cpu": "CPU ", "futex": "futex calls "}.get(self.kind, "") + "<= " + " + ".join(parts)

    def limit(self, result, results):
        """The number that must not be exceeded, or None if there is nothing to compare with."""
        if self.case:
            other = results.get(self.case)
            return None if other is None or other.ours is None else self.factor * other.ours + self.plus
        if not self.of:
            return self.plus
        values = (result.cpu_peers if self.kind == "cpu" else result.peers)
        known = [values[peer] for peer in self.of if values.get(peer) is not None]
        return self.factor * min(known) + self.plus if known else None


@dataclass(frozen=True)
class Case:
    """One line of the table."""

    name: str
    unit: str
    goals: tuple = ()


@dataclass(frozen=True)
class Run:
    """One start of a program, which prints a line for each of `cases`.

    Options: slow: once is enough with --quick, it hardly varies and sleeps long; once: always; short: three times as
    often, for a moment of a neighbour's is as long as a run; quick: peers that are run with --quick as well; futex: so
    many tasks in all, to count calls of futex() for each.
    """

    name: str
    cases: tuple
    peers: tuple = ()
    options: dict = field(default_factory=dict)


def single(name, unit, peers=(), goals=(), **options):
    return Run(name, (Case(name, unit, goals),), peers, options)


def start(name, peers=(), p50=(), p99=()):
    return Run(name, (Case(name + "-p50", "ns", p50), Case(name + "-p99", "ns", p99)), peers)


def sleepers(name, peers, ideal=None, **options):
    """Tasks that sleep: a quarter of Go's time and a tenth of its memory; or near the ideal (ms), where threads sleep."""
    time = (Goal(plus=1.1 * ideal),) if ideal else (Goal(0.25, ("Go",)),)
    memory = (Goal(0.1, ("Go",)),) if "Go" in peers else ()
    return Run(name, (Case(name, "ms", time), Case(name + "-rss", "MB", memory)), peers, options)


def mixed(name, peers=(), goals=()):
    return Run(name, (Case(name, "ms", goals), Case(name + "-threads", "threads")), peers)


def timed(name, every):
    """With one task in so many timed, beside the same case without: insight may cost a tenth where it is sampled."""
    return single(f"{name}-timed-{every}", "ns/round" if name == "fan3" else "ns/task", (),
                  (Goal(1.1, case=name),) if every > 1 else ())


CPP = ("oneTBB", "Asio", "GLib")
GO = ("Go", "Go channel", "ants")
ALL = CPP + ("OpenMP", "std::thread") + GO + ("rayon",)
POOLS = CPP + GO
BOUNDED = ("Go channel", "ants")
TBB = ("oneTBB",)

RUNS = (
    single("flood", "ns/task", ALL, (Goal(0.10, TBB), Goal(0.10, ("Asio", "GLib", "Go", "ants"))), short=True),
    single("flood-drop", "ns/task"),
    timed("flood", 1), timed("flood", 16),
    single("submitters-2", "ns/task", POOLS, (Goal(0.25, TBB),)),
    single("submitters-4", "ns/task", POOLS, (Goal(0.5, TBB),)),
    single("fan3", "ns/round", ALL, (Goal(0.4, TBB), Goal(0.15, ("Go",)), Goal(0.333, TBB, kind="cpu")),
           short=True),
    timed("fan3", 1), timed("fan3", 16),
    single("fan3-5us", "ns/round", ALL, (Goal(1.05, TBB),)),
    single("fan3-5us-w4", "ns/round", TBB, (Goal(1.2, case="fan3-5us"),)),
    single("fan3-5us-w8", "ns/round", TBB, (Goal(1.2, case="fan3-5us"),)),
    single("tasks-1us", "ns/task", ("floor",) + POOLS + ("OpenMP", "rayon"), (Goal(1.05, ("floor",)),), short=True),
    timed("tasks-1us", 1), timed("tasks-1us", 16),
    single("fib24", "ns/call", TBB + ("OpenMP", "Go", "rayon"), (Goal(0.5, TBB),), short=True),
    single("fib24-drop", "ns/call"),
    single("flood-bounded", "ns/task", BOUNDED, (Goal(0.3, BOUNDED), Goal(plus=0.1, kind="futex")), futex=1_100_000,
           quick=("Go channel",)),
    single("flood-bounded-4", "ns/task", BOUNDED, (Goal(0.3, BOUNDED), Goal(plus=0.1, kind="futex")), futex=1_100_000,
           quick=("Go channel",)),
    start("lone-start", POOLS + ("rayon",), (Goal(1.2, TBB), Goal(0.3, TBB, kind="cpu")), (Goal(1.5, TBB),)),
    start("lone-start-spin"),
    start("lone-start-busy", CPP, (), (Goal(plus=300_000),)),
    start("lone-start-busy-eager", (), (Goal(2, case="lone-start-p50"),), (Goal(2, case="lone-start-p99"),)),
    start("lone-start-busy-spin", CPP, (), (Goal(plus=300_000),)),
    single("submit-wait", "ns", TBB, (Goal(plus=300),)),
    single("submit-wait-idle", "ns", TBB + ("Asio", "GLib", "OpenMP")),
    single("idle", "switches", TBB, (Goal(plus=0), Goal(plus=0, kind="cpu")), slow=True),
    single("idle-left", "switches", TBB, (Goal(plus=0), Goal(plus=0, kind="cpu")), slow=True),
    Run("queued-bytes", (Case("queued-bytes", "B/task", (Goal(plus=24),)),
                         Case("queued-bytes-left", "B/task", (Goal(plus=2),))), CPP, {"slow": True}),
    Run("queued-bytes-ctx48", (Case("queued-bytes-ctx48", "B/task", (Goal(plus=80),)),
                               Case("queued-bytes-ctx48-left", "B/task", (Goal(plus=2),))), (), {"slow": True}),
    single("group-cycle", "ns", TBB, (Goal(plus=40),)),
    single("group-bytes", "B/group", (), (Goal(plus=512),)),
    single("group-bytes-used", "B/group"),
    single("blocking", "ms", ("ideal", "oneTBB", "Asio", "GLib", "Go channel"), (Goal(1.05, ("ideal",)),)),
    single("blocking-burst", "ms", ("ideal",), (Goal(1.2, ("ideal",)),)),
    sleepers("sleepers-coroutine", GO, slow=True),
    sleepers("sleepers-coroutine-all", ("Go",), slow=True),
    sleepers("sleepers-coroutine-3s", ("Go",), 3000, once=True),
    sleepers("sleepers-coroutine-1024", BOUNDED, 1000, slow=True),
    sleepers("sleepers-coroutine-100ms", BOUNDED, 10_000, once=True),
    sleepers("sleepers-delayed", GO, slow=True),
    sleepers("sleepers-delayed-all", ("Go",), slow=True),
    sleepers("sleepers-delayed-3s", ("Go",), 3000, once=True),
    sleepers("sleepers-delayed-1024", BOUNDED, 1000, slow=True),
    sleepers("sleepers-thread-1024", ("std::thread",) + BOUNDED, 1000, slow=True),
    sleepers("sleepers-thread-100ms", ("std::thread",), 10_000, once=True),
    Run("late", (Case("late-p50", "ns"), Case("late-p99", "ns", (Goal(plus=1_000_000),))), ("Go",)),
    mixed("mixed-blocking", ("ideal", "std::thread"), (Goal(1.2, ("ideal",)),)),
    mixed("mixed-burst"),
    mixed("mixed-fixed"),
    single("closure", "ns/task", ("C",), (Goal(1, ("C",), plus=5),)),
    Run("fairness", (Case("fairness-p50", "ns"), Case("fairness", "ns p99", (Goal(plus=60_000),)))),
    Run("fairness-100", (Case("fairness-100-p50", "ns"), Case("fairness-100", "ns p99", (Goal(plus=3_000_000),)))),
    single("startup", "us", ("empty",), (Goal(1, ("empty",), plus=1_000),)),
)

# What is run with --quick: nothing else is worth two minutes. The last are no pools but what goals are measured by.
QUICK_PEERS = ("oneTBB", "Go", "floor", "ideal", "C", "empty")

SHORT = tuple(run.name for run in RUNS if run.options.get("short"))
