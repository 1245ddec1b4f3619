# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""At a full queue: one worker, which stands at a gate, and one place, which is taken."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Optional

import pytest
from gate import Gate

import libpool
from libpool import Overflow


@contextmanager
def full(
    pool: libpool.Pool, overflow: Optional[Overflow], timeout: Optional[float] = None
) -> Iterator[tuple[libpool.Group, list[str], Gate]]:
    done: list[str] = []
    group = libpool.Group(pool, queue_capacity=1, overflow=overflow, overflow_timeout=timeout)
    with Gate(group) as gate:
        group.submit(done.append, "queued")
        yield group, done, gate
    group.close()


def test_reject(lone: libpool.Pool) -> None:
    with full(lone, Overflow.REJECT) as (group, done, _):
        with pytest.raises(queue.Full):
            group.submit(done.append, "new")
        with pytest.raises(libpool.QueueFullError):
            group.submit_job(done.append, "new")
    assert done == ["queued"]


def test_try_submit(lone: libpool.Pool) -> None:
    with full(lone, None) as (group, done, gate):
        assert not group.try_submit(done.append, "new")
        gate.open()
        group.wait()
        assert group.try_submit(done.append, "later")
    assert done == ["queued", "later"]


def test_caller_runs(lone: libpool.Pool) -> None:
    with full(lone, Overflow.CALLER_RUNS) as (group, done, _):
        group.submit(lambda: done.append(threading.current_thread().name))
        assert done == [threading.current_thread().name]


def test_discard_oldest(lone: libpool.Pool) -> None:
    with full(lone, Overflow.DISCARD_OLDEST) as (group, done, gate):
        group.submit(done.append, "new")
        gate.open()
        with pytest.raises(libpool.TaskFailedError, match="discarded"):
            group.wait()
    assert done == ["new"]


def test_discard_newest(lone: libpool.Pool) -> None:
    with full(lone, Overflow.DISCARD_NEWEST) as (group, done, gate):
        group.submit(done.append, "new")
        job = group.submit_job(done.append, "job")
        with pytest.raises(libpool.TaskFailedError, match="discarded"):
            job.result()
        assert group.stats().discarded == 2
    assert done == ["queued"]


def test_block_until_the_time_out(lone: libpool.Pool) -> None:
    with full(lone, Overflow.BLOCK, 0.001) as (group, done, _):
        with pytest.raises(libpool.PoolTimeoutError):
            group.submit(done.append, "new")
    with full(lone, Overflow.BLOCK, 0) as (group, done, _):
        with pytest.raises(libpool.PoolTimeoutError):
            group.submit(done.append, "new")


def test_block_until_there_is_a_place(lone: libpool.Pool) -> None:
    with full(lone, None) as (group, done, gate):
        # The main thread stands in line, until another one sees it there.
        def opens() -> None:
            while not lone.stats().blocked:
                pass
            gate.open()

        other = threading.Thread(target=opens)
        other.start()
        group.submit(done.append, "new")
        other.join()
        group.wait()
    assert sorted(done) == ["new", "queued"]
