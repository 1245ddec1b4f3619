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
FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.append(os.path.join(os.path.dirname(FOLDER), "runner"))  # machine.py and measure.py of the bench

from cases import all_cases
from collect import Collector, write_csv
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
    parser.add_argument("--from", dest="source", metavar="CSV", help="measure nothing, write page and plots again")
    parser.add_argument("--output", metavar="FOLDER", help="instead of bench/study/, or build/study/ with --quick")
    parser.add_argument("--turns", type=int, metavar="N", help="runs of each (default 5, with --quick 2)")
    parser.add_argument("--limit-ms", type=int, metavar="MS", help="rounds for so long (default 100, --quick 50)")
    parser.add_argument("--minutes", type=float, help="start no new turn after (default 28, --quick 2.5)")
    parser.add_argument("--subject", action="append", default=[], metavar="NAME", help="these alone (repeatable)")
    parser.add_argument("--factor", action="append", default=[], metavar="NAME", help="these alone (repeatable)")
    parser.add_argument("--list", action="store_true", help="name subjects, factors and cases and stop")
    options = parser.parse_args()
    options.turns = options.turns or (2 if options.quick else 5)
    options.limit_ms = options.limit_ms or (50 if options.quick else 100)
    options.minutes = options.minutes or (2.5 if options.quick else 28)
    partial = options.quick or options.subject or options.factor
    if not options.output:
        # A part of the study never takes the place of the whole.
        options.output = (os.path.dirname(options.source) or "." if options.source else
                          os.path.join(os.path.dirname(os.path.dirname(FOLDER)), "build", "study") if partial else
                          FOLDER)
    return options


def chosen_subjects(options):
    unknown = set(options.subject) - {subject.name for subject in SUBJECTS}
    if unknown:
        sys.exit("no such subject: " + ", ".join(sorted(unknown)))
    if options.subject:
        return [subject for subject in SUBJECTS if subject.name in options.subject]
    return [subject for subject in SUBJECTS if subject.quick or not options.quick]


def chosen_cases(options, subjects):
    cases = all_cases(options.quick, subjects)
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


def measure(options, data_path):
    subjects = there(options, chosen_subjects(options))
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
                                collector.complaints))
    print(f"{len(collector.rows)} runs in {spent / 60:.1f} minutes")
    for text in collector.complaints:
        print("NOT MEASURED: " + text)
    return data


def main():
    options = arguments()
    if options.list:
        subjects = chosen_subjects(options)
        print("\n".join(subject.name for subject in subjects))
        for case in chosen_cases(options, subjects):
            print(case.name, " ".join(f"{factor}={level}" for factor, level in case.factors.items()))
        return 0
    os.makedirs(options.output, exist_ok=True)
    data_path = options.source or os.path.join(options.output, "data.csv")
    data = Data.load(options.source) if options.source else measure(options, data_path)
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
