# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Pool: the worker threads."""

from __future__ import annotations

import ctypes
import itertools
import weakref
from types import TracebackType
from typing import Callable, NamedTuple, Optional

from . import _callbacks, _exit, _native
from ._errors import EBADHANDLE, EFORKED, ETIMEDOUT, OK, ClosedError, check, error
from ._native import lib
from ._options import HELP_NEVER, SHUTDOWN_CANCEL, SHUTDOWN_DRAIN, LogLevel, Overflow, Wake, option_count, option_time
from ._waiting import wait

_numbers = itertools.count()


class PoolStats(NamedTuple):
    """What a pool is doing. Each number is right for some moment during the call."""

    workers: int
    """Threads now,"""
    workers_idle: int
    """of these, parked,"""
    workers_peak: int
    """and most threads at once so far."""
    queued: int
    """Tasks that were accepted and have not started, over all groups."""
    running: int
    """Tasks that have started and are not finished."""
    workers_created: int
    """Threads so far,"""
    workers_left: int
    """and how many of these are gone again."""
    blocked: int
    """Submits that stood in line at a bound,"""
    rejected: int
    """and that were refused there, so far."""
    caller_runs: int
    """Tasks that were run in place of a queue place,"""
    discarded: int
    """and that were discarded at a bound, so far."""
    workers_blocked: int
    """Threads inside blocking() now,"""
    workers_burst: int
    """and threads above max_workers."""
    finished: int
    """Tasks that are over, so far;"""
    failed: int
    """of these failed,"""
    cancelled: int
    """were cancelled before they started,"""
    helps: int
    """and were run by threads that wait."""
    wakes: int
    """Threads that were woken since there was work, so far."""
    steals: int
    """Tasks that one thread had claimed and another one took over, so far."""


