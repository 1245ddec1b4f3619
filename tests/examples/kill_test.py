# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Kills the consumer with SIGKILL at random instants, and wants the table that an undisturbed life would give.

    EXAMPLES_DIR=build/examples python3 tests/examples/kill_test.py --files 20000 --kills 20

The seed is printed; --seed repeats a run as far as the machine's timing allows.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time

import support


def consumer(database, *arguments):
    return [support.CONSUMER, "--db", database, *arguments]


def run_json(database, *arguments):
    done = subprocess.run(consumer(database, *arguments, "--json"), stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def killed(command, after):
    """Starts a consumer and kills it after that many seconds; False if it was done before."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        time.sleep(after)
        if process.poll() is None:
            process.kill()
            return True
        if process.returncode != 0:
            raise AssertionError(f"{command} gave {process.returncode}")
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    options = parser.parse_args()
    print(f"files {options.files}, kills {options.kills}, seed {options.seed}", flush=True)
    rng = random.Random(options.seed)

    with tempfile.TemporaryDirectory(prefix="consumer-kill-", ignore_cleanup_errors=True) as work:
        tree = os.path.join(os.fsencode(work), b"tree")
        os.mkdir(tree)
        support.make_nasty(tree)
        os.mkdir(os.path.join(tree, b"many"))
        support.make_files(os.path.join(tree, b"many"), options.files)
        want = support.expected(tree)

        # How long the two commands take when nobody disturbs them.
        quiet = os.path.join(work, "quiet.db")
        begin = time.monotonic()
        run_json(quiet, "enqueue", tree)
        enqueueing = time.monotonic() - begin
        running = run_json(quiet, "run")["seconds"]
        support.assert_equal_rows(support.results(quiet), want)
        print(f"undisturbed: enqueue {enqueueing:.2f} s, run {running:.2f} s, {len(want)} files", flush=True)

        database = os.path.join(work, "queue.db")
        enqueue = consumer(database, "enqueue", tree)
        for _ in range(3):
            killed(enqueue, rng.uniform(0, enqueueing))
        run_json(database, "enqueue", tree)

        kills, times_done, left = 0, 0, []
        while kills < options.kills:
            if killed(consumer(database, "run"), rng.uniform(0, 2 * running / options.kills)):
                kills += 1
                left.append(support.query(database, "SELECT count(*) FROM messages")[0][0])
            else:  # the queue is empty: once more
                times_done += 1
                support.assert_equal_rows(support.results(database), want)
                run_json(database, "enqueue", tree)
        print(f"left in the queue after each kill: {left}", flush=True)

        begin = time.monotonic()
        report = run_json(database, "run")
        print(f"last run: {report['messages']} messages in {time.monotonic() - begin:.2f} s; "
              f"the queue was empty {times_done} times before", flush=True)
        support.assert_equal_rows(support.results(database), want)
        for sql, answer in (("SELECT count(*) FROM messages", 0), ("SELECT count(*) FROM dead", 0),
                            ("PRAGMA integrity_check", "ok")):
            got = support.query(database, sql)[0][0]
            if got != answer:
                raise AssertionError(f"{sql} gave {got}")
        # The lease of a dead consumer is not waited for.
        if time.monotonic() - begin > running + 20:
            raise AssertionError("the last run waited for something")
        print(f"{kills} kills; {len(want)} rows, each equal", flush=True)


if not os.access(support.CONSUMER, os.X_OK):
    print(f"SKIPPED: no program {support.CONSUMER}; EXAMPLES_DIR is the build folder of capi/examples")
    sys.exit(77)
main()
