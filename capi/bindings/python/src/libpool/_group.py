# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Group: tasks that are waited for together."""

from __future__ import annotations

import contextlib
import ctypes
import functools
from types import TracebackType
from typing import Any, Callable, Generator, Literal, NamedTuple, Optional, TypeVar, Union

from . import _callbacks, _exit, _native
from ._errors import (
    EBADHANDLE,
    EBUSY,
    ECANCELED,
    ECLOSED,
    EFAILED,
    EFORKED,
    EFULL,
    OK,
    ClosedError,
    PoolError,
    TaskFailedError,
    check,
    error,
)
from ._job import Job, submit_job
from ._native import TASK_SIZE, TaskStruct, lib
from ._options import PARENT_CURRENT, PARENT_GROUP, Overflow, nanoseconds, option_count, option_time
from ._pool import Pool
from ._timer import Timer
from ._waiting import wait

T = TypeVar("T")


class GroupStats(NamedTuple):
    """A group's counters. They are exact while it is empty."""

    submitted: int
    """Tasks accepted since the group was made."""
    succeeded: int
    """Ran and succeeded."""
    failed: int
    """Ran and did not."""
    cancelled: int
    """Dropped before they started, by a cancel."""
    queued: int
    """Not started yet."""
    running: int
    """Started and not finished."""
    discarded: int
    """Dropped before they started, at a bound."""
    waiters: int
    """Threads that wait for the group now."""


