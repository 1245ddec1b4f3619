# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Functions of C as tasks: those of the C library that take one pointer and return an int."""

from __future__ import annotations

import ctypes
import gc
import weakref

import pytest

import libpool

libc = ctypes.CDLL(None)


class Semaphore(ctypes.Structure):
    _fields_ = [("opaque", ctypes.c_uint64 * 4)]

    def __init__(self) -> None:
        libc.sem_init(ctypes.byref(self), 0, 0)

    @property
    def value(self) -> int:
        value = ctypes.c_int()
        libc.sem_getvalue(ctypes.byref(self), ctypes.byref(value))
        return value.value


class Barrier(ctypes.Structure):
    _fields_ = [("opaque", ctypes.c_uint64 * 4)]

    def __init__(self, count: int) -> None:
        libc.pthread_barrier_init(ctypes.byref(self), None, count)


def test_a_c_function_gets_its_context(pool: libpool.Pool) -> None:
    semaphore = Semaphore()
    with libpool.Group(pool) as group:
        group.submit_c(libc.sem_post, semaphore)
        group.submit_c(ctypes.cast(libc.sem_post, ctypes.c_void_p).value, ctypes.addressof(semaphore))
    assert semaphore.value == 2


def test_contexts_live_until_their_tasks_are_over(lone: libpool.Pool) -> None:
    semaphore = Semaphore()
    gone = weakref.ref(semaphore)
    with libpool.Group(lone) as group:
        group.suspend()
        for _ in range(3):
            group.submit_c(libc.sem_post, semaphore)
        del semaphore
        gc.collect()
        kept = gone()
        assert kept is not None and kept.value == 0
        group.resume()
        group.wait()
        assert kept.value == 3
        del kept
        assert gone() is None


def test_c_tasks_run_while_others_hold_the_gil() -> None:
    # The main thread holds the GIL until the task has come, which therefore cannot need it.
    with libpool.Pool(1, min_workers=1, prestart=True) as pool, libpool.Group(pool) as group:
        group.submit(int)
        group.wait()
        barrier = Barrier(2)
        group.submit_c(libc.pthread_barrier_wait, barrier)
        ctypes.PyDLL(None).pthread_barrier_wait(ctypes.byref(barrier))
        try:
            group.wait()
        except libpool.TaskFailedError as error:
            assert error.code == -1  # PTHREAD_BARRIER_SERIAL_THREAD: the one that came last
            group.reset()


def test_c_tasks_run_at_the_same_time(pool: libpool.Pool) -> None:
    barrier = Barrier(2)
    group = libpool.Group(pool)
    group.submit_c(libc.pthread_barrier_wait, barrier)
    group.submit_c(libc.pthread_barrier_wait, barrier)
    with pytest.raises(libpool.TaskFailedError) as caught:
        group.wait()
    assert caught.value.code == -1
    assert group.stats()[1:3] == (1, 1)


def test_a_refused_context_is_let_go_of(pool: libpool.Pool) -> None:
    group = libpool.Group(pool)
    group.cancel()
    with pytest.raises(libpool.CancelledError):
        group.submit_c(libc.sem_post, Semaphore())
    with pytest.raises(libpool.CancelledError):
        group.apply_c(3, libc.sem_post, Semaphore())
    with pytest.raises(libpool.InvalidArgumentError):
        libpool.Group(pool).submit_c(0)
    with pytest.raises(TypeError):
        libpool.Group(pool).submit_c("sem_post")


def test_parallel_loops(pool: libpool.Pool) -> None:
    semaphore = Semaphore()
    with libpool.Group(pool) as group:
        group.apply_c(1000, libc.sem_post, semaphore, grain=10)
    assert semaphore.value == 1000
