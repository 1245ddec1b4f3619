# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""What a status of the library becomes in Python."""

from __future__ import annotations

import concurrent.futures
import enum
import queue

from ._native import lib


class Status(enum.IntEnum):
    """What a function of the library returns. The values never change."""

    OK = 0
    EINVAL = -1
    EBADHANDLE = -2
    ENOMEM = -3
    ETHREAD = -4
    EFULL = -5
    ETIMEDOUT = -6
    ECLOSED = -7
    ECANCELED = -8
    EDEADLK = -9
    EFORKED = -10
    EBUSY = -11
    EFAILED = -12
    EINTERNAL = -13


# As plain integers, for the paths that every task takes.
OK = 0
EBADHANDLE = int(Status.EBADHANDLE)
ETIMEDOUT = int(Status.ETIMEDOUT)
ECLOSED = int(Status.ECLOSED)
ECANCELED = int(Status.ECANCELED)
EFORKED = int(Status.EFORKED)
EBUSY = int(Status.EBUSY)
EFAILED = int(Status.EFAILED)
EFULL = int(Status.EFULL)


class PoolError(Exception):
    """Any failure of the library. `status` says which."""

    status = Status.EINTERNAL


class InvalidArgumentError(PoolError, ValueError):
    """An argument or option is out of its range; the log names the option."""

    status = Status.EINVAL


class HandleError(PoolError, ValueError):
    """The pool, group, job or timer is over, or was closed."""

    status = Status.EBADHANDLE


class NoMemoryError(PoolError, MemoryError):
    """No memory, or too many objects of the kind are alive; nothing has changed."""

    status = Status.ENOMEM


class NoThreadError(PoolError, RuntimeError):
    """The system gave no thread."""

    status = Status.ETHREAD


class QueueFullError(PoolError, queue.Full):
    """Refused by the overflow policy."""

    status = Status.EFULL


class PoolTimeoutError(PoolError, TimeoutError):
    """The time-out is over."""

    status = Status.ETIMEDOUT


class ClosedError(PoolError, RuntimeError):
    """The pool is shutting down, the interpreter is, or the object went away during the call."""

    status = Status.ECLOSED


class CancelledError(PoolError, concurrent.futures.CancelledError):
    """The group or the job was cancelled before the task started."""

    status = Status.ECANCELED


class DeadlockError(PoolError, RuntimeError):
    """The call would wait for the very task, callback or pool that it is called from."""

    status = Status.EDEADLK


class ForkedError(PoolError, RuntimeError):
    """The object belongs to the parent of this process."""

    status = Status.EFORKED


class BusyError(PoolError, RuntimeError):
    """The object is in use: unfinished tasks, waiting threads, or the default pool."""

    status = Status.EBUSY


class TaskFailedError(PoolError):
    """A task of the group failed or was discarded.

    `code` and `text` are those of the first failure (0 and "" if a task was only discarded). If that was an exception
    of a Python task, it is the `__cause__`, with its traceback.
    """

    status = Status.EFAILED

    def __init__(self, message: str, code: int = 0, text: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.text = text


class InternalError(PoolError):
    """A defect of the library; please report it."""


_classes: dict[int, type[PoolError]] = {int(kind.status): kind for kind in PoolError.__subclasses__()}


def error(status: int) -> PoolError:
    """Returns the exception for a status that is not OK."""
    text = lib.pool_status_str(status).decode()
    name = lib.pool_status_name(status).decode()
    return _classes.get(status, InternalError)(f"{text} ({name})")


def check(status: int) -> None:
    """Raises if a call did not succeed."""
    if status:
        raise error(status)
