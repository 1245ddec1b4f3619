# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Who is ahead where: one case at a time, and as regions of a pair of factors in words."""
from dataclasses import dataclass

from data import crossing
from subjects import OURS
from words import count_text, length_text, listed, time_text, times_text

TIE = 1.1  # what differs by less is called even
RUNS = 3  # fewer tell nothing
# Factors whose cases are compared in time and in memory; the others are about something else.
COMPARED = ("base", "tasks", "in_flight", "work", "fan_out", "many", "workers", "submitters", "map", "sleepers",
            "groups")


@dataclass(frozen=True)
class Verdict:
    """The best way of libpool beside the best of somebody else, in one case. `ratio`: ours / theirs."""

    case: str
    ours: float
    our_way: str
    theirs: float
    their_name: str
    ratio: float
    runs: int  # of the one that has fewer
    apart: bool  # more than a tenth apart, of three runs or more, and each of one is better than each of the other

    @property
    def lead(self):
        """-1: ours is ahead, 0: even, 1: theirs."""
        return 0 if not self.apart else -1 if self.ratio < 1 else 1

    @property
    def factor(self):
        return max(self.ratio, 1 / self.ratio)


def judge(data, case, metric, family=None, families=None):
    """The Verdict of a case, beside the best of all others, of some families or of one; None if somebody is missing."""
    ours = data.best(case, metric, OURS)
    theirs = data.best_other(case, metric, families) if family is None else data.best(case, metric, family)
    if ours is None or theirs is None or not ours[0] or not theirs[0]:
        return None
    ratio = ours[0] / theirs[0]
    own, other = data.figure(case, ours[1], metric), data.figure(case, theirs[1], metric)
    clear = own.high < other.low if ratio < 1 else other.high < own.low
    return Verdict(case, ours[0], ours[1], theirs[0], theirs[1], ratio, min(own.runs, other.runs),
                   max(ratio, 1 / ratio) > TIE and clear and min(own.runs, other.runs) >= RUNS)


def partial_text(data, cases):
    """A sentence that names who has no figure in some of these cases, or nothing."""
    counts = {family: sum(bool(data.best(case, "time", family)) for case in cases) for family in data.families}
    parts = [f"{family} ({count} of {len(cases)})" for family, count in counts.items() if count < len(cases)]
    return f" Not everywhere: {listed(parts)}." if parts else ""


def compared(data, factors=COMPARED):
    """The cases of these factors, each once."""
    return list(dict.fromkeys(case for factor in factors for case in data.levels.get(factor, {}).values()))


def verdicts(data, metric, family=None, factors=COMPARED):
    found = [judge(data, case, metric, family) for case in compared(data, factors)]
    return [verdict for verdict in found if verdict is not None]


def case_words(data, case):
    """What sets a case apart from the base case."""
    keys = data.keys[case]
    base = data.keys.get(data.levels.get("base", {}).get("base"), {})
    ns = float(keys["ns"])
    work = {"empty": "empty tasks", "spin": f"{time_text(ns)} of CPU", "sleep": f"{time_text(ns)} of sleep",
            "pareto": f"Pareto, {time_text(ns)} in the mean"}.get(keys["work"], keys["work"])
    parts = [work]
    if float(keys.get("wanted") or 0) > 0:
        parts.append(f"{count_text(float(keys['wanted']))} tasks" + (", cold" if keys["cold"] == "1" else ""))
    for key, text in (("in_flight", "{} in flight"), ("fan_out", "{} in a group"), ("submitters", "{} submitters"),
                      ("workers", "{} workers")):
        value = keys.get(key)
        # Groups are smaller where fewer are in flight, and sleepers have more workers: that goes without saying.
        said = key == "fan_out" and value == keys["in_flight"] or key == "workers" and keys["work"] == "sleep"
        if value and value != base.get(key) and not said:
            words = text.format(count_text(float(value)))
            parts.append(words[:-1] if words.endswith("s") and float(value) == 1 else words)
    return ", ".join(parts)


def flights_text(chosen, every):
    """Some of the levels of "in flight", in words."""
    chosen, every = sorted(chosen), sorted(every)
    if chosen == every and len(every) > 1:
        return "any number in flight"
    first, last = every.index(chosen[0]), every.index(chosen[-1])
    if last - first + 1 > len(chosen):
        return listed(map(count_text, chosen)) + " in flight"
    if len(chosen) == 1:
        return f"{count_text(chosen[0])} in flight"
    if first == 0:
        return f"up to {count_text(chosen[-1])} in flight"
    if last == len(every) - 1:
        return f"{count_text(chosen[0])} or more in flight"
    return f"{count_text(chosen[0])} to {count_text(chosen[-1])} in flight"


def regions(grid, chosen, what):
    """Cells (length, in flight) of a grid as phrases, the largest first: [(cells, phrase)]."""
    rows = {}
    for length in sorted({cell[0] for cell in grid}):
        flights = tuple(sorted(flight for other, flight in chosen if other == length))
        if flights:
            rows[length] = flights_text(flights, [flight for other, flight in grid if other == length])
    every = sorted({cell[0] for cell in grid})
    found = []
    while rows:
        first = min(rows)
        text, run = rows[first], [first]
        # Neighbouring lengths with the same numbers in flight are one region.
        for length in every[every.index(first) + 1:]:
            if rows.get(length) != text:
                break
            run.append(length)
        for length in run:
            del rows[length]
        cells = sum(cell[0] in run for cell in chosen)
        found.append((cells, f"{lengths_text(run, what)} with {text}"))
    return sorted(found, key=lambda pair: -pair[0])


def lengths_text(lengths, what):
    if len(lengths) == 1:
        return f"empty {what}" if lengths[0] == 0 else f"{what} of {length_text(lengths[0])}"
    if lengths[0] == 0:
        return f"{what} of up to {length_text(lengths[-1])}"
    return f"{what} of {length_text(lengths[0])} to {length_text(lengths[-1])}"


def ahead(data, metric, family, factor="map", what="tasks"):
    """Where a family is ahead of libpool, or libpool of everybody: (phrases, verdicts)."""
    grid = data.grid(factor)
    cells, found = [], []
    for cell, case in grid.items():
        verdict = judge(data, case, metric, None if family == OURS else family)
        if verdict is not None and verdict.lead == (-1 if family == OURS else 1):
            cells.append(cell)
            found.append(verdict)
    return [phrase for _, phrase in regions(grid, cells, what)], found


def length_crossing(data, family, flight, threshold=TIE, metric="time"):
    """From which length of a task on a family takes at most `threshold` times what libpool takes: see crossing()."""
    points = []
    for (length, other), case in data.grid("map").items():
        verdict = judge(data, case, metric, family) if other == flight else None
        if verdict is not None and verdict.runs >= RUNS:  # of fewer nothing is said
            # What cannot be told apart is no more than the threshold, even if a run or two say otherwise.
            points.append((length, 1 / verdict.ratio if verdict.apart else min(1 / verdict.ratio, threshold)))
    return crossing(points, threshold) if len(points) > 1 else None


def crossing_text(found, show=time_text):
    """What crossing() found; its numbers are only as good as the levels between which they lie."""
    if found is None:
        return ""
    value, how = found
    if how == "below":
        return "always"
    return {"at": "{}", "at most": "at most {}", "above": "not by {}"}[how].format(show(value))


def by_lead(found, lead):
    return [verdict for verdict in found if verdict.lead == lead]


def widest(found):
    """The verdict with the largest factor."""
    return max(found, key=lambda verdict: verdict.factor) if found else None


def factor_text(verdict):
    return times_text(verdict.factor)
