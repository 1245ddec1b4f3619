#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Measures when a pool pays, and writes data, plots and pages about it.

cmake/study.sh builds everything and calls this; bench/study/method.md says what is measured and how.
"""
import argparse
import os
import sys
import time

sys.dont_write_bytecode = True  # nothing is written outside build/ and the folder of the study
TURNS = 3  # the least that tells who is ahead
FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.append(os.path.join(os.path.dirname(FOLDER), "runner"))  # machine.py and measure.py of the bench

from cases import all_cases
from collect import Collector, expected, write_csv
from data import Data
from machine import Others
from page import write_page
from subjects import SUBJECTS
from versions import machine_text
from viewer import write_viewer


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", default="build/bench", help="folder of the programs")
    parser.add_argument("--java", default="", help="the java of a JDK; without it Java is left out")
    parser.add_argument("--quick", action="store_true", help="fewer subjects, cases and runs, into build/study/")
    parser.add_argument("--long", action="store_true", help="10^7 tasks, too")
    parser.add_argument("--from", dest="source", metavar="CSV", help="measure nothing, write page and plots again")
    parser.add_argument("--output", metavar="FOLDER", help="instead of bench/study/ for the whole, else build/study/")
    parser.add_argument("--turns", type=int, metavar="N", help=f"runs of each (default {TURNS})")
    parser.add_argument("--limit-ms", type=int, metavar="MS", help="rounds for so long (default 100, --quick 50)")
    parser.add_argument("--minutes", type=float, help="start no new turn after (default 17, --quick 3, --long 30)")
    parser.add_argument("--subject", action="append", default=[], metavar="NAME", help="these alone (repeatable)")
    parser.add_argument("--factor", action="append", default=[], metavar="NAME", help="these alone (repeatable)")
    parser.add_argument("--list", action="store_true", help="name subjects, factors and cases and stop")
    parser.add_argument("--dry-run", action="store_true",
                        help="say how long it would take, from the data of --from or of the last study, and stop")
    options = parser.parse_args()
    options.turns = options.turns or TURNS
    options.limit_ms = options.limit_ms or (50 if options.quick else 100)
    options.minutes = options.minutes or (3 if options.quick else 30 if options.long else 17)
    return options


def output_folder(options, subjects):
    """Where it goes: a part of the study never takes the place of the whole."""
    if options.output:
        return options.output
    if options.source:
        return os.path.dirname(os.path.abspath(options.source))
    part = options.quick or options.subject or options.factor or options.turns < TURNS or options.limit_ms < 100
    missing = [subject.name for subject in SUBJECTS if subject not in subjects]
    if missing and not part:
        print("Not the whole study, so it goes into build/study/: without " + ", ".join(missing))
    whole = not part and not missing
    return FOLDER if whole else os.path.join(os.path.dirname(os.path.dirname(FOLDER)), "build", "study")


def chosen_subjects(options):
    unknown = set(options.subject) - {subject.name for subject in SUBJECTS}
    if unknown:
        sys.exit("no such subject: " + ", ".join(sorted(unknown)))
    if options.subject:
        return [subject for subject in SUBJECTS if subject.name in options.subject]
    return [subject for subject in SUBJECTS if subject.quick or not options.quick]


def chosen_cases(options, subjects):
    cases = all_cases(options.quick, subjects, options.long)
    unknown = set(options.factor) - {factor for case in cases for factor in case.factors}
    if unknown:
        sys.exit("no such factor: " + ", ".join(sorted(unknown)))
    if options.factor:
        cases = [case for case in cases if set(options.factor) & set(case.factors)]
    return cases


def there(options, subjects):
    """Those whose programs are there; tells of the others."""
    found = []
    for subject in subjects:
        if subject.command(options.programs, options.java) is not None:
            found.append(subject)
        else:
            print(f"SKIPPED: {subject.name} ({subject.needs})")
    return found


def missing_texts(subjects, collector, data):
    """Whom the page has nothing of, and why."""
    for subject in SUBJECTS:
        if subject not in subjects:
            yield f"{subject.name}: not there, or not asked for ({subject.needs})"
        elif subject.name not in data.subjects:
            asked = any(row["subject"] == subject.name for row in collector.rows)
            why = "no run of it went well" if asked else "not asked for in these cases"
            yield f"{subject.name}: {collector.refusals.get(subject.name, why)}"


def measure(options, subjects, data_path):
    cases = chosen_cases(options, subjects)
    if not subjects:
        sys.exit("no program is there: cmake/study.sh builds them")
    before = Others()
    time.sleep(1)
    if before.share() > 0.1:
        print(f"WARNING: others use {before.share():.2f} CPUs of this machine; what follows is worth little")
    collector = Collector(options.programs, options.java, options.limit_ms, options.minutes * 60)
    collector.measure(cases, subjects, options.turns, lambda: write_csv(data_path, collector.rows))
    data = Data.load(data_path)
    spent = time.monotonic() - collector.begin
    with open(os.path.join(options.output, "machine.txt"), "w", encoding="utf-8") as file:
        file.write(machine_text(options.java, options.turns, options.limit_ms, spent, data.others(),
                                collector.complaints(), missing_texts(subjects, collector, data)))
    print(f"{len(collector.rows)} runs in {spent / 60:.1f} minutes")
    for text in collector.complaints():
        print("NOT MEASURED: " + text)
    return data


def print_estimate(options, subjects):
    """How long each case takes, and all of them."""
    source = options.source or os.path.join(FOLDER, "data.csv")
    rows = Data.load(source).rows if os.path.exists(source) else []
    if not rows:
        print(f"There is no {source}: this is a guess from limits alone")
    total = 0.0
    for case, made, seconds in expected(rows, chosen_cases(options, subjects), subjects, options.turns,
                                        options.limit_ms):
        print(f"{seconds:7.1f} s in {made} turns: {case.name}")
        total += seconds
    print(f"{total / 60:.1f} minutes of measuring, of {len(subjects)} subjects")


def main():
    options = arguments()
    if options.list:
        subjects = chosen_subjects(options)
        print("\n".join(subject.name for subject in subjects))
        for case in chosen_cases(options, subjects):
            print(case.name, " ".join(f"{factor}={level}" for factor, level in case.factors.items()))
        return 0
    if options.dry_run:
        print_estimate(options, chosen_subjects(options))
        return 0
    subjects = [] if options.source else there(options, chosen_subjects(options))
    options.output = output_folder(options, subjects)
    os.makedirs(options.output, exist_ok=True)
    data_path = options.source or os.path.join(options.output, "data.csv")
    data = Data.load(options.source) if options.source else measure(options, subjects, data_path)
    try:
        from draw import draw_all  # matplotlib is not everywhere
    except ImportError:
        print("SKIPPED: the plots (matplotlib, Debian: python3-matplotlib)")
        plots = {}
    else:
        plots = draw_all(data, os.path.join(options.output, "plots"))
    machine = os.path.join(os.path.dirname(data_path), "machine.txt")
    write_page(data, plots, options.output, machine)
    write_viewer(data, plots, options.output, machine)
    print("wrote " + os.path.relpath(os.path.join(options.output, "README.md")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
