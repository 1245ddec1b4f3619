#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Runs the cases with libpool and its peers in turns, prints medians beside the goals, and writes them down.

cmake/bench.sh builds everything and calls this; bench/README.md says how to read what it prints.
"""
import argparse
import json
import os
import sys
import time

sys.dont_write_bytecode = True  # nothing is written outside build/

from cases import QUICK_PEERS, RUNS
from machine import Others
from measure import Result, measure
from plots import draw
from programs import NEEDS, Programs
from report import write_report
from scale import scale
from table import lines, summary

README = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "README.md")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", default="build/bench", help="folder of the programs")
    parser.add_argument("--quick", action="store_true", help="oneTBB and Go only, fewer rounds")
    parser.add_argument("--case", action="append", default=[], metavar="NAME", help="this case only (repeatable)")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="runs of each program (default 5)")
    parser.add_argument("--json", metavar="FILE", help="write the results as JSON")
    parser.add_argument("--from", dest="source", metavar="FILE", help="show what --json has written, measure nothing")
    parser.add_argument("--report", action="store_true", help="write table and plots into bench/README.md")
    parser.add_argument("--plots", metavar="FOLDER", help="draw the results as SVG")
    parser.add_argument("--scale", action="store_true", help="on 1, 2, 4, ... CPUs instead, beside oneTBB")
    parser.add_argument("--list", action="store_true", help="name the cases and stop")
    options = parser.parse_args()
    if options.report and options.quick:
        parser.error("--report is of a whole run, not of a --quick one")
    return options


def chosen(names):
    if not names:
        return RUNS
    found = [run for run in RUNS if run.name in names or any(case.name in names for case in run.cases)]
    known = {run.name for run in RUNS} | {case.name for run in RUNS for case in run.cases}
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit("no such case: " + ", ".join(unknown))
    return found


def show(options):
    """Prints, reports or draws what was measured before."""
    cases = {case.name: case for run in RUNS for case in run.cases}
    with open(options.source, encoding="utf-8") as file:
        results = [Result.from_json(keys, cases[keys["case"]]) for keys in json.load(file) if keys["case"] in cases]
    every = {result.case.name: result for result in results}
    for result in results:
        print("\n".join(lines(result, every)))
    print("\n" + summary(results))
    if options.report:
        write_report(README, results, options.runs, None, [])
    if options.plots:
        draw(options.plots, results)
    return 0


def times_of(run, options):
    """How often each program is run."""
    if run.options.get("once") or (options.quick and run.options.get("slow")):
        return 1
    return options.runs * (3 if run.options.get("short") and not options.quick else 1)


def main():
    options = arguments()
    if options.source:
        return show(options)
    if options.list:
        print("\n".join(case.name for run in RUNS for case in run.cases))
        return 0
    programs = Programs(options.programs, options.quick, limit=20 if options.quick else 120)
    skipped, complaints, results = set(), [], {}

    def complain(text):
        complaints.append(text)
        print("    " + text, flush=True)

    print(f"{os.cpu_count()} CPUs, medians of {options.runs} alternating runs; ratio: ours / theirs; spread: "
          "least..largest; CPU of all threads for one unit")
    before = Others()
    time.sleep(1)
    if before.share() > 0.1:
        print(f"WARNING: others use {before.share():.2f} CPUs of this machine; what follows is worth little")
    if options.scale:
        scale(programs, options.runs)
        return 0
    start, others = time.monotonic(), Others()
    for run in chosen(options.case):
        peers = []
        for peer in run.peers:
            if options.quick and peer not in QUICK_PEERS + run.options.get("quick", ()):
                continue
            if programs.command(peer, run.name) is not None:
                peers.append(peer)
            elif peer not in skipped:
                skipped.add(peer)
                print(f"SKIPPED: {peer} ({NEEDS.get(peer, 'not built')})")
        found = measure(run, peers, programs, times_of(run, options), complain)
        if "futex" in run.options and found[0].ours is not None:
            calls = programs.futex_calls(run.name)
            tasks = run.options["futex"] / (5 if options.quick else 1)
            found[0].futex_per_task = None if calls is None else calls / tasks
        for result in found:
            results[result.case.name] = result
        for result in found:
            print("\n".join(lines(result, results)), flush=True)
    share = others.share()
    print(f"\n{summary(list(results.values()))}")
    print(f"{time.monotonic() - start:.0f} s, in which others used {share:.2f} CPUs")
    for text in complaints:
        print("NOT MEASURED: " + text)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump([result.json() for result in results.values()], file, indent=1)
            file.write("\n")
    if options.report:
        write_report(README, list(results.values()), options.runs, share, complaints)
    if options.plots:
        draw(options.plots, list(results.values()))
    return 1 if any(result.ours is None for result in results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
