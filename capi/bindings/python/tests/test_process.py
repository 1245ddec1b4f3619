# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""The interpreter's end, Ctrl-C and fork(): each in an interpreter of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Optional

import pytest

TURNS = int(os.environ.get("LIBPOOL_EXIT_TURNS", "20"))

PREAMBLE = """
import os, signal, sys, threading, time, zlib
import libpool
"""


class Child:
    """An interpreter that runs `code`. It says where it is by lines on its standard output."""

    def __init__(self, code: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore::DeprecationWarning", "-c", PREAMBLE + code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Whoever runs the tests in the background may ignore it, and an interpreter then goes on doing so.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def expect(self, line: str) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == line + "\n"

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def end(self, code: int = 0, errors: Optional[str] = None) -> str:
        out, err = self.process.communicate()
        assert self.process.returncode == code, err
        if errors is None:
            assert err == ""
        else:
            assert errors in err
            assert "ctypes" not in err, err  # nothing was ignored in a callback
        return out


def run(code: str) -> str:
    return Child(code).end()


IN_FLIGHT = {
    "the end waits for what was submitted": (
        "pool = libpool.Pool(2); group = libpool.Group(pool); data = os.urandom(100_000)\n"
        "for i in range(20): group.submit(lambda i=i: (zlib.compress(data), os.write(1, b'.')))",
        "." * 20,
    ),
    "a lost pool": (
        "group = libpool.Group(libpool.Pool(2))\n"
        "for i in range(20): group.submit(os.write, 1, b'.')\n"
        "del group",
        "." * 20,
    ),
    "an executor": (
        "executor = libpool.Executor(2)\n"
        "for i in range(20): executor.submit(os.write, 1, b'.')",
        "." * 20,
    ),
    "a pool that was closed, and not waited for": (
        "executor = libpool.Executor(2)\n"
        "for i in range(20): executor.submit(os.write, 1, b'.')\n"
        "executor.shutdown(wait=False)",
        "." * 20,
    ),
    "tasks that submit for ever": (
        "group = libpool.Group(libpool.Pool(2))\n"
        "def again():\n"
        "    try: group.submit(again)\n"
        "    except libpool.ClosedError as error: print(error, end='', flush=True)\n"
        "group.submit(again)",
        "cannot submit after interpreter shutdown",
    ),
    "daemon threads in waits": (
        "pool = libpool.Pool(2); group = libpool.Group(pool)\n"
        "go = threading.Event()\n"
        "def wait(ready):\n"
        "    ready.set()\n"
        "    group.wait()\n"
        "group.submit(go.wait)\n"
        "for _ in range(3):\n"
        "    ready = threading.Event()\n"
        "    threading.Thread(target=wait, args=(ready,), daemon=True).start()\n"
        "    ready.wait()\n"
        "threading.Thread(target=go.set).start()",
        "",
    ),
    "jobs that nobody asks for": (
        "group = libpool.Group(libpool.Pool(2))\n"
        "jobs = [group.submit_job(zlib.compress, b'x' * 100_000) for _ in range(20)]",
        "",
    ),
    "an exception": (
        "import atexit\n"
        "group = libpool.Group(libpool.Pool(2))\n"
        "for i in range(20): group.submit(os.write, 1, b'.')\n"
        "os.dup2(os.open(os.devnull, os.O_WRONLY), 2)\n"
        "atexit.register(lambda: os._exit(0))\n"
        "raise ValueError",
        "." * 20,
    ),
}


@pytest.mark.parametrize("case", IN_FLIGHT)
def test_exit_with_work_in_flight(case: str) -> None:
    code, output = IN_FLIGHT[case]
    for _ in range(TURNS if case == next(iter(IN_FLIGHT)) else max(3, TURNS // 10)):
        assert run(code) == output


def test_no_pool_is_made_after_the_end() -> None:
    out = run(
        "import atexit\n"
        "def late():\n"
        "    try: libpool.Pool()\n"
        "    except libpool.ClosedError: print('refused')\n"
        "atexit.register(late)"
    )
    assert out == "refused\n"


BLOCKED = "pool = libpool.Pool(1); group = libpool.Group(pool, queue_capacity=1); go = threading.Event()\n"
INTERRUPTIBLE = {
    "Group.wait": "group.wait()",
    "Group.close": "group.close()",
    "Job.result": "job.result()",
    "Pool.shutdown": "pool.shutdown()",
    "Pool.close": "pool.close()",
    "Group.submit": "group.submit(print); group.submit(print)",
    "Executor.shutdown": "executor = libpool.Executor(1); executor.submit(go.wait); executor.shutdown()",
}


@pytest.mark.parametrize("call", INTERRUPTIBLE)
def test_ctrl_c_ends_a_wait(call: str) -> None:
    child = Child(
        BLOCKED + "try:\n"  # before the job, which may be there first
        "    job = group.submit_job(lambda: (print('here', flush=True), go.wait()))\n"
        f"    {INTERRUPTIBLE[call]}\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted', flush=True)\n"
        "go.set()"
    )
    child.expect("here")
    child.interrupt()
    child.expect("interrupted")
    child.end()


def test_ctrl_c_in_a_task_of_the_main_thread_reaches_the_main_thread() -> None:
    child = Child(
        "pool = libpool.Pool(1); go = threading.Event()\n"
        "group = libpool.Group(pool, queue_capacity=1, overflow=libpool.Overflow.CALLER_RUNS)\n"
        "def here():\n"
        "    print('here', flush=True)\n"
        "    while True: pass\n"
        "started = threading.Event()\n"
        "group.submit(lambda: (started.set(), go.wait())); started.wait(); group.submit(int)\n"
        "try: group.submit(here)\n"
        "except KeyboardInterrupt: print('interrupted')\n"
        "go.set()\n"
        "try: group.wait()\n"
        "except libpool.TaskFailedError as error: print(error.text)"
    )
    child.expect("here")
    child.interrupt()
    assert child.end() == "interrupted\nKeyboardInterrupt\n"


def test_ctrl_c_at_the_end_drops_what_has_not_started() -> None:
    child = Child(
        BLOCKED + "def first():\n"
        "    while not libpool._exit.started(): pass\n"
        "    print('here', flush=True)\n"
        "    while not libpool.task_cancelled(): pass\n"
        "group.submit(first); group.submit(print, 'dropped')"
    )
    child.expect("here")
    child.interrupt()
    assert child.end(errors="KeyboardInterrupt") == ""


def test_a_second_ctrl_c_ends_the_process() -> None:
    child = Child(
        BLOCKED + "def stuck():\n"
        "    while not libpool._exit.started(): pass\n"
        "    print('here', flush=True)\n"
        "    while not libpool.task_cancelled(): pass\n"
        "    print('there', flush=True)\n"
        "    go.wait()\n"
        "group.submit(stuck)"
    )
    child.expect("here")
    child.interrupt()
    child.expect("there")
    child.interrupt()
    child.end(-signal.SIGINT)


def test_fork() -> None:
    out = run(
        "pool = libpool.Pool(1); group = libpool.Group(pool); executor = libpool.Executor(1); go = threading.Event()\n"
        "group.submit(go.wait); job = group.submit_job(int)\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    with pool:\n"  # whose end does nothing here
        "        for call in (pool.stats, group.wait, job.result, group.cancel, lambda: group.submit(print),\n"
        "                     lambda: executor.submit(print), lambda: libpool.Group(pool), pool.shutdown):\n"
        "            try: call()\n"
        "            except libpool.ForkedError: pass\n"
        "            else: os._exit(3)\n"
        "    group.close(); job.close(); executor.shutdown()\n"
        "    with libpool.Executor(2) as own: print(list(own.map(abs, [-1, -2])))\n"
        "    sys.exit(7)\n"
        "status = os.waitpid(child, 0)[1]\n"
        "go.set(); group.wait(); job.result()\n"
        "print(os.waitstatus_to_exitcode(status))"
    )
    assert out == "[1, 2]\n7\n"
