# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""What Executor has beyond concurrent.futures; what it shares with that is held by CPython's own tests, see
cpython_executor.py."""

from __future__ import annotations

import threading
from concurrent import futures

import pytest
from gate import Gate

import libpool


def test_a_bounded_queue_refuses() -> None:
    with libpool.Executor(1, queue_capacity=1, overflow=libpool.Overflow.REJECT) as executor:
        with Gate(executor.group):
            queued = executor.submit(pow, 2, 3)
            with pytest.raises(libpool.QueueFullError):
                executor.submit(pow, 2, 4)
        assert queued.result() == 8


def test_discarded_futures_are_cancelled() -> None:
    with libpool.Executor(1, queue_capacity=1, overflow=libpool.Overflow.DISCARD_OLDEST) as executor:
        with Gate(executor.group):
            oldest = executor.submit(pow, 2, 3)
            newest = executor.submit(pow, 2, 4)
            assert oldest.cancelled()
            assert futures.wait([oldest]).done == {oldest}
        assert newest.result() == 16
    assert list(futures.as_completed([oldest, newest]))


def test_futures_of_a_cancelled_group_are_cancelled() -> None:
    with libpool.Executor(1) as executor:
        with Gate(executor.group):
            future = executor.submit(pytest.fail)
            executor.group.cancel()
        with pytest.raises(futures.CancelledError):
            future.result()
        with pytest.raises(libpool.CancelledError):
            executor.submit(int)


def test_a_cancelled_future_is_not_run() -> None:
    with libpool.Executor(1) as executor:
        with Gate(executor.group):
            future = executor.submit(pytest.fail)
            assert future.cancel()
    assert future.cancelled()


def test_cancel_futures_does_not_wait_for_a_worker() -> None:
    executor = libpool.Executor(1)
    gate = Gate(executor.group)
    with gate:
        future = executor.submit(pytest.fail)
        executor.shutdown(wait=False, cancel_futures=True)
        assert future.cancelled()
    executor.shutdown()
    executor.shutdown()


def test_shutdown_may_time_out() -> None:
    executor = libpool.Executor(1)
    with Gate(executor.group):
        with pytest.raises(TimeoutError):
            executor.shutdown(timeout=0.001)
        with pytest.raises(RuntimeError, match="after shutdown"):
            executor.submit(int)
    executor.shutdown()


def test_executors_share_a_pool(pool: libpool.Pool) -> None:
    with libpool.Executor(pool=pool) as one, libpool.Executor(1, pool=pool) as other:
        assert list(one.map(abs, [-1, 2])) == [1, 2]
        most = [0, 0]
        lock = threading.Lock()

        def count() -> None:
            with lock:
                most[0] += 1
                most[1] = max(most)
            with lock:
                most[0] -= 1

        for _ in range(200):
            other.submit(count)
    assert most == [0, 1]
    with libpool.Group(pool) as group:
        group.submit(int)
    with pytest.raises(ValueError):
        libpool.Executor(pool=pool, initializer=int)


def test_a_failed_call_counts(pool: libpool.Pool) -> None:
    with libpool.Executor(pool=pool) as executor:
        future = executor.submit(divmod, 1, 0)
        assert isinstance(future.exception(), ZeroDivisionError)
        with pytest.raises(libpool.TaskFailedError, match="ZeroDivisionError"):
            executor.group.wait()
        assert executor.group.stats().failed == 1


def test_a_task_cannot_wait_for_its_own_executor() -> None:
    with libpool.Executor(1) as executor:
        assert isinstance(executor.submit(executor.shutdown).exception(), libpool.DeadlockError)


def test_a_done_callback_may_submit() -> None:
    second: futures.Future[futures.Future[int]] = futures.Future()
    with libpool.Executor(1, queue_capacity=1) as executor:
        with Gate(executor.group):
            first = executor.submit(pow, 2, 3)
            first.add_done_callback(lambda _: second.set_result(executor.submit(pow, 2, 4)))
        assert second.result().result() == 16
