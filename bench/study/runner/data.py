# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""What was measured, as medians with the least and the largest value."""
import csv
import math
import statistics
from dataclasses import dataclass

from subjects import BY_NAME, FAMILIES, OURS, family_of
from words import number


@dataclass(frozen=True)
class Figure:
    """The median of the runs, and their spread."""

    mid: float
    low: float
    high: float
    runs: int


def quotient(above, below):
    return lambda row: None if row.get(above) is None or not row.get(below) else row[above] / row[below]


def plain(name):
    return lambda row: row.get(name)


METRICS = {
    "time": quotient("wall_ns", "tasks"),  # ns of wall time a task
    "cpu": quotient("cpu_ns", "tasks"),
    "memory": plain("rss_peak"),
    "switches": quotient("switches", "tasks"),
}


UNFINISHED = ("unfinished", "hangs")  # the statuses of runs that were ended; "hangs" in data of old


def middle(values):
    return statistics.median(values) if values else None


def ordinary(subject):
    """Whether a pool of this subject has just as many workers as the case says."""
    found = BY_NAME.get(subject)
    return bool(found) and found.pool and not found.joins and not found.places


class Data:
    """All rows, found by case and subject, and cases by factor and level."""

    def __init__(self, rows):
        self.rows = rows
        self.runs = {}  # (case, subject) -> rows that went well
        self.keys = {}  # case -> its row of keys
        self.levels = {}  # factor -> {level: case}
        self.cannot = set()  # (case, subject)
        self.unfinished = {}  # (case, subject) -> seconds after which it was ended
        self.memo = {}
        for row in rows:
            case, subject = row["case"], row["subject"]
            if case not in self.keys or ordinary(subject) and not ordinary(self.keys[case]["subject"]):
                self.keys[case] = row
            for word in row["factors"].split():
                factor, level = word.split("=", 1)
                self.levels.setdefault(factor, {}).setdefault(level.replace("_", " "), case)
            if row["status"] == "ok":
                values = {name: number(text) for name, text in row.items()}
                self.runs.setdefault((case, subject), []).append(values)
            elif row["status"] == "cannot":
                self.cannot.add((case, subject))
            elif row["status"] in UNFINISHED:
                self.unfinished[case, subject] = number(row["seconds"])
        self.subjects = [name for name in BY_NAME if any(key[1] == name for key in self.runs)]
        self.families = [name for name in FAMILIES if name in {family_of(subject) for subject in self.subjects}]

    @staticmethod
    def load(path):
        with open(path, encoding="utf-8", newline="") as file:
            return Data(list(csv.DictReader(file)))

    def figure(self, case, subject, metric):
        """The Figure of a metric, a name in METRICS or of a field; None if there is none."""
        key = case, subject, metric
        if key not in self.memo:
            of = METRICS.get(metric) or plain(metric)
            values = [value for value in map(of, self.runs.get((case, subject), ())) if value is not None]
            self.memo[key] = Figure(middle(values), min(values), max(values), len(values)) if values else None
        return self.memo[key]

    def mid(self, case, subject, metric):
        figure = self.figure(case, subject, metric)
        return None if figure is None else figure.mid

    def at(self, factor, level, subject, metric):
        """As mid(), of a factor's level; None where it is not there."""
        case = self.levels.get(factor, {}).get(str(level))
        return None if case is None else self.mid(case, subject, metric)

    def numbers(self, factor):
        """The levels of a factor that are numbers, in order: [(number, case)]."""
        return sorted((float(level), case) for level, case in self.levels.get(factor, {}).items())

    def grid(self, factor):
        """The levels of a pair of factors: {(first, second): case}."""
        found = {}
        for level, case in self.levels.get(factor, {}).items():
            first, second = level.split("/")
            found[float(first), float(second)] = case
        return found

    def series(self, factor, subject, metric):
        """[(level, Figure)] of one subject."""
        pairs = [(level, self.figure(case, subject, metric)) for level, case in self.numbers(factor)]
        return [(level, figure) for level, figure in pairs if figure is not None]

    def ranking(self, case, metric, families=None):
        """[(value, subject)], the least first."""
        found = [(self.mid(case, subject, metric), subject) for subject in self.subjects
                 if families is None or family_of(subject) in families]
        return sorted(pair for pair in found if pair[0] is not None)

    def best(self, case, metric, family):
        """(value, subject) of the best way of one family, or None."""
        ranking = self.ranking(case, metric, (family,))
        return ranking[0] if ranking else None

    def best_other(self, case, metric, families=None):
        """The best that is not ours, of all families or of these."""
        ranking = self.ranking(case, metric, [family for family in families or self.families if family != OURS])
        return ranking[0] if ranking else None

    def dropped(self):
        """{family: cases}: where a family has no figure, since a run of it was not over in time."""
        found = {}
        for case, subject in self.unfinished:
            family = family_of(subject)
            if not self.best(case, "time", family):
                found.setdefault(family, set()).add(case)
        return found

    def ratio(self, case, metric, family, beside=OURS):
        """What the best way of a family takes, in what the best way of another takes; None if it cannot be told."""
        own, other = self.best(case, metric, family), self.best(case, metric, beside)
        return None if own is None or other is None or not other[0] else own[0] / other[0]

    def cpus(self):
        """The CPUs of the machine, which the base case has as its workers."""
        case = self.levels.get("base", {}).get("base")
        counts = [row["workers"] for (other, name), rows in self.runs.items() if other == case and ordinary(name)
                  for row in rows]
        return max((count for count in counts if count), default=None)

    def others(self):
        """The CPUs that anybody else used, in the middle and at most."""
        shares = [value for value in (number(row["others"]) for row in self.rows) if value is not None]
        return (middle(shares), max(shares)) if shares else (0.0, 0.0)


def crossing(points, threshold):
    """Where a value that depends on x passes a threshold downwards for good: (x, "at"), (first x, "below") if it is
    under it everywhere, (last x, "above") if it never comes to stay under. Between levels both are taken as powers."""
    points = sorted(points)
    if not points:
        return None
    under = [value <= threshold for _, value in points]
    if all(under):
        return points[0][0], "below"
    if not under[-1]:
        return points[-1][0], "above"
    last = max(index for index, is_under in enumerate(under) if not is_under)
    (x0, y0), (x1, y1) = points[last], points[last + 1]
    if x0 <= 0 or y0 <= 0 or y1 <= 0 or y0 == y1:
        return x1, "at most"
    share = math.log(threshold / y0) / math.log(y1 / y0)
    return x0 * (x1 / x0) ** share, "at"
