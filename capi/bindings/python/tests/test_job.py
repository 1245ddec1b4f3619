# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
from __future__ import annotations

import concurrent.futures
import traceback
import weakref

import pytest
from gate import Gate

import libpool
from libpool import _callbacks


def test_results_and_exceptions(pool: libpool.Pool) -> None:
    group = libpool.Group(pool)
    with group.submit_job(divmod, 7, 2) as good, group.submit_job(divmod, 7, 0) as bad:
        assert good.result() == (3, 1)
        assert good.exception() is None and good.done() and not good.cancelled()
        with pytest.raises(ZeroDivisionError):
            bad.result()
        assert isinstance(bad.exception(), ZeroDivisionError) and bad.done()
    with pytest.raises(libpool.TaskFailedError, match="ZeroDivisionError"):
        group.wait()
    with pytest.raises(libpool.HandleError):
        good.result()


def test_the_traceback_is_that_of_the_call(pool: libpool.Pool) -> None:
    def inner() -> None:
        raise ValueError

    job = libpool.Group(pool).submit_job(inner)
    exception = job.exception()
    assert exception is not None
    assert [frame.name for frame in traceback.extract_tb(exception.__traceback__)] == ["inner"]


def test_a_job_may_be_cancelled_before_it_starts(lone: libpool.Pool) -> None:
    group = libpool.Group(lone)
    with Gate(group):
        job = group.submit_job(pytest.fail)
        assert not job.done()
        with pytest.raises(libpool.PoolTimeoutError):
            job.wait(0.001)
        assert job.cancel() and job.cancelled() and job.done()
        assert job.cancel()
    with pytest.raises(concurrent.futures.CancelledError):
        job.result()
    finished = group.submit_job(int)
    finished.wait()
    assert not finished.cancel() and not finished.cancelled()


def test_a_job_that_runs_cannot_be_cancelled(lone: libpool.Pool) -> None:
    gate = Gate()
    with libpool.Group(lone) as group:
        job = group.submit_job(gate)
        with gate:
            assert not job.cancel()
        job.result()


def test_a_job_outlives_its_group_and_pool() -> None:
    with libpool.Pool(1) as pool, libpool.Group(pool) as group:
        job = group.submit_job(pow, 2, 10)
    assert job.result() == 1024


def test_a_job_that_is_lost_is_run(lone: libpool.Pool) -> None:
    done: list[int] = []
    held = len(_callbacks.live)
    with libpool.Group(lone) as group:
        group.submit_job(done.append, 1)
        group.submit_job(done.append, 2).close()
    assert done == [1, 2]
    assert len(_callbacks.live) == held


def test_jobs_that_are_cancelled_hold_nothing(lone: libpool.Pool) -> None:
    held = len(_callbacks.live)
    group = libpool.Group(lone)
    for _ in range(20):
        jobs = []
        with Gate(group):
            for n in range(100):
                group.submit_job(pytest.fail)
                jobs.append(group.submit_job(pytest.fail))
                if n % 2:
                    assert jobs[-1].cancel()
            group.cancel()
        with pytest.raises(libpool.CancelledError):
            group.wait()
        assert len(_callbacks.live) == held
        assert all(job.cancelled() for job in jobs)
        group.reset()


def test_a_cancelled_job_lets_go_of_its_arguments(lone: libpool.Pool) -> None:
    class Argument:
        pass

    group = libpool.Group(lone)
    group.suspend()
    argument = Argument()
    lost = weakref.ref(argument)
    with group.submit_job(id, argument) as job:
        del argument
        assert lost() is not None
        assert job.cancel()
        assert lost() is None
    group.resume()
    with pytest.raises(libpool.CancelledError):
        group.wait()


def test_waits_inside_tasks_run_the_job(lone: libpool.Pool) -> None:
    with libpool.Group(lone) as group:
        assert group.submit_job(lambda: group.submit_job(pow, 2, 3).result()).result() == 8
