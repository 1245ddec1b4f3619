# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Runs the cases in turns, each run in a process of its own, and keeps one row for each run."""
import csv
import json
import os
import subprocess
import time

from machine import Others

KEYS = ("work", "ns", "wanted", "in_flight", "fan_out", "submitters", "workers", "cold", "settle_ms", "limit_ms",
        "policy", "load", "capacity")
HEAD = ("case", "kind", "factors", "subject", "turn", "status", "others", "seconds")
SETTLED = tuple(f"{name}_{ms}" for name in ("rss", "threads", "idle_cpu") for ms in (0, 100, 300, 1000, 3000, 12000))
FIELDS = ("tasks", "wall_ns", "cpu_ns", "start_p50", "start_p99", "start_p999", "group_p50", "group_p99", "group_p999",
          "switches", "threads", "rss_base", "rss_peak", "served_per_s", "arrived", "finished", "refused", "late_p50",
          "late_p99", "late_p999") + SETTLED

CANNOT = 3  # the exit status of a subject that has no such case
SLOW, SLOW_TURNS = 4.0, 2  # a run of so many seconds is made so often
STAGGER = 1.0  # seconds between the starts of those that mostly look at what stays


class Process:
    """One run. Its outcome is (status, fields, what to tell or nothing)."""

    def __init__(self, words, limit):
        self.limit, self.start = limit, time.monotonic()
        self.child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                      text=True)

    def outcome(self):
        try:
            left = self.limit - (time.monotonic() - self.start)
            out, err = self.child.communicate(timeout=max(left, 0.01))
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.communicate()
            return "hangs", {}, f"not over after {self.limit:g} s"
        if self.child.returncode == CANNOT:
            return "cannot", {}, ""
        if self.child.returncode != 0:
            last = err.strip().splitlines()[-1:] or [""]
            return "failed", {}, f"status {self.child.returncode}: {last[0][:200]}"
        try:
            fields = json.loads(out.strip().splitlines()[-1])
            return "ok", {name: float(value) for name, value in fields.items()}, ""
        except (ValueError, IndexError, TypeError, AttributeError):
            return "failed", {}, f"printed no line of JSON: {out.strip()[:200]}"


class Collector:
    """Rows of all runs. `budget` seconds: after that no new turn of a case begins, but each has one."""

    def __init__(self, folder, java, limit_ms, budget):
        self.folder, self.java, self.limit_ms, self.budget = folder, java, limit_ms, budget
        self.rows, self.complaints = [], []
        self.settled = {}  # (case, subject) -> status, of those that are not asked again
        self.known = {}  # (case, subject) -> seconds of its last run
        self.begin = time.monotonic()

    def command(self, case, subject):
        return subject.command(self.folder, self.java) + case.arguments(subject, self.limit_ms)

    def keep(self, case, subject, turn, process, others):
        status, fields, text = process.outcome()
        seconds = time.monotonic() - process.start
        if text:
            self.complaints.append(f"{case.name}: {subject.name} {status}: {text}")
            print("    " + self.complaints[-1], flush=True)
        if status != "ok":
            self.settled[case.name, subject.name] = status
        self.known[case.name, subject.name] = seconds
        # The program is asked for `tasks`, and says as `tasks` how many it has run: so the former is `wanted` here.
        keys = {"wanted" if key == "tasks" else key: str(value) for key, value in case.keys.items()}
        if case.kind == "study":
            keys["workers"] = str(case.workers_for(subject)) if subject.pool else ""
        keys.setdefault("limit_ms", str(self.limit_ms))
        row = {"case": case.name, "kind": case.kind, "subject": subject.name, "turn": str(turn), "status": status,
               "factors": " ".join(f"{factor}={level.replace(' ', '_')}" for factor, level in case.factors.items()),
               "seconds": f"{seconds:.3f}", **keys, **{name: f"{value:.12g}" for name, value in fields.items()}}
        self.rows.append(row)
        row["others"] = str(others.share())
        return row

    def run_case(self, case, subjects, turn):
        """One run of each subject."""
        if case.settles:
            # They do nothing nearly all of the time: so one after the other begins while those before it settle.
            others, running = Others(), []
            for subject in subjects:
                running.append((subject, Process(self.command(case, subject), case.seconds)))
                time.sleep(STAGGER)
            rows = [self.keep(case, subject, turn, process, others) for subject, process in running]
            for row in rows:
                row["others"] = rows[-1]["others"]  # who was running yet would have counted as others
            return
        for subject in subjects:
            others = Others()
            self.keep(case, subject, turn, Process(self.command(case, subject), case.seconds), others)

    def asked(self, case, subjects, turn):
        """Who is run, another one first in each turn, so that nobody always comes after the same one."""
        chosen = [subject for subject in subjects
                  if case.takes(subject) and (case.name, subject.name) not in self.settled and
                  (turn <= SLOW_TURNS or case.settles or self.known.get((case.name, subject.name), 0) < SLOW)]
        first = (turn - 1) % len(chosen) if chosen else 0
        return chosen[first:] + chosen[:first]

    def left(self, cases, subjects, turn, turns, index):
        """Seconds that are still to come, as far as runs so far tell."""
        usual = sum(self.known.values()) / max(len(self.known), 1)
        total = 0.0
        for number in range(turn, turns + 1):
            for case in cases[index:] if number == turn else cases:
                if number > case.turns:
                    continue
                asked = self.asked(case, subjects, number)
                if case.settles:
                    total += STAGGER * len(asked) + case.keys["settle_ms"] / 1_000
                else:
                    total += sum(self.known.get((case.name, subject.name), usual) for subject in asked)
        return total

    def measure(self, cases, subjects, turns, save):
        """All turns; `save` is called after each."""
        for turn in range(1, turns + 1):
            for index, case in enumerate(cases):
                if turn > case.turns:
                    continue
                spent = time.monotonic() - self.begin
                if turn > 1 and spent > self.budget:
                    self.complaints.append(f"turn {turn} from {case.name} on, and later ones: the time was over")
                    save()
                    return
                asked = self.asked(case, subjects, turn)
                self.run_case(case, asked, turn)
                left = self.left(cases, subjects, turn, turns, index + 1)
                took = time.monotonic() - self.begin - spent
                print(f"turn {turn}/{turns}, case {index + 1}/{len(cases)}: {case.name}, {len(asked)} subjects, "
                      f"{took:.1f} s; about {min(left, max(self.budget - spent, 0)) / 60:.1f} min left", flush=True)
            save()


def write_csv(path, rows):
    """One line for each run."""
    names = HEAD + tuple(name for name in KEYS + FIELDS if any(name in row for row in rows))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, restval="", extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
