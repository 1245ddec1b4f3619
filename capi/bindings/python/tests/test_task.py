# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Tasks that wait for their time, and what tasks may ask."""

from __future__ import annotations

import math
import threading
import time
from typing import Optional

import pytest
from gate import Gate

import libpool


def test_a_delayed_task_is_not_early(pool: libpool.Pool) -> None:
    with libpool.Group(pool) as group:
        started: list[float] = []
        begin = time.monotonic()
        group.submit_after(0.02, lambda: started.append(time.monotonic()))
    assert started[0] >= begin + 0.02


def test_a_timer_can_be_cancelled_or_fired(pool: libpool.Pool) -> None:
    done: list[str] = []
    group = libpool.Group(pool)
    fired = group.submit_after(math.inf, done.append, "fired")
    cancelled = group.submit_after(3600, pytest.fail)
    assert group.stats().queued == 2
    assert fired.fire()
    assert cancelled.cancel()
    with pytest.raises(libpool.CancelledError):
        group.wait()
    assert done == ["fired"]
    for timer in fired, cancelled:
        assert not timer.cancel() and not timer.fire()


def test_a_task_may_hand_itself_back(lone: libpool.Pool) -> None:
    turns: list[int] = []

    def poll(limit: int) -> Optional[libpool.Again]:
        turns.append(limit)
        return libpool.again_after(0) if len(turns) < limit else None

    with libpool.Group(lone) as group:
        group.submit(poll, 3)
        group.wait()
        assert turns == [3, 3, 3]
        assert group.stats().succeeded == 1


def test_a_task_may_wait_for_a_call_back(lone: libpool.Pool) -> None:
    timers: list[libpool.Timer] = []
    suspended = threading.Event()
    turns: list[int] = []

    def waits() -> Optional[libpool.Again]:
        turns.append(1)
        if len(turns) == 2:
            return None
        again, timer = libpool.suspend()
        timers.append(timer)
        return again

    with libpool.Group(lone) as group:
        group.submit(waits)
        with libpool.Group(lone) as other:
            other.submit(suspended.set)  # the only worker is free meanwhile
        suspended.wait()
        while not timers:
            pass
        assert not group.poll()
        assert timers[0].fire()
    assert turns == [1, 1]


def test_outside_of_a_task() -> None:
    assert not libpool.task_cancelled()
    assert libpool.worker_index() == -1
    with libpool.blocking():
        pass


def test_inside_of_a_task(lone: libpool.Pool) -> None:
    with libpool.Group(lone) as group:
        assert group.submit_job(libpool.worker_index).result() == 0
        assert group.submit_job(libpool.task_cancelled).result() is False


def test_a_running_task_can_see_the_cancel(lone: libpool.Pool) -> None:
    group = libpool.Group(lone)
    seen: list[bool] = []
    gate = Gate()

    def task() -> None:
        gate()
        seen.append(libpool.task_cancelled())

    group.submit(task)
    with gate:
        group.cancel()
    group.wait()
    assert seen == [True]
