# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Executor: concurrent.futures on a pool."""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
from concurrent import futures
from concurrent.futures.thread import BrokenThreadPool
from typing import Any, Callable, Optional, ParamSpec, TypeVar

from . import _callbacks, _exit
from ._errors import CancelledError, ForkedError, HandleError, TaskFailedError, check
from ._group import Group
from ._options import UNBOUNDED, Overflow
from ._pool import Pool


T = TypeVar("T")
P = ParamSpec("P")

_numbers = itertools.count()
_logger = logging.getLogger("concurrent.futures")


class _State:
    """What an executor's tasks have to know of it. (They do not keep the executor itself, which ends when it is lost.)"""

    __slots__ = ("broken",)

    def __init__(self) -> None:
        self.broken: Optional[str] = None


class _WorkItem:
    """A call with a future."""

    __slots__ = ("future", "state", "_fn", "_args", "_kwargs", "_begun")

    def __init__(
        self,
        future: futures.Future[Any],
        state: _State,
        fn: Callable[..., object],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self.future = future
        self.state = state
        self._fn = fn
        self._args = args
        self._kwargs = kwargs
        self._begun = False

    def run(self) -> int:
        self._begun = True
        if not self.future.set_running_or_notify_cancel():
            return 0
        try:
            if self.state.broken:
                raise BrokenThreadPool(self.state.broken)
            result = self._fn(*self._args, **self._kwargs)
        except BaseException as exception:
            self.future.set_exception(_callbacks.without_our_frame(exception))
            return _callbacks.fail(exception)
        self.future.set_result(result)
        return 0

    def drop(self) -> None:
        if not self._begun and self.future.cancel():
            self.future.set_running_or_notify_cancel()


class Executor(futures.Executor):
    """A concurrent.futures.Executor whose tasks run on a pool: in place of ThreadPoolExecutor, with a bounded queue and
    what to do when it is full, threads that leave when they idle, and several executors on one pool.

    A future whose task was cancelled with its group, or discarded at a bound, is cancelled.
    """

    def __init__(
        self,
        max_workers: Optional[int] = None,
        thread_name_prefix: str = "",
        initializer: Optional[Callable[..., object]] = None,
        initargs: tuple[Any, ...] = (),
        *,
        pool: Optional[Pool] = None,
        queue_capacity: Optional[int] = None,
        overflow: Optional[Overflow] = None,
        overflow_timeout: Optional[float] = None,
        weight: int = 1,
        min_workers: int = 0,
        burst_workers: int = 0,
        burst_delay: Optional[float] = None,
        idle_timeout: Optional[float] = None,
        on_thread_stop: Optional[Callable[[], object]] = None,
    ) -> None:
        """The first four are as for ThreadPoolExecutor. The rest is as for Pool and Group, but the queue has no bound
        by default.

        pool: the pool to run on, which stays the caller's; default: one of the executor's own. On another's pool
            max_workers bounds the tasks that run at once (default: none), and options of threads are refused.
        """
        if max_workers is not None and max_workers <= 0:
            raise ValueError("max_workers must be greater than 0")
        if initializer is not None and not callable(initializer):
            raise TypeError("initializer must be a callable")
        self._shutdown = False
        self._state = _State()
        self._own = pool is None
        if pool is None:
            self._max_workers = max_workers or min(32, (os.cpu_count() or 1) + 4)
            pool = Pool(
                self._max_workers,
                min_workers=min_workers,
                burst_workers=burst_workers,
                burst_delay=burst_delay,
                idle_timeout=idle_timeout,
                queue_capacity=UNBOUNDED,
                name=thread_name_prefix or f"Executor-{next(_numbers)}",
                on_thread_start=_initialize(self._state, initializer, initargs),
                on_thread_stop=on_thread_stop,
            )
        elif thread_name_prefix or initializer or min_workers or burst_workers or burst_delay or idle_timeout:
            raise ValueError("the threads of a given pool are as they are")
        self._group = Group(
            pool,
            name=thread_name_prefix,
            queue_capacity=queue_capacity,
            overflow=overflow,
            overflow_timeout=overflow_timeout,
            max_concurrency=None if self._own else max_workers,
            weight=weight,
        )

    @property
    def group(self) -> Group:
        """The group that all tasks belong to: for its counters, to suspend it, to await it."""
        return self._group

    @property
    def _broken(self) -> Optional[str]:
        return self._state.broken

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> futures.Future[T]:
        """As concurrent.futures.Executor.submit(). At a bound the overflow policy decides.

        RuntimeError: after shutdown(), or the end of the interpreter has begun; BrokenThreadPool: an initializer
        failed; QueueFullError, PoolTimeoutError: refused at a bound.
        """
        if self._state.broken:
            raise BrokenThreadPool(self._state.broken)
        if self._shutdown:
            raise RuntimeError("cannot schedule new futures after shutdown")
        if _exit.started():
            raise RuntimeError("cannot schedule new futures after interpreter shutdown")
        future: futures.Future[T] = futures.Future()
        item = _WorkItem(future, self._state, fn, args, kwargs)
        check(self._group._submit(item, drop=_callbacks.DROP_TOLD))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False, timeout: Optional[float] = None) -> None:
        """As concurrent.futures.Executor.shutdown(). May be called again. A pool of the executor's own ends with it.

        PoolTimeoutError: with `wait`, not everything is finished within `timeout` seconds; call again. DeadlockError:
        with `wait`, called from one of the executor's own tasks.
        """
        self._shutdown = True
        pool = self._group.pool
        if cancel_futures:
            self._cancel()
        over = contextlib.suppress(HandleError, ForkedError)
        if self._own and (timeout is not None or not wait):
            with over:
                pool.shutdown(timeout=timeout if wait else 0)
        if self._own and wait:
            pool.close()
        if not self._own and wait:
            with over, contextlib.suppress(TaskFailedError, CancelledError):
                self._group.wait(timeout)
            self._group.close()

    def _cancel(self) -> None:
        with contextlib.suppress(HandleError, ForkedError):
            self._group.cancel()
        # Workers drop them when they come by. Whoever looks now shall see them cancelled.
        for item in list(_callbacks.live.values()):
            if isinstance(item, _WorkItem) and item.state is self._state:
                item.future.cancel()


def _initialize(
    state: _State, initializer: Optional[Callable[..., object]], initargs: tuple[Any, ...]
) -> Optional[Callable[[], None]]:
    if initializer is None:
        return None

    def initialize() -> None:
        try:
            initializer(*initargs)
        except BaseException:
            _logger.critical("Exception in initializer:", exc_info=True)
            state.broken = "A thread initializer failed, the thread pool is not usable anymore"

    return initialize
