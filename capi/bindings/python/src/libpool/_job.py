# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Job: a task whose outcome somebody wants to have."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Callable, Generic, Optional, TypeVar, cast

from . import _callbacks, _native
from ._errors import EBUSY, ECANCELED, EFAILED, OK, TaskFailedError, check, error
from ._native import lib
from ._waiting import wait

T = TypeVar("T")


class _Call:
    """The function until it is run, then its outcome."""

    __slots__ = ("_call", "_failures", "value", "exception")

    def __init__(self, call: tuple[Callable[..., object], tuple[Any, ...], dict[str, Any]], failures: _callbacks.Failures) -> None:
        self._call: Optional[tuple[Callable[..., object], tuple[Any, ...], dict[str, Any]]] = call
        self._failures = failures
        self.value: object = None
        self.exception: Optional[BaseException] = None

    def forget(self) -> None:
        """Lets go of the function and its arguments. Requires: it will not be run."""
        self._call = None

    def run(self) -> int:
        assert self._call is not None
        fn, args, kwargs = self._call
        self._call = None
        try:
            self.value = fn(*args, **kwargs)
        except BaseException as exception:
            self.exception = _callbacks.without_our_frame(exception)
            return self._failures.add(exception)
        return 0


class Job(Generic[T]):
    """A submitted call with an outcome of its own, which outlives its group and its pool. Made by Group.submit_job().

    All methods may be called from any thread. A context manager; its end is close(). One that is lost is closed.
    """

    __slots__ = ("_handle", "_call", "__weakref__")

    def __init__(self, handle: _native.JobHandle, call: _Call) -> None:
        self._handle = handle
        self._call = call

    def wait(self, timeout: Optional[float] = None) -> None:
        """Waits until the job is finished, however it ends, and for nothing else. Inside a task, one that has not
        started is run by the caller. Ctrl-C ends it. PoolTimeoutError: not finished within `timeout` seconds;
        DeadlockError: called from the job itself; HandleError: it is closed."""
        self._settled(timeout)

    def result(self, timeout: Optional[float] = None) -> T:
        """Waits as wait() does and returns what the call returned, or raises what it raised. CancelledError: it was
        cancelled; TaskFailedError: it was discarded at a bound."""
        self._settled(timeout)
        exception = self.exception()
        if exception is not None:
            try:
                raise exception
            finally:
                del exception  # no cycle with our frame
        return cast(T, self._call.value)

    def exception(self, timeout: Optional[float] = None) -> Optional[BaseException]:
        """Waits as wait() does and returns what result() would raise, or None."""
        status = self._settled(timeout)
        if self._call.exception is not None:
            return self._call.exception
        if status == EFAILED:
            return TaskFailedError("the job was discarded")
        return error(status) if status else None

    def done(self) -> bool:
        """Says whether the job is finished or will never run. Never blocks."""
        status = lib.pool_job_status(self._handle, None)
        if status in (OK, EFAILED, ECANCELED):
            return True
        if status != EBUSY:
            raise error(status)
        return False

    def cancelled(self) -> bool:
        """Says whether the job was cancelled before it started. Never blocks."""
        return bool(lib.pool_job_status(self._handle, None) == ECANCELED)

    def cancel(self) -> bool:
        """Cancels the job if it has not started. Returns whether it will not run. Does not block."""
        status = lib.pool_job_cancel(self._handle)
        if status == EBUSY:
            return self.cancelled()
        check(status)
        self._call.forget()
        return True

    def close(self) -> None:
        """Ends the handle; the job is run all the same. May be called again. Does not block."""
        lib.pool_job_release(self._handle)

    def _settled(self, timeout: Optional[float]) -> int:
        status = wait(lambda ns: int(lib.pool_job_wait_for(self._handle, ns)), timeout)
        if status not in (OK, EFAILED, ECANCELED):
            raise error(status)
        return status

    def __enter__(self) -> Job[T]:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], exception: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


def submit_job(
    group: _native.GroupHandle,
    failures: _callbacks.Failures,
    fn: Callable[..., T],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Job[T]:
    """Group.submit_job()."""
    call = _Call((fn, args, kwargs), failures)
    handle = _native.JobHandle()
    _callbacks.live[id(call)] = call
    status = lib.pool_group_submit_job(group, _callbacks.RUN_JOB, id(call), _callbacks.DROP, None, handle)
    if status:
        del _callbacks.live[id(call)]
        raise error(status)
    return Job(handle, call)
