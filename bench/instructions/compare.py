#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Counts the instructions of each path of `paths` under callgrind and compares them with baseline.txt.

cmake/instructions.sh builds the program and calls this.
"""
import argparse
import os
import re
import subprocess
import sys

ROOM = 0.05  # more than so much over the baseline is a failure
# The library also goes by the clock, so that a busy machine adds some: the least of so many counts is taken, or the
# first that is fine. (With five, two runs of ten found none, on two busy processors.)
TRIES = 15
BASELINE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "baseline.txt")


def compiler():
    """The one that the figures depend on, e.g. "g++ 12.2.0 x86_64"."""
    version = subprocess.run(["g++", "-dumpfullversion"], capture_output=True, text=True, check=True).stdout.strip()
    return f"g++ {version} {os.uname().machine}"


def count(program, path):
    words = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=measured", program,
             path]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or found is None:
        sys.exit(f"{' '.join(words)} failed with status {done.returncode}:\n{done.stderr}")
    return int(found.group(1))


def measure(program, limits=None):
    """The instructions of a round of each path: the least of a few counts, or the first below its limit."""
    listed = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    least = {}
    for path, rounds in (line.split() for line in listed.splitlines()):
        for _ in range(TRIES):
            each = count(program, path) / int(rounds)
            least[path] = min(each, least.get(path, each))
            if limits and least[path] <= limits.get(path, 0):
                break
    return least


def read_baseline():
    with open(BASELINE, encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in file if not line.startswith("#")]
    return lines[0], {name: float(value) for name, value in (line.split() for line in lines[1:])}


def write_baseline(figures):
    with open(BASELINE, "w", encoding="utf-8") as file:
        file.write("# Instructions of one round, counted by callgrind; cmake/instructions.sh --update writes this.\n")
        file.write(compiler() + "\n")
        for path, value in figures.items():
            file.write(f"{path} {value:.1f}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--update", action="store_true", help="write the baseline")
    options = parser.parse_args()
    if options.update:
        figures = measure(options.program)
        write_baseline(figures)
        print("\n".join(f"{path:<12} {value:8.1f} instructions" for path, value in figures.items()))
        return 0
    made_with, baseline = read_baseline()
    if made_with != compiler():
        print(f"SKIPPED: the baseline is of {made_with}, this is {compiler()}")
        return 0
    figures = measure(options.program, {path: value * (1 + ROOM) for path, value in baseline.items()})
    status = 0
    for path, value in figures.items():
        if path not in baseline:
            print(f"{path:<12} {value:8.1f} instructions, not in the baseline (cmake/instructions.sh --update)")
            status = 1
            continue
        change = value / baseline[path] - 1
        over = change > ROOM
        status |= over
        print(f"{path:<12} {value:8.1f} instructions, baseline {baseline[path]:8.1f}, {100 * change:+6.1f} %"
              f"{'  TOO MANY' if over else '  (time for --update)' if change < -ROOM else ''}")
    if status:
        print(f"More than {100 * ROOM:g} % over the baseline: find out why, or write it anew and say why in the commit")
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
