# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""How the library calls Python.

There is one C function of each kind for the whole process. What the library passes to it as context is the id() of an
object that `live` keeps alive: from before the submit until the library gives the context back. An unknown key would be
a KeyError, never a stray pointer.

A worker is a thread that Python did not make. It gets a thread state when it starts and keeps it until it stops, so
that threading.local works, and a task does not pay for making one.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
import threading
from typing import Any, Callable, Optional, Protocol

from . import _native
from ._native import lib
from ._waiting import note

# The code of a task that an exception has ended: "Py".
PYTHON_EXCEPTION = 0x5079


class Runs(Protocol):
    """What `live` has for a task."""

    def run(self) -> int:
        """Runs the task and returns its code. Must not raise."""


class Told(Runs, Protocol):
    """The same, for one that is told of its end."""

    def drop(self) -> None:
        """Called once, after the run or in its place. Must not raise."""


live: dict[int, Any] = {}


class Borrowed:
    """Contexts of C tasks: objects that have to live until the library drops their addresses. Several tasks may have
    the same one, since the address is all that a drop is told."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a garbage collection inside may submit, too
        self._held: dict[int, list[object]] = {}

    def forked(self) -> None:
        self._lock = threading.RLock()  # the old one may be held by a thread that is not there

    def add(self, key: int, owner: object) -> None:
        with self._lock:
            self._held.setdefault(key, []).append(owner)

    def remove(self, key: int) -> None:
        with self._lock:
            owners = self._held[key]
            owner = owners.pop()
            if not owners:
                del self._held[key]
        del owner  # outside of the lock: its end may run anything


borrowed = Borrowed()
os.register_at_fork(after_in_child=borrowed.forked)


def _run(key: int) -> int:
    task: Runs = live[key]
    return task.run()


def _drop_told(key: int) -> None:
    task: Told = live.pop(key)
    task.drop()


def _run_job(key: int, _result: Optional[int]) -> int:
    task: Runs = live[key]
    return task.run()


def _notify(key: int, _outcome: int) -> None:
    callback: Callable[[], object] = live.pop(key)
    callback()


def _thread_start(key: int) -> None:
    hooks: ThreadHooks = live[key]
    hooks.start()


def _thread_stop(key: int) -> None:
    hooks: ThreadHooks = live[key]
    hooks.stop()


def _log(key: int, level: int, message: bytes) -> None:
    log: Callable[[int, str], object] = live[key]
    log(level, message.decode(errors="replace"))


def address(function: Any) -> int:
    """Returns where a ctypes function pointer points to."""
    return ctypes.cast(function, ctypes.c_void_p).value or 0


_trampolines = (
    _native.TaskFn(_run),
    # For tasks that have nothing to say when they are over: a function of C's, not of Python's.
    _native.DropFn(live.pop),
    _native.DropFn(_drop_told),
    _native.DropFn(borrowed.remove),
    _native.JobFn(_run_job),
    _native.NotifyFn(_notify),
    _native.DropFn(_thread_start),
    _native.DropFn(_thread_stop),
    _native.LogFn(_log),
)
RUN, DROP, DROP_TOLD, DROP_BORROWED, RUN_JOB, NOTIFY, THREAD_START, THREAD_STOP, LOG = map(address, _trampolines)
# The C code of these is never freed, not even when the interpreter ends: a thread may be in there.
for _trampoline in _trampolines:
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(_trampoline))


class ThreadHooks:
    """What happens on the workers of one pool when they start and stop."""

    _LOCKED = 0  # PyGILState_LOCKED: what a nested PyGILState_Ensure returns

    def __init__(
        self,
        name: str,
        on_start: Optional[Callable[[], object]],
        on_stop: Optional[Callable[[], object]],
    ) -> None:
        self._name = name
        self._numbers = itertools.count()
        self._on_start = on_start
        self._on_stop = on_stop

    def start(self) -> None:
        ctypes.pythonapi.PyGILState_Ensure()
        # For this thread, which threading did not make, it makes an object, and leaves it behind: see stop().
        threading.current_thread().name = f"{self._name}_{next(self._numbers)}"
        if self._on_start is not None:
            self._on_start()

    def stop(self) -> None:
        try:
            if self._on_stop is not None:
                self._on_stop()
        finally:
            getattr(threading, "_active", {}).pop(threading.get_ident(), None)
            ctypes.pythonapi.PyGILState_Release(self._LOCKED)


class Failures:
    """The first exception of a group's tasks."""

    __slots__ = ("first",)

    def __init__(self) -> None:
        self.first: Optional[BaseException] = None

    def add(self, exception: BaseException) -> int:
        """Makes the task that calls it a failure. Returns the task's code."""
        if self.first is None:
            self.first = exception
        return fail(exception)


def fail(exception: BaseException) -> int:
    """Makes the task that calls it a failure, with the exception's text. Returns the task's code."""
    note(exception)
    lib.pool_task_set_failure(PYTHON_EXCEPTION, _text(exception))
    return PYTHON_EXCEPTION


def _text(exception: BaseException) -> bytes:
    text = type(exception).__name__
    with contextlib.suppress(Exception):  # its __str__ may fail
        message = str(exception)
        text += f": {message}" if message else ""
    # Cut between characters, as the library would not.
    cut = text.replace("\0", " ").encode(errors="replace")[: _native.FAILURE_TEXT_MAX - 1]
    return cut.decode(errors="ignore").encode()


def without_our_frame(exception: BaseException) -> BaseException:
    """The traceback begins at the caller's function. (Our frame would keep the task, and so its arguments, alive.)"""
    traceback = exception.__traceback__
    return exception.with_traceback(traceback.tb_next if traceback is not None else None)


class Again:
    """What a task returns to be called again, see again_after() and suspend()."""

    __slots__ = ("code", "timer")

    def __init__(self, code: int, timer: Optional[_native.TimerHandle] = None) -> None:
        self.code = code
        self.timer = timer


class Task:
    """A call without a result."""

    __slots__ = ("_fn", "_args", "_kwargs", "_failures")

    def __init__(
        self, fn: Callable[..., object], args: tuple[Any, ...], kwargs: dict[str, Any], failures: Failures
    ) -> None:
        self._fn = fn
        self._args = args
        self._kwargs = kwargs
        self._failures = failures

    def run(self) -> int:
        try:
            result = self._fn(*self._args, **self._kwargs)
        except BaseException as exception:
            return self._failures.add(without_our_frame(exception))
        return result.code if isinstance(result, Again) else 0
