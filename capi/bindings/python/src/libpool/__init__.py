# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""libpool: one bounded, elastic pool of worker threads, shared by many groups of tasks.

    with libpool.Pool() as pool, libpool.Group(pool) as message:
        for part in parts:
            message.submit(work, part)
    # all parts are done here, or the first failure was raised

Executor is a concurrent.futures.Executor on a pool. Every function and class is thread-safe.
"""

from ._callbacks import Again
from ._errors import (
    BusyError,
    CancelledError,
    ClosedError,
    DeadlockError,
    ForkedError,
    HandleError,
    InternalError,
    InvalidArgumentError,
    NoMemoryError,
    NoThreadError,
    PoolError,
    PoolTimeoutError,
    QueueFullError,
    Status,
    TaskFailedError,
)
from ._executor import Executor
from ._group import Group, GroupStats
from ._job import Job
from ._native import lib as _lib
from ._options import UNBOUNDED, LogLevel, Overflow, Wake
from ._pool import Pool, PoolStats
from ._task import again_after, blocking, suspend, task_cancelled, worker_index
from ._timer import Timer

library_version: str = _lib.pool_version_string().decode()
"""The version of the C library that runs, "1.0.0-dev" for example."""

__all__ = [
    "UNBOUNDED",
    "Again",
    "BusyError",
    "CancelledError",
    "ClosedError",
    "DeadlockError",
    "Executor",
    "ForkedError",
    "Group",
    "GroupStats",
    "HandleError",
    "InternalError",
    "InvalidArgumentError",
    "Job",
    "LogLevel",
    "NoMemoryError",
    "NoThreadError",
    "Overflow",
    "Pool",
    "PoolError",
    "PoolStats",
    "PoolTimeoutError",
    "QueueFullError",
    "Status",
    "TaskFailedError",
    "Timer",
    "Wake",
    "again_after",
    "blocking",
    "library_version",
    "suspend",
    "task_cancelled",
    "worker_index",
]
