# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
from __future__ import annotations

import gc
import threading
import traceback
import weakref

import pytest
from gate import Gate

import libpool


class Thing:
    def method(self) -> None:
        pass


def fails(text: str) -> None:
    raise KeyError(text)


def test_tasks_get_their_arguments(pool: libpool.Pool) -> None:
    got: list[object] = []
    with libpool.Group(pool) as group:
        group.submit(lambda *args, **kwargs: got.append((args, kwargs)), 1, 2, fn=3, self=4)
    assert got == [((1, 2), {"fn": 3, "self": 4})]


def test_a_failure_is_raised_by_the_wait_with_its_traceback(pool: libpool.Pool) -> None:
    group = libpool.Group(pool)
    group.submit(fails, "gone")
    with pytest.raises(libpool.TaskFailedError, match="KeyError: 'gone'") as caught:
        group.wait()
    cause = caught.value.__cause__
    assert isinstance(cause, KeyError)
    assert [frame.name for frame in traceback.extract_tb(cause.__traceback__)] == ["fails"]
    with pytest.raises(libpool.TaskFailedError):
        group.poll()
    group.reset()
    group.wait()
    assert group.stats().failed == 1
    group.close()


def test_any_exception_becomes_a_text(pool: libpool.Pool) -> None:
    class Silent(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    for exception, text in (
        (Silent(), "Silent"),
        (SystemExit(3), "SystemExit: 3"),
        (ValueError("a\0b"), "ValueError: a b"),
        (ValueError("ü" * 100), "ValueError: " + "ü" * 57),
        (ValueError("\udcff"), "ValueError: ?"),
    ):

        def task(exception: BaseException = exception) -> None:
            raise exception

        with libpool.Group(pool) as group:
            group.submit(task)
            with pytest.raises(libpool.TaskFailedError) as caught:
                group.wait()
            assert caught.value.text == text
            assert caught.value.__cause__ is exception
            group.reset()


def test_everything_is_let_go_of_before_the_wait_returns(pool: libpool.Pool) -> None:
    thing = Thing()
    gone = weakref.ref(thing)
    gc.disable()
    try:
        with libpool.Group(pool) as group:
            group.submit(thing.method)
            del thing
            group.wait()
            assert gone() is None
    finally:
        gc.enable()


def test_cancel_drops_what_has_not_started(lone: libpool.Pool) -> None:
    thing = Thing()
    gone = weakref.ref(thing)
    group = libpool.Group(lone)
    with Gate(group):
        group.submit(pytest.fail, thing)
        del thing
        group.cancel()
        with pytest.raises(libpool.CancelledError):
            group.submit(print)
    with pytest.raises(libpool.CancelledError):
        group.wait()
    assert gone() is None
    assert group.stats() == (2, 1, 0, 1, 0, 0, 0, 0)
    group.reset()
    group.submit(int)
    group.wait()
    group.close()


def test_a_wait_may_time_out(pool: libpool.Pool) -> None:
    with libpool.Group(pool) as group, Gate(group):
        with pytest.raises(TimeoutError):
            group.wait(0)
        with pytest.raises(libpool.PoolTimeoutError):
            group.wait(0.001)
        assert not group.poll()


def test_a_wait_outside_of_a_task_runs_none(lone: libpool.Pool) -> None:
    ran: list[int] = []
    with libpool.Group(lone) as group:
        for _ in range(50):
            group.submit(lambda: ran.append(threading.get_ident()))
        group.wait()
    assert threading.get_ident() not in ran


def test_nested_waits_finish_on_one_worker(lone: libpool.Pool) -> None:
    def tree(depth: int) -> int:
        if depth == 0:
            return 1
        with libpool.Group(lone) as group:
            jobs = [group.submit_job(tree, depth - 1) for _ in range(2)]
        return sum(job.result() for job in jobs)

    with libpool.Group(lone) as group:
        assert group.submit_job(tree, 6).result() == 64


def test_a_wait_for_oneself_is_refused(pool: libpool.Pool) -> None:
    with libpool.Group(pool) as group:
        for call in (group.wait, group.close):
            assert isinstance(group.submit_job(call).exception(), libpool.DeadlockError)
        group.reset()


def test_the_block_of_a_group_waits_and_raises(pool: libpool.Pool) -> None:
    with pytest.raises(libpool.TaskFailedError):
        with libpool.Group(pool) as group:
            group.submit(fails, "")
    with pytest.raises(libpool.HandleError):
        group.wait()
    group.close()


def test_a_block_that_raises_cancels_the_group(lone: libpool.Pool) -> None:
    begun = threading.Event()

    def until_cancelled() -> None:
        begun.set()
        while not libpool.task_cancelled():
            pass

    with pytest.raises(ZeroDivisionError):
        with libpool.Group(lone) as group:
            group.submit(until_cancelled)
            group.submit(pytest.fail)
            begun.wait()
            1 / 0


def test_serial_queues_keep_the_order(pool: libpool.Pool) -> None:
    done: list[int] = []
    with libpool.Group(pool, max_concurrency=1) as group:
        for i in range(200):
            group.submit(done.append, i)
    assert done == list(range(200))


def test_fail_fast(lone: libpool.Pool) -> None:
    group = libpool.Group(lone, fail_fast=True, max_concurrency=1)
    with Gate(group):
        group.submit(fails, "first")
        group.submit(pytest.fail)
    with pytest.raises(libpool.TaskFailedError, match="first"):
        group.wait()
    assert group.stats().cancelled == 1
    group.close()


def test_children_are_cancelled_with_their_parent(pool: libpool.Pool) -> None:
    parent = libpool.Group(pool)
    child = libpool.Group(pool, parent=parent)
    orphan = libpool.Group(pool, parent="current")

    def inside() -> libpool.Group:
        return libpool.Group(pool, parent="current")

    grandchild = libpool.Group.submit_job(child, inside).result()
    parent.cancel()
    for group in (child, grandchild):
        with pytest.raises(libpool.CancelledError):
            group.submit(print)
    orphan.submit(int)
    with pytest.raises(TypeError):
        libpool.Group(pool, parent=3)  # type: ignore[arg-type]


def test_a_suspended_group_starts_nothing(pool: libpool.Pool) -> None:
    done: list[int] = []
    with libpool.Group(pool) as group:
        group.suspend()
        group.submit(done.append, 1)
        with libpool.Group(pool) as other:
            for _ in range(10):
                other.submit(int)
        assert done == [] and group.stats().queued == 1
        group.resume()
    assert done == [1]


def test_notifications_come_when_the_group_is_empty(pool: libpool.Pool) -> None:
    seen: list[int] = []
    with libpool.Group(pool) as group:
        told = threading.Event()

        def notify() -> None:
            seen.append(group.stats().running)
            told.set()

        with Gate(group):
            group.notify(notify)
            group.notify(notify)
            assert seen == []
        told.wait()
    assert seen == [0, 0]


def test_work_elsewhere_is_counted(pool: libpool.Pool) -> None:
    group = libpool.Group(pool)
    group.enter()
    assert not group.poll()
    group.leave()
    assert group.poll()
    group.enter()
    group.leave(7)
    with pytest.raises(libpool.TaskFailedError) as caught:
        group.wait()
    assert caught.value.code == 7 and caught.value.__cause__ is None
    with pytest.raises(ValueError):
        group.leave()


def test_a_detached_group_carries_on(pool: libpool.Pool) -> None:
    done = threading.Event()
    group = libpool.Group(pool)
    with Gate(group):
        group.submit(done.set)
        group.detach()
        with pytest.raises(libpool.HandleError):
            group.stats()
    done.wait()


def test_names_are_cut(pool: libpool.Pool) -> None:
    with libpool.Group(pool, name="x" * 40) as group:
        assert group.name == "x" * 31