class Group:
    """A virtual pool: its own queue, limits, counters, cancel and wait, on the threads of a Pool.

    Cheap enough to make one per message. All methods may be called from any thread at any time. As a context manager a
    group waits for its tasks at the end of the block, raises if one failed, and closes; if the block raises, its tasks
    are cancelled. `await group` waits without a thread.
    """

    def __init__(
        self,
        pool: Pool,
        *,
        name: str = "",
        queue_capacity: Optional[int] = None,
        overflow: Optional[Overflow] = None,
        overflow_timeout: Optional[float] = None,
        max_concurrency: Optional[int] = None,
        weight: int = 1,
        fail_fast: bool = False,
        parent: Union[Group, Literal["current"], None] = None,
        limit_counts_suspended: bool = False,
    ) -> None:
        """Makes a group. Does not block. None is the default everywhere.

        name: for people who look into the pool.
        queue_capacity: most tasks of this group that have not started, besides the pool's bound; default none.
        overflow, overflow_timeout: as for Pool; default: what the pool says.
        max_concurrency: most tasks that run at once; 1 makes a serial queue, in the order of their submits.
        weight: share of the workers' time among groups that have work, 1 to 1,000.
        fail_fast: the first failure cancels the group.
        parent: cancelling it cancels this group; "current": the group of the task that makes this one.
        limit_counts_suspended: a task that has handed itself back keeps its place of max_concurrency.

        ValueError: an option is out of its range; ClosedError: the pool is shutting down; HandleError: it was closed.
        """
        options = _native.GroupOptions()
        check(lib.pool_group_options_init(options, ctypes.sizeof(options)))
        options.overflow = overflow or 0
        options.queue_capacity = option_count(queue_capacity, "queue_capacity")
        options.max_concurrency = option_count(max_concurrency, "max_concurrency")
        options.weight = option_count(weight, "weight")
        options.fail_fast = fail_fast
        options.limit_counts_suspended = limit_counts_suspended
        options.overflow_timeout = option_time(overflow_timeout)
        options.name = name.encode()
        if isinstance(parent, Group):
            options.parent_kind = PARENT_GROUP
            options.parent = parent._handle
        elif parent == "current":
            options.parent_kind = PARENT_CURRENT
        elif parent is not None:
            raise TypeError('parent must be a Group, "current" or None')
        self._handle: _native.GroupHandle = _native.GroupHandle()
        self._failures = _callbacks.Failures()
        self._overflow_timeout = pool._overflow_timeout if overflow_timeout is None else overflow_timeout
        check(lib.pool_group_create(pool._handle, options, self._handle))
        # Until the pool is closed it must not be lost: whoever has the group may submit.
        self.pool = pool

    # -- Submits

    def submit(self, fn: Callable[..., object], /, *args: Any, **kwargs: Any) -> None:
        """Submits fn(*args, **kwargs), whose result is dropped: see submit_job() for one. An exception makes it a
        failure, which wait() raises. At a bound the overflow policy decides; blocks only under Overflow.BLOCK.

        QueueFullError, PoolTimeoutError: refused at a bound; CancelledError: the group is cancelled; ClosedError: the
        pool or the interpreter is shutting down; NoThreadError: there is no thread and the system gives none.
        """
        check(self._submit(_callbacks.Task(fn, args, kwargs, self._failures)))

    def try_submit(self, fn: Callable[..., object], /, *args: Any, **kwargs: Any) -> bool:
        """As submit() under Overflow.REJECT: never blocks, and returns whether the task was accepted."""
        status = self._submit(_callbacks.Task(fn, args, kwargs, self._failures), overflow=Overflow.REJECT)
        if status == EFULL:
            return False
        check(status)
        return True

    def submit_after(self, delay: float, fn: Callable[..., object], /, *args: Any, **kwargs: Any) -> Timer:
        """As submit(), for a task that starts after `delay` seconds at the earliest (math.inf: when it is fired). It
        waits without a thread, and counts as queued. Returns what cancels it, or makes it due now."""
        timer = _native.TimerHandle()
        task = _callbacks.Task(fn, args, kwargs, self._failures)
        check(self._submit(task, delay=nanoseconds(delay), timer=ctypes.addressof(timer)))
        return Timer(timer)

    def submit_c(self, fn: Any, context: Any = None) -> None:
        """Submits a C function, `int32_t fn(void *)`, which runs without the GIL and without any Python: a function of
        a ctypes library, or its address. 0 is success. Otherwise as submit().

        context: a ctypes object, whose address fn gets and which is kept until the task is over; an address, which
            the caller answers for; or None.
        """
        address, owner = _context(context)
        struct = TaskStruct(TASK_SIZE, 0, _function(fn), address)
        if owner is not None:
            struct.drop = _callbacks.DROP_BORROWED
            _callbacks.borrowed.add(address, owner)
        status = self._call(struct)
        if status:
            if owner is not None:
                _callbacks.borrowed.remove(address)
            raise error(status)

    def apply_c(self, count: int, fn: Any, context: Any = None, *, grain: int = 0) -> None:
        """A parallel loop over a C function, `int32_t fn(void *, uint64_t)`: calls it for 0 to count - 1 without the
        GIL, `grain` turns at a time (0: the library chooses), on the workers and on the calling thread. `fn` and
        `context` as in submit_c(). Blocks; Ctrl-C comes afterwards. Raises as wait()."""
        address, owner = _context(context)
        self._raise(lib.pool_group_apply(self._handle, count, grain, _function(fn), address))
        del owner

    def submit_job(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Job[T]:
        """Submits fn(*args, **kwargs) and returns a Job, which has its result. Otherwise as submit(), but while it
        stands in line at a bound Ctrl-C has to wait."""
        self._refuse_at_exit()
        return submit_job(self._handle, self._failures, fn, args, kwargs)

    def _submit(
        self,
        task: _callbacks.Runs,
        *,
        drop: int = _callbacks.DROP,
        overflow: int = 0,
        delay: int = 0,
        timer: Optional[int] = None,
    ) -> int:
        key = id(task)
        _callbacks.live[key] = task
        # An exception in there may be a Ctrl-C, which comes before we learn whether the task was accepted. It stays.
        status = self._call(TaskStruct(TASK_SIZE, overflow, _callbacks.RUN, key, drop, 0, 0, delay, 0, timer))
        if status:
            del _callbacks.live[key]
        return status

    def _call(self, struct: TaskStruct) -> int:
        self._refuse_at_exit()

        def attempt(ns: int) -> int:
            struct.overflow_timeout = ns or -1
            return int(lib.pool_group_submit_task(self._handle, struct))

        return wait(attempt, self._overflow_timeout, growing=True)

    def _refuse_at_exit(self) -> None:
        if _exit.started():
            raise ClosedError("cannot submit after interpreter shutdown")

    # -- Waits

    def wait(self, timeout: Optional[float] = None) -> None:
        """Waits until the group is empty, tasks submitted by its tasks included, `timeout` seconds at most. Inside a
        task it runs tasks of the group meanwhile, elsewhere never. Ctrl-C ends it.

        TaskFailedError: a task failed or was discarded since the group was made or reset; its cause is the first
        exception. CancelledError: none of these but one was cancelled. PoolTimeoutError: not empty in time.
        DeadlockError: called from a task of the group. ClosedError: the group was closed meanwhile.
        """
        self._raise(wait(lambda ns: int(lib.pool_group_wait_for(self._handle, ns)), timeout))

    def poll(self) -> bool:
        """Says whether the group is empty. Raises as wait() if it is and not all went well. Never blocks."""
        status = lib.pool_group_poll(self._handle)
        if status == EBUSY:
            return False
        self._raise(status)
        return True

    def __await__(self) -> Generator[Any, None, None]:
        """Waits in an asyncio event loop as wait() does, told by an eventfd. A cancelled await leaves the tasks be."""
        from ._aio import Waiters  # asyncio is only for those who use it

        waiters = self.__dict__.get("_waiters") or self.__dict__.setdefault("_waiters", Waiters(self._handle))
        self._raise((yield from waiters.wait().__await__()))

    def _raise(self, status: int) -> None:
        if status != EFAILED:
            check(status)
            return
        code = ctypes.c_int32()
        buffer = ctypes.create_string_buffer(_native.FAILURE_TEXT_MAX)
        lib.pool_group_failure(self._handle, code, buffer, len(buffer))
        text = buffer.value.decode(errors="replace")
        what = f"a task failed: {text or code.value}" if code.value else "a task was discarded"
        raise TaskFailedError(what, code.value, text) from (
            self._failures.first if code.value == _callbacks.PYTHON_EXCEPTION else None
        )

    # -- The rest

    def notify(self, fn: Callable[[], object], /) -> None:
        """Calls fn() once, on a worker, when the group is next empty; at once if it is. An exception there goes to
        sys.unraisablehook. Does not block."""
        once = functools.partial(fn)  # an object of this call alone
        _callbacks.live[id(once)] = once
        status = lib.pool_group_notify(self._handle, _callbacks.NOTIFY, id(once))
        if status:
            del _callbacks.live[id(once)]
            raise error(status)

    def enter(self) -> None:
        """Counts a task of this group that is done elsewhere: running until leave(). Does not block."""
        check(lib.pool_group_enter(self._handle))

    def leave(self, code: int = 0) -> None:
        """Ends what enter() began, on any thread; a code other than 0 is a failure. ValueError: nobody is inside."""
        check(lib.pool_group_leave(self._handle, code))

    def cancel(self) -> None:
        """Cancels the group and its children until reset(): tasks that have not started are dropped, submits raise
        CancelledError, running tasks can ask task_cancelled(). Does not block."""
        check(lib.pool_group_cancel(self._handle))

    def suspend(self) -> None:
        """Starts no further task until resume(). Does not block. CancelledError: the group is cancelled."""
        check(lib.pool_group_suspend(self._handle))

    def resume(self) -> None:
        """Ends a suspension. Does not block."""
        check(lib.pool_group_resume(self._handle))

    def reset(self) -> None:
        """Makes an empty group as new: no longer cancelled, no failure. BusyError: it has unfinished tasks, or somebody
        waits for it. Does not block."""
        check(lib.pool_group_reset(self._handle))
        self._failures.first = None

    @property
    def name(self) -> str:
        """The group's name, cut to 31 bytes."""
        buffer = ctypes.create_string_buffer(32)
        check(lib.pool_group_name(self._handle, buffer, len(buffer)))
        return buffer.value.decode(errors="replace")

    def stats(self) -> GroupStats:
        """The group's counters. Does not block."""
        raw = _native.GroupStatsStruct()
        check(lib.pool_group_stats(self._handle, raw, ctypes.sizeof(raw)))
        return GroupStats(*(getattr(raw, field) for field in GroupStats._fields))

    def detach(self) -> None:
        """Lets go of the group at once: its tasks carry on, and the pool's end waits for them. Does not block."""
        check(lib.pool_group_detach(self._handle))

    def close(self) -> None:
        """Waits for the unfinished tasks, however they end, and ends the group. The second call does nothing, nor does
        one after the end of the pool or in a child of fork(). Blocks. DeadlockError: called from one of its tasks."""
        status = wait(lambda ns: int(lib.pool_group_wait_for(self._handle, ns)), None)
        if status in (OK, EFAILED, ECANCELED):
            status = lib.pool_group_destroy(self._handle)
        if status not in (OK, EBADHANDLE, ECLOSED, EFORKED):
            raise error(status)

    def __enter__(self) -> Group:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], exception: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        try:
            if exception is None:
                self.wait()
            else:
                lib.pool_group_cancel(self._handle)
        finally:
            self.close()

    async def __aenter__(self) -> Group:
        return self

    async def __aexit__(
        self, kind: Optional[type[BaseException]], exception: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        """As the end of a `with` block, without blocking. If it is cancelled, so is the group, and the tasks that run are left behind."""
        try:
            if exception is None:
                await self
            else:
                self.cancel()
                with contextlib.suppress(PoolError):
                    await self
        finally:
            # Empty by now, unless the await was cancelled.
            lib.pool_group_cancel(self._handle)
            lib.pool_group_detach(self._handle)

    def __del__(self) -> None:
        if hasattr(self, "pool"):  # it was made
            lib.pool_group_detach(self._handle)

    def __repr__(self) -> str:
        return f"<libpool.Group {self._handle.id:#x} of {self.pool!r}>"


def _function(fn: Any) -> int:
    if isinstance(fn, int):
        return fn
    if not isinstance(fn, _native.FunctionPointer):
        raise TypeError("a C function is a ctypes function pointer or an address")
    return _callbacks.address(fn)


def _context(context: Any) -> tuple[int, Optional[object]]:
    """Returns an address, and what has to be kept for it."""
    if context is None:
        return 0, None
    if isinstance(context, int):
        return context, None
    return ctypes.addressof(context), context
