# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""The cases: a base case, factors that are varied one at a time, two pairs of factors, overload and bursts."""
import os
from dataclasses import dataclass, field

from subjects import OURS

CPUS = len(os.sched_getaffinity(0))
US, MS = 1_000, 1_000_000
HANGS = 8.0  # seconds after which a run is ended
MOST_ASLEEP = 10_000  # in flight at most, of subjects whose tasks sleep with their thread
MOST_THREADS = 1_024  # of a pool whose tasks sleep with their thread

BASE = {"work": "spin", "ns": US, "tasks": 0, "in_flight": 1_000, "fan_out": 10, "submitters": 1, "workers": 0,
        "cold": 0, "settle_ms": 0}

# What a task does, with its length in ns.
WORKS = {
    "empty": ("empty", 0), "1 us": ("spin", US), "100 us": ("spin", 100 * US), "pareto": ("pareto", 10 * US),
    "touch": ("touch", 0), "stack": ("stack", 0), "file": ("file", 0), "lock": ("lock", 0), "sleep": ("sleep", 10 * MS),
}


@dataclass
class Case:
    """One case. `factors` says where its figures are shown: {factor: level}, several where factors cross."""

    keys: dict
    kind: str = "study"
    factors: dict = field(default_factory=dict)
    turns: int = 100  # no more than this many
    seconds: float = HANGS

    @property
    def name(self):
        """The same keys are the same case."""
        if self.kind == "overload":
            return f"overload-{self.keys['policy']}-{self.keys['load']:g}"
        keys = self.keys
        text = (f"{keys['work']}-{keys['ns']}-f{keys['in_flight']}-g{keys['fan_out']}-s{keys['submitters']}"
                f"-w{keys['workers'] or 'cpus'}")
        return text + (f"-n{keys['tasks']}" if keys["tasks"] else "") + ("-cold" if keys["cold"] else "") + \
            ("-settle" if keys["settle_ms"] else "")

    @property
    def settles(self):
        """Whether most of its time goes by while nothing happens."""
        return self.keys.get("settle_ms", 0) >= 1_000

    def takes(self, subject):
        """Whether the subject is asked at all."""
        if self.kind == "overload":
            return self.keys["policy"] in subject.policies
        if subject.works and self.keys["work"] not in subject.works:
            return False
        if set(self.factors) == {"workers"} and not subject.pool:
            return False
        # Beyond it a pool of threads, of which there are 1,024, takes seconds that say nothing new.
        if self.keys["work"] == "sleep" and self.keys["in_flight"] > MOST_ASLEEP and not subject.light:
            return False
        # A thread for each costs tens of us, so that many of them take too long even if few are in flight.
        return max(self.keys["in_flight"], self.keys["tasks"]) <= subject.most

    def limit_for(self, limit_ms):
        """ms in which rounds begin: fewer where there are many short rounds in them; with `tasks` no limit at all."""
        if self.kind == "overload":
            return self.keys["limit_ms"]
        if self.keys["tasks"]:
            return int(1_000 * self.seconds)
        return max(limit_ms * 6 // 10, 1) if self.keys["in_flight"] <= 100 else limit_ms

    def arguments(self, subject, limit_ms):
        """The words of the command after the program's own."""
        keys = dict(self.keys)
        if self.kind == "study":
            keys["workers"] = self.workers_for(subject)
        keys["limit_ms"] = self.limit_for(limit_ms)
        return [self.kind] + [f"{key}={value}" for key, value in keys.items()]

    def workers_for(self, subject):
        """The number that the case names, or what suits the subject."""
        if self.keys["workers"]:
            return self.keys["workers"]
        if subject.places:
            return self.keys["in_flight"]
        if self.keys["work"] == "sleep" and not subject.light:
            return min(self.keys["in_flight"], MOST_THREADS)
        return max(CPUS - 1, 1) if subject.joins else CPUS


def thinned(levels, quick):
    """A third of the levels, both ends among them, if it is to be quick."""
    levels = list(levels)
    return levels if not quick else levels[::3] + ([levels[-1]] if (len(levels) - 1) % 3 else [])


class Cases:
    """Collects cases, and says of one that is added twice that it belongs to both factors."""

    def __init__(self, quick, long):
        self.quick, self.long = quick, long
        self.found = {}

    def add(self, factor, level, turns=100, seconds=HANGS, **changes):
        keys = dict(BASE, **changes)
        keys["fan_out"] = min(keys["fan_out"], keys["in_flight"])
        case = Case(keys, turns=turns, seconds=seconds)
        case = self.found.setdefault(case.name, case)
        case.factors[factor] = str(level)

    def single_factors(self):
        self.add("base", "base")
        for power in thinned(range(2, 6 if self.quick else 7), self.quick):
            self.add("tasks", 10**power, tasks=10**power, cold=1)
        for power in thinned(range(0, 5 if self.quick else 6), self.quick):
            self.add("in_flight", 10**power, in_flight=10**power)
        for level in thinned(WORKS, self.quick):
            self.add("work", level, work=WORKS[level][0], ns=WORKS[level][1])
        for level in thinned((1, 3, 10, 17, 32, 100, 1_000), self.quick):
            self.add("fan_out", level, fan_out=level)
        for level in thinned(sorted({1, 2, 4, 8, 16, 64, CPUS, max(CPUS - 1, 1)}), self.quick):
            self.add("workers", level, workers=0 if level == CPUS else level)
        for level in thinned((1, 2, 4, 8), self.quick):
            self.add("submitters", level, submitters=level)
        if not self.quick:
            for fan in (10, 17):  # what a group of libpool has room for, and what it takes a page for
                self.add("many", fan, fan_out=fan, in_flight=100_000)
            # A round of a second: one of them, and none before it.
            self.add("in_flight", 10**6, in_flight=10**6, tasks=10**6)
        if self.long:
            self.add("tasks", 10**7, tasks=10**7, cold=1, seconds=60)

    def pairs(self):
        for ns in thinned((0, US, 10 * US, 100 * US, MS), self.quick):
            for flight in thinned((1, 10, 100, 1_000, 10_000, 100_000), self.quick):
                # A round of more than 100 ms of a CPU is all work, whoever hands it out; but one of those is where a
                # thread for each is compared.
                if ns * flight <= 100 * MS or (ns, flight) == (MS, 1_000):
                    self.add("map", f"{ns}/{flight}", work="spin" if ns else "empty", ns=ns, in_flight=flight)
        for ns in (MS, 10 * MS) if not self.quick else (10 * MS,):
            for flight in (10, 1_000, 10_000) if self.quick else (10, 100, 1_000, 10_000, 100_000):
                if ns == 10 * MS or flight < MOST_ASLEEP:
                    self.add("sleepers", f"{ns}/{flight}", work="sleep", ns=ns, in_flight=flight)
        for submitters in (1, 2, 4) if not self.quick else (1, 4):
            for fan in thinned((1, 10, 100, 1_000), self.quick):
                self.add("groups", f"{fan}/{submitters}", fan_out=fan, submitters=submitters)

    def overload(self, policies):
        for load in (0.5, 1.5, 2.0) if self.quick else (0.5, 1.0, 1.5, 2.0):
            for policy in policies:
                case = Case({"load": load, "policy": policy, "capacity": 64, "workers": 4, "ns": MS,
                             "limit_ms": 200 if self.quick else 300}, "overload", {"overload": f"{policy}/{load:g}"},
                            turns=1 if self.quick else 2)
                self.found[case.name] = case

    def bursts(self):
        settle = 300 if self.quick else 12_000
        self.add("burst", "spin", turns=1, seconds=120, in_flight=100_000, tasks=100_000, settle_ms=settle)
        self.add("burst", "sleep", turns=1, seconds=120, work="sleep", ns=10 * MS, in_flight=1_000, tasks=1_000,
                 settle_ms=settle)


def all_cases(quick, subjects, long=False):
    """The cases, in the order in which they are run; a turn has each once."""
    policies = dict.fromkeys(policy for subject in subjects for policy in subject.policies
                             if not quick or subject.name != OURS or policy in ("block", "reject", "discard-oldest"))
    cases = Cases(quick, long)
    cases.single_factors()
    cases.pairs()
    cases.overload(list(policies))
    cases.bursts()
    return list(cases.found.values())
