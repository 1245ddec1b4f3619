# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""What libpool costs in Python, beside the pools of the standard library, in one run: medians of alternating turns.

    python bench/bench.py [--quick]
"""

from __future__ import annotations

import hashlib
import statistics
import sys
import time
import zlib
from concurrent import futures
from multiprocessing.pool import ThreadPool
from typing import Callable

import libpool

WORKERS = 2
QUICK = "--quick" in sys.argv
TURNS = 1 if QUICK else 7
TASKS = 100 if QUICK else 20_000
ROUNDS = 10 if QUICK else 2_000
BLOCKS = [bytes([i]) * (1_000 if QUICK else 2_000_000) for i in range(16)]


def nothing() -> None:
    pass


pool = libpool.Pool(WORKERS)
group = libpool.Group(pool)
ours = libpool.Executor(WORKERS)
theirs = futures.ThreadPoolExecutor(WORKERS)
older = ThreadPool(WORKERS)


def flood_group() -> None:
    for _ in range(TASKS):
        group.submit(nothing)
    group.wait()


def flood_jobs() -> None:
    jobs = [group.submit_job(nothing) for _ in range(TASKS)]
    group.wait()
    del jobs


def flood_executor(executor: futures.Executor) -> None:
    futures.wait([executor.submit(nothing) for _ in range(TASKS)])


def flood_older() -> None:
    results = [older.apply_async(nothing) for _ in range(TASKS)]
    for result in results:
        result.wait()


def fan_out_group() -> None:
    for _ in range(ROUNDS):
        with libpool.Group(pool) as message:
            message.submit(nothing)
            message.submit(nothing)
            message.submit(nothing)


def fan_out_executor(executor: futures.Executor) -> None:
    for _ in range(ROUNDS):
        futures.wait([executor.submit(nothing), executor.submit(nothing), executor.submit(nothing)])


def fan_out_older() -> None:
    for _ in range(ROUNDS):
        for result in [older.apply_async(nothing) for _ in range(3)]:
            result.wait()


def compute(work: Callable[[bytes], object]) -> dict[str, Callable[[], object]]:
    def in_group() -> None:
        with libpool.Group(pool) as blocks:
            for block in BLOCKS:
                blocks.submit(work, block)

    return {
        "no pool": lambda: [work(block) for block in BLOCKS],
        "libpool.Group": in_group,
        "libpool.Executor": lambda: list(ours.map(work, BLOCKS)),
        "ThreadPoolExecutor": lambda: list(theirs.map(work, BLOCKS)),
        "ThreadPool": lambda: older.map(work, BLOCKS),
    }


CASES: list[tuple[str, str, float, dict[str, Callable[[], object]]]] = [
    (
        "submit a task, 20,000 times, and wait; a task",
        "us",
        1e6 / TASKS,
        {
            "libpool.Group": flood_group,
            "libpool.Group, jobs": flood_jobs,
            "libpool.Executor": lambda: flood_executor(ours),
            "ThreadPoolExecutor": lambda: flood_executor(theirs),
            "ThreadPool": flood_older,
        },
    ),
    (
        "submit 3 tasks and wait for them; a round",
        "us",
        1e6 / ROUNDS,
        {
            "libpool.Group": fan_out_group,
            "libpool.Executor": lambda: fan_out_executor(ours),
            "ThreadPoolExecutor": lambda: fan_out_executor(theirs),
            "ThreadPool": fan_out_older,
        },
    ),
    ("SHA-256 of 16 blocks of 2 MB", "ms", 1e3, compute(lambda block: hashlib.sha256(block).digest())),
    ("zlib.compress of 16 blocks of 2 MB", "ms", 1e3, compute(lambda block: zlib.compress(block, 6))),
]

print("| case | pool | | beside ThreadPoolExecutor |\n|---|---|---:|---:|")
for case, unit, scale, candidates in CASES:
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(TURNS):
        for name, call in candidates.items():
            begin = time.perf_counter()
            call()
            times[name].append((time.perf_counter() - begin) * scale)
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, median in medians.items():
        print(f"| {case} | {name} | {median:.1f} {unit} | {median / medians['ThreadPoolExecutor']:.2f} |")

ours.shutdown()
theirs.shutdown()
older.terminate()
older.join()
group.close()
pool.close()
