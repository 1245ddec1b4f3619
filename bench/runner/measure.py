# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Alternating runs of ours and the peers, and their medians."""
import statistics
from dataclasses import dataclass, field

from machine import Others
from programs import OURS


@dataclass
class Result:
    """One case: medians, and the least and the largest value as spread."""

    case: object
    ours: float = None
    peers: dict = field(default_factory=dict)
    cpu_ours: float = None
    cpu_peers: dict = field(default_factory=dict)
    spread_ours: list = None
    spread_peers: dict = field(default_factory=dict)
    futex_per_task: float = None
    others: float = None  # CPUs that other processes used meanwhile

    def json(self):
        keys = {"case": self.case.name, "unit": self.case.unit, "ours": self.ours, "peers": self.peers,
                "cpu_ours": self.cpu_ours, "cpu_peers": self.cpu_peers, "spread_ours": self.spread_ours,
                "spread_peers": self.spread_peers, "cpus_of_others": self.others}
        if self.futex_per_task is not None:
            keys["futex_per_task_ours"] = self.futex_per_task
        return keys

    @staticmethod
    def from_json(keys, case):
        return Result(case, keys["ours"], keys["peers"], keys["cpu_ours"], keys["cpu_peers"], keys["spread_ours"],
                      keys["spread_peers"], keys.get("futex_per_task_ours"), keys.get("cpus_of_others"))

    def verdicts(self, results):
        """(goal, True, False or None if it cannot be told) for each goal."""
        found = []
        for goal in self.case.goals:
            limit = goal.limit(self, results)
            value = {"cpu": self.cpu_ours, "futex": self.futex_per_task}.get(goal.kind, self.ours)
            found.append((goal, None if limit is None or value is None else value <= limit))
        return found


def middle(values):
    return statistics.median(values) if values else None


def measure(run, peers, programs, times, complain):
    """The results of one Run, `times` runs of each in turns; complain(text) hears of what did not work."""
    figures = {}  # (who, case) -> [(value, cpu)]
    failed = set()
    others = Others()
    for _ in range(times):
        for who in (OURS, *peers):
            if who in failed:
                continue
            outcome = programs.run(who, run.name)
            if isinstance(outcome, str):
                complain(f"{run.name}: {who} {outcome}")
                failed.add(who)
                continue
            for case, pair in outcome.items():
                figures.setdefault((who, case), []).append(pair)
    results, share = [], others.share()
    for case in run.cases:
        result = Result(case, others=share)
        for who in (OURS, *peers):
            pairs = figures.get((who, case.name), []) if who not in failed else []
            value = middle([pair[0] for pair in pairs])
            cpu = middle([pair[1] for pair in pairs if pair[1] is not None])
            spread = [min(pair[0] for pair in pairs), max(pair[0] for pair in pairs)] if pairs else None
            if who == OURS:
                result.ours, result.cpu_ours, result.spread_ours = value, cpu, spread
            else:
                result.peers[who], result.cpu_peers[who], result.spread_peers[who] = value, cpu, spread
        results.append(result)
    return results
