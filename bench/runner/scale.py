# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""The cases of the cores: each on 1, 2, 4, ... CPUs with as many workers, beside oneTBB."""
import os
import shutil

from measure import middle
from programs import OURS
from table import number, ratio

CASES = ("flood", "fan3", "fib24")
WHO = (OURS, "oneTBB")


def steps():
    cpus = sorted(os.sched_getaffinity(0))
    count = 1
    while count <= len(cpus):
        yield cpus[:count]
        count *= 2


def scale(programs, runs):
    """Prints a table, ns for one unit and how many times as fast as on one CPU."""
    if shutil.which("taskset") is None:
        print("SKIPPED: taskset")
        return
    print(f"{'case':<8}{'CPUs':>5}" + "".join(f"{who + ', ns':>14}{'speed-up':>10}" for who in WHO) + f"{'ratio':>8}")
    for case in CASES:
        first = {}
        for cpus in steps():
            programs.prefix = ["taskset", "-c", ",".join(map(str, cpus))]
            programs.environment["BENCH_WORKERS"] = str(len(cpus))
            values = {who: [] for who in WHO}
            for _ in range(runs):
                for who in WHO:
                    outcome = programs.run(who, case) if programs.command(who, case) else "is not there"
                    if isinstance(outcome, str):
                        print(f"{case}: {who} {outcome}")
                    else:
                        values[who].append(outcome[case][0])
            line = f"{case:<8}{len(cpus):>5}"
            medians = {who: middle(values[who]) for who in WHO}
            for who in WHO:
                first.setdefault(who, medians[who])
                line += f"{number(medians[who]):>14}{ratio(first[who], medians[who]) if medians[who] else '-':>10}"
            print(line + f"{ratio(medians[OURS], medians['oneTBB']):>8}", flush=True)
