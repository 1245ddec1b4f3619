# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
from __future__ import annotations

import gc
import threading
import weakref

import pytest
from gate import Gate

import libpool


def test_close_runs_what_was_submitted() -> None:
    done: list[int] = []
    with libpool.Pool(1) as pool:
        group = libpool.Group(pool)
        for i in range(100):
            group.submit(done.append, i)
    assert sorted(done) == list(range(100))
    pool.close()
    with pytest.raises(libpool.HandleError):
        pool.stats()
    with pytest.raises(libpool.HandleError):
        group.submit(print)


def test_shutdown_may_cancel_and_may_time_out() -> None:
    with libpool.Pool(1) as pool:
        group = libpool.Group(pool)
        with Gate(group):
            group.submit(pytest.fail, "it was cancelled")
            with pytest.raises(libpool.PoolTimeoutError):
                pool.shutdown(cancel=True, timeout=0.001)
            pool.shutdown(timeout=0)  # only closes
            with pytest.raises(libpool.ClosedError):
                group.submit(print)
            with pytest.raises(libpool.ClosedError):
                libpool.Group(pool)
        pool.shutdown()
        assert group.stats().cancelled == 1


def test_a_task_cannot_end_its_own_pool(pool: libpool.Pool) -> None:
    with libpool.Group(pool) as group:
        assert isinstance(group.submit_job(pool.close).exception(), libpool.DeadlockError)
        group.reset()


def test_a_lost_pool_finishes_its_tasks() -> None:
    done = threading.Event()
    finished: list[int] = []
    pool = libpool.Pool(1)
    group = libpool.Group(pool)
    gate = Gate(group)
    with gate:
        group.submit(finished.append, 1)
        group.submit(done.set)
        lost = weakref.ref(pool)
        del pool, group, gate._group
        gc.collect()
        assert lost() is None
    assert done.wait()
    while libpool._exit._abandoned:
        libpool._exit.reap()
    assert finished == [1]


@pytest.mark.parametrize(
    "options, error",
    [
        ({"max_workers": 0}, "max_workers"),
        ({"max_workers": -1}, "max_workers"),
        ({"max_workers": 40_000}, "POOL_EINVAL"),
        ({"min_workers": 3, "max_workers": 2}, "POOL_EINVAL"),
        ({"queue_capacity": 2**32}, "queue_capacity"),
        ({"stack_size": 1}, "POOL_EINVAL"),
    ],
)
def test_bad_options_are_refused(options: dict[str, int], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        libpool.Pool(**options, log_level=libpool.LogLevel.OFF)  # type: ignore[arg-type]


def test_the_log_is_told() -> None:
    lines: list[str] = []
    with pytest.raises(libpool.InvalidArgumentError):
        libpool.Pool(1, min_workers=2, log=lambda level, text: lines.append(f"{level} {text}"))
    assert any("min_workers" in line for line in lines)


def test_workers_are_python_threads_with_names_and_locals() -> None:
    events: list[str] = []
    local = threading.local()

    def start() -> None:
        local.name = threading.current_thread().name
        events.append(f"start {local.name}")

    with libpool.Pool(
        1, name="crew", on_thread_start=start, on_thread_stop=lambda: events.append(f"stop {local.name}")
    ) as pool:
        group = libpool.Group(pool)
        for _ in range(2):
            group.submit(lambda: events.append(f"run {local.name}"))
        group.wait()
        before = threading.active_count()
    assert events == ["start crew_0", "run crew_0", "run crew_0", "stop crew_0"]
    assert threading.active_count() == before - 1


def test_prestart_and_resize() -> None:
    with libpool.Pool(2, min_workers=2, prestart=True) as pool:
        assert pool.stats().workers == 2
        pool.resize(3, min_workers=1)
        with pytest.raises(libpool.InvalidArgumentError):
            pool.resize(1, min_workers=2)


def test_idle_threads_leave() -> None:
    stopped = threading.Event()
    with libpool.Pool(1, idle_timeout=0.001, on_thread_stop=stopped.set) as pool:
        libpool.Group(pool).submit(int)
        stopped.wait()
        while not pool.stats().workers_left:
            pass


def test_burst_workers_run_beside_tasks_that_block() -> None:
    with libpool.Pool(1, burst_workers=1) as pool, libpool.Group(pool) as group:
        other = threading.Event()

        def blocks() -> None:
            with libpool.blocking():
                other.wait()

        group.submit(blocks)
        group.submit(other.set)
