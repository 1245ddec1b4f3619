# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Runs the cases in turns, each run in a process of its own, and keeps one row for each run."""
import csv
import json
import math
import os
import random
import re
import statistics
import subprocess
import time

from machine import Others
from words import number

KEYS = ("work", "ns", "wanted", "in_flight", "fan_out", "submitters", "workers", "cold", "settle_ms", "limit_ms",
        "policy", "load", "capacity")
HEAD = ("case", "kind", "factors", "subject", "turn", "status", "others", "seconds")
SETTLED = tuple(f"{name}_{ms}" for name in ("rss", "threads", "idle_cpu") for ms in (0, 100, 300, 1000, 3000, 12000))
FIELDS = ("tasks", "wall_ns", "cpu_ns", "start_p50", "start_p99", "start_p999", "group_p50", "group_p99", "group_p999",
          "switches", "threads", "rss_base", "rss_peak", "served_per_s", "arrived", "finished", "refused", "late_p50",
          "late_p99", "late_p999") + SETTLED

UNFINISHED = "unfinished"  # the status of a run that was ended
CANNOT = 3  # the exit status of a subject that has no such case
SLOW, SLOW_TURNS = 4.0, 2  # a run of so many seconds is made so often
TOLD = 0.2  # seconds from which on a run tells what others used: the system counts in steps of 10 ms
QUIET, TICKS = 1.2, 2  # a burst is over when its process has used no more than so many ticks for so many seconds
LOUD = 5.0  # seconds after which the next burst begins all the same
# What would change how a subject behaves.
FOREIGN = re.compile(r"(GO(GC|MAXPROCS|DEBUG|MEMLIMIT|TRACEBACK)|(JAVA_TOOL|_JAVA|JDK_JAVA)_OPTIONS|GLIBC_TUNABLES|"
                     r"LD_PRELOAD|G_SLICE|(OMP|GOMP|MALLOC|RAYON|TBB)_.*)$")


def environment():
    """That of the programs: ours without what tunes them, and the same place for files for all."""
    kept = {name: value for name, value in os.environ.items() if not FOREIGN.match(name)}
    return {**kept, "TMPDIR": "/tmp"}