class Pool:
    """A bounded, elastic pool of worker threads, shared by many groups of tasks.

    No thread is started before the first submit. All methods may be called from any thread at any time. A pool is a
    context manager; its end is close().

    An interpreter that ends runs what was submitted to all pools first, as it does with concurrent.futures.
    """

    def __init__(
        self,
        max_workers: Optional[int] = None,
        *,
        min_workers: int = 0,
        burst_workers: int = 0,
        prestart: bool = False,
        queue_capacity: Optional[int] = None,
        overflow: Optional[Overflow] = None,
        overflow_timeout: Optional[float] = None,
        idle_timeout: Optional[float] = None,
        burst_delay: Optional[float] = None,
        wake: Optional[Wake] = None,
        stack_size: int = 0,
        name: Optional[str] = None,
        on_thread_start: Optional[Callable[[], object]] = None,
        on_thread_stop: Optional[Callable[[], object]] = None,
        log: Optional[Callable[[int, str], object]] = None,
        log_level: Optional[LogLevel] = None,
    ) -> None:
        """Makes a pool. None is the default everywhere; times are seconds, 0 is none and math.inf for ever.

        max_workers: most threads; default: the CPUs this process may use.
        min_workers: threads that are kept even when idle; with `prestart` they are started now.
        burst_workers: further threads for a while: when tasks have waited for `burst_delay` (default 0.01) without any
            being started, or while workers are inside blocking().
        queue_capacity: most tasks that have not started, over all groups; default 65,536, see UNBOUNDED.
        overflow: what a submit does at that bound; default Overflow.BLOCK, for `overflow_timeout` (default: for ever).
        idle_timeout: after so long an idle thread above min_workers leaves; default 10.
        stack_size: bytes of a worker's stack; default: what the system gives.
        name: workers are called "NAME_0", "NAME_1" and so on in Python. Default "pool-N".
        on_thread_start, on_thread_stop: called on each worker before its first and after its last task. An exception
            there goes to sys.unraisablehook.
        log: is called with a level and a line of the library's log, from any thread, and must not call the library;
            default: standard error.

        ValueError: an option is out of its range; NoMemoryError: also if 1,024 pools are alive; NoThreadError: the
        system gave no thread for `prestart`; ClosedError: the interpreter is ending.
        """
        if _exit.started():
            raise ClosedError("cannot make a pool after interpreter shutdown")
        _exit.reap()
        name = name or f"pool-{next(_numbers)}"
        hooks = _callbacks.ThreadHooks(name, on_thread_start, on_thread_stop)
        kept: list[object] = [hooks]
        options = _native.PoolOptions()
        check(lib.pool_options_init(options, ctypes.sizeof(options)))
        options.min_workers = min_workers
        options.max_workers = option_count(max_workers, "max_workers")
        options.burst_workers = burst_workers
        options.prestart = prestart
        options.queue_capacity = option_count(queue_capacity, "queue_capacity")
        options.overflow = overflow or 0
        options.overflow_timeout = option_time(overflow_timeout)
        options.idle_timeout = option_time(idle_timeout)
        options.burst_delay = option_time(burst_delay)
        options.wake_policy = wake or 0
        # The main thread could not be interrupted while it runs somebody's task. Inside a task a wait always helps.
        options.help = HELP_NEVER
        options.log_level = log_level or 0
        options.stack_size = stack_size
        options.name = name.encode()
        options.on_thread_start = _callbacks.THREAD_START
        options.on_thread_stop = _callbacks.THREAD_STOP
        options.hook_user = id(hooks)
        if log is not None:
            kept.append(log)
            options.log = _callbacks.LOG
            options.log_user = id(log)
        self._handle = _native.PoolHandle()
        _callbacks.live.update((id(each), each) for each in kept)
        try:
            check(lib.pool_create(options, self._handle))
        except BaseException:
            _exit.forget(kept)
            raise
        _exit.opened(self._handle, kept)
        # Whoever loses a pool ends it, too, as soon as its tasks are finished.
        self._finalizer = weakref.finalize(self, _exit.abandon, self._handle)
        self._finalizer.atexit = False
        self._overflow_timeout = overflow_timeout
        self.name = name

    def resize(self, max_workers: Optional[int] = None, *, min_workers: int = 0) -> None:
        """Changes how many workers there are, meanings as in the constructor. Threads beyond the new bounds leave when
        their tasks are finished. Does not block."""
        check(lib.pool_resize(self._handle, min_workers, option_count(max_workers, "max_workers")))

    def stats(self) -> PoolStats:
        """Says what the pool is doing now. Does not block."""
        raw = _native.PoolStatsStruct()
        check(lib.pool_stats(self._handle, raw, ctypes.sizeof(raw)))
        return PoolStats(*(getattr(raw, field) for field in PoolStats._fields))

    def shutdown(self, *, cancel: bool = False, timeout: Optional[float] = None) -> None:
        """Closes the pool to everybody but its own tasks, runs what was submitted (with `cancel`: drops what has not
        started) and ends the threads. May be called again. Blocks for `timeout` seconds at most; 0 only closes.

        PoolTimeoutError: not everything is finished; the pool stays closed, call again. DeadlockError: called from one
        of the pool's own tasks, and not with 0.
        """
        mode = SHUTDOWN_CANCEL if cancel else SHUTDOWN_DRAIN
        status = wait(lambda ns: int(lib.pool_shutdown(self._handle, mode, ns)), timeout)
        if status == ETIMEDOUT and timeout is not None and timeout <= 0:
            return
        check(status)

    def close(self) -> None:
        """Runs what was submitted, then ends the pool and its groups. The second call does nothing, nor does one in a
        child of fork(). Blocks. DeadlockError: called from one of the pool's own tasks."""
        status = wait(lambda ns: int(lib.pool_shutdown(self._handle, SHUTDOWN_DRAIN, ns)), None)
        if status == OK:
            status = lib.pool_destroy(self._handle)
        if status not in (OK, EBADHANDLE, EFORKED):
            raise error(status)
        self._finalizer.detach()
        _exit.closed(self._handle)

    def __enter__(self) -> Pool:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], exception: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        """close(), after an exception too."""
        self.close()

    def __repr__(self) -> str:
        return f"<libpool.Pool {self.name!r}>"