def ticks(pid):
    """Clock ticks of CPU time that a process has used; None once it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            words = file.read().rpartition(")")[2].split()
        return int(words[11]) + int(words[12])
    except (OSError, IndexError, ValueError):
        return None


class Process:
    """One run. Its outcome is (status, fields, what to tell or nothing)."""

    def __init__(self, words, limit):
        self.limit, self.start = limit, time.monotonic()
        self.child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                      text=True, env=environment())

    def until_quiet(self):
        """Until its burst is over: for a while it has hardly computed, or it has ended."""
        seen = []  # (time, ticks)
        while self.child.poll() is None and time.monotonic() - self.start < LOUD:
            now, used = time.monotonic(), ticks(self.child.pid)
            if used is None:
                return
            seen.append((now, used))
            before = [old for when, old in seen if when <= now - QUIET]
            if before and used - before[-1] <= TICKS:
                return
            time.sleep(0.05)

    def outcome(self):
        try:
            left = self.limit - (time.monotonic() - self.start)
            out, err = self.child.communicate(timeout=max(left, 0.01))
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.communicate()
            return UNFINISHED, {}, f"not over after {self.limit:g} s"
        if self.child.returncode == CANNOT:
            return "cannot", {}, (err.strip().splitlines()[-1:] or ["cannot do it"])[0][:200]
        if self.child.returncode != 0:
            last = err.strip().splitlines()[-1:] or [""]
            return "failed", {}, f"status {self.child.returncode}: {' '.join(last[0].split())[:200]}"
        try:
            fields = json.loads(out.strip().splitlines()[-1])
            return "ok", {name: float(value) for name, value in fields.items()}, ""
        except (ValueError, IndexError, TypeError, AttributeError):
            return "failed", {}, f"printed no line of JSON: {out.strip()[:200]}"


class Collector:
    """Rows of all runs. `budget` seconds: after that no new turn of a case begins, but each has one."""

    def __init__(self, folder, java, limit_ms, budget):
        self.folder, self.java, self.limit_ms, self.budget = folder, java, limit_ms, budget
        self.rows, self.failures, self.left_out = [], {}, ""  # failures: (subject, what) -> cases
        self.settled = {}  # (case, subject) -> status, of those that are not asked again
        self.refusals = {}  # subject -> why it cannot do a case
        self.known = {}  # (case, subject) -> seconds of its last run
        self.begin = time.monotonic()

    def command(self, case, subject):
        return subject.command(self.folder, self.java) + case.arguments(subject, self.limit_ms)

    def complaints(self):
        """What was not measured, in sentences."""
        found = [f"{name}: {text}: {', '.join(cases[:3])}" + (f" and {len(cases) - 3} more" if len(cases) > 3 else "")
                 for (name, text), cases in self.failures.items()]
        return found + [self.left_out] if self.left_out else found

    def keep(self, case, subject, turn, process, others):
        status, fields, text = process.outcome()
        seconds = time.monotonic() - process.start
        if status == "cannot":
            self.refusals.setdefault(subject.name, text)
        elif text:
            self.failures.setdefault((subject.name, text), []).append(case.name)
            print(f"    {case.name}: {subject.name}: {text}", flush=True)
        if status != "ok":
            self.settled[case.name, subject.name] = status
        self.known[case.name, subject.name] = seconds
        # The program is asked for `tasks`, and says as `tasks` how many it has run: so the former is `wanted` here.
        keys = {"wanted" if key == "tasks" else key: str(value) for key, value in case.keys.items()}
        if case.kind == "study":
            keys["workers"] = str(case.workers_for(subject)) if subject.pool else ""
        keys["limit_ms"] = str(case.limit_for(self.limit_ms))
        row = {"case": case.name, "kind": case.kind, "subject": subject.name, "turn": str(turn), "status": status,
               "factors": " ".join(f"{factor}={level.replace(' ', '_')}" for factor, level in case.factors.items()),
               "seconds": f"{seconds:.3f}", **keys, **{name: f"{value:.12g}" for name, value in fields.items()}}
        self.rows.append(row)
        row["others"] = str(others.share()) if seconds >= TOLD else ""
        return row

    def run_case(self, case, subjects, turn):
        """One run of each subject."""
        if case.settles:
            # They do nothing nearly all of the time: so the next one begins when the burst before it is over and has
            # been for a second, while those before it settle.
            others, running = Others(), []
            for subject in subjects:
                running.append((subject, Process(self.command(case, subject), case.seconds)))
                running[-1][1].until_quiet()
            rows = [self.keep(case, subject, turn, process, others) for subject, process in running]
            for row in rows:
                row["others"] = rows[-1]["others"]  # who was running yet would have counted as others
            return
        for subject in subjects:
            others = Others()
            self.keep(case, subject, turn, Process(self.command(case, subject), case.seconds), others)

    def asked(self, case, subjects, turn):
        """Who is run."""
        return [subject for subject in subjects
                if case.takes(subject) and (case.name, subject.name) not in self.settled and
                (turn <= SLOW_TURNS or case.settles or self.known.get((case.name, subject.name), 0) < SLOW)]

    def left(self, cases, subjects, turn, turns, index=0):
        """Seconds that are still to come, as far as runs so far tell."""
        guess = Guess(self.known, self.limit_ms)
        return sum(guess.case(case, self.asked(case, subjects, number)) for number in range(turn, turns + 1)
                   for case in (cases[index:] if number == turn else cases) if number <= case.turns)

    def measure(self, cases, subjects, turns, save):
        """All turns; `save` is called after each."""
        for turn in range(1, turns + 1):
            order = random.Random(turn)
            for index, case in enumerate(cases):
                if turn > case.turns:
                    continue
                spent = time.monotonic() - self.begin
                if turn > 1 and spent > self.budget:
                    self.left_out = f"turn {turn} from {case.name} on, and later ones: the time was over"
                    save()
                    return
                asked = self.asked(case, subjects, turn)
                order.shuffle(asked)
                self.run_case(case, asked, turn)
                left = self.left(cases, subjects, turn, turns, index + 1)
                took = time.monotonic() - self.begin - spent
                print(f"turn {turn}/{turns}, case {index + 1}/{len(cases)}: {case.name}, {len(asked)} subjects, "
                      f"{took:.1f} s; about {min(left, max(self.budget - spent, 0)) / 60:.1f} min left", flush=True)
            save()


class Guess:
    """How long cases take, from how long runs took: {(case, subject): seconds}."""

    BURST = 0.6 + QUIET  # the start of a process, its burst, and that it is over

    def __init__(self, known, limit_ms):
        self.known, self.limit_ms = known, limit_ms
        self.of_case, self.of_subject = {}, {}
        for (case, subject), seconds in known.items():
            self.of_case.setdefault(case, []).append(seconds)
            self.of_subject.setdefault(subject, []).append(seconds)

    def run(self, case, subject):
        """One run: as it was; else as others in its case, or as it is in the middle; else its limit and a start."""
        seconds = self.known.get((case.name, subject.name))
        if seconds is None:
            found = self.of_case.get(case.name) or self.of_subject.get(subject.name)
            seconds = statistics.median(found) if found else \
                0.05 + (0 if case.keys.get("tasks") else case.limit_for(self.limit_ms) / 900)
            seconds = max(seconds, case.keys.get("tasks", 0) * (case.keys["ns"] + 500) / 1e9)  # about one CPU's work
        return min(seconds, case.seconds)

    def case(self, case, subjects):
        if case.settles:
            return self.BURST * len(subjects) + case.keys["settle_ms"] / 1_000 if subjects else 0
        if case.keys.get("settle_ms"):
            return (0.6 + case.keys["settle_ms"] / 1_000) * len(subjects)
        return sum(self.run(case, subject) for subject in subjects)


def expected(rows, cases, subjects, turns, limit_ms):
    """Seconds that all turns would take: [(case, turns, seconds)], from the rows of an earlier study."""
    known, by_name = {}, {case.name: case for case in cases}
    for row in rows:
        case = by_name.get(row["case"])
        if case is None or row["status"] == "cannot" or case.keys.get("settle_ms"):
            continue
        seconds = float(row["seconds"])
        had = number(row.get("limit_ms"))
        if had and not case.settles and not case.keys.get("tasks") and seconds < 1:
            # It ran for that long, or for half as much more where tasks come on a schedule, or for a tenth.
            seconds += (1.5 if case.kind == "overload" else 1.1) * (case.limit_for(limit_ms) - had) / 1_000
        known.setdefault((case.name, row["subject"]), []).append(max(seconds, 0.01))
    collector = Collector("", "", limit_ms, math.inf)
    collector.known = {key: statistics.median(found) for key, found in known.items()}
    unfinished = {(row["case"], row["subject"]) for row in rows if row["status"] in ("hangs", UNFINISHED)}
    guess = Guess(collector.known, limit_ms)
    for case in cases:
        total, made = 0.0, 0
        for turn in range(1, min(turns, case.turns) + 1):
            asked = [subject for subject in collector.asked(case, subjects, turn)
                     if turn == 1 or (case.name, subject.name) not in unfinished and
                     guess.run(case, subject) < case.seconds]
            total += guess.case(case, asked)
            made += bool(asked)
        yield case, made, total


def write_csv(path, rows):
    """One line for each run."""
    names = HEAD + tuple(name for name in KEYS + FIELDS if any(name in row for row in rows))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, restval="", extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
