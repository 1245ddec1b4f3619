# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""What a task may ask and say, from inside."""

from __future__ import annotations

from types import TracebackType
from typing import Optional

from . import _native
from ._callbacks import Again
from ._errors import check
from ._native import lib
from ._options import nanoseconds
from ._timer import Timer


def task_cancelled() -> bool:
    """Says whether the task's group was cancelled, or its pool's shutdown cancels. False outside a task."""
    return bool(lib.pool_task_cancelled())


def worker_index() -> int:
    """Returns a small number that no other thread which runs a task of the same pool has at the moment; the same until
    the task ends. -1 outside a task."""
    return int(lib.pool_worker_index())


class blocking:
    """`with libpool.blocking():` around a call that blocks, inside a task: meanwhile another worker may run in this
    one's place, if the pool has burst_workers. Does nothing outside a task."""

    __slots__ = ()

    def __enter__(self) -> None:
        check(lib.pool_blocking_begin())

    def __exit__(
        self, kind: Optional[type[BaseException]], exception: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        lib.pool_blocking_end()


def again_after(delay: float) -> Again:
    """Hands the task back: `return libpool.again_after(1.5)` has it called again, with the same arguments, after so
    many seconds at the earliest (0: as soon as others had their turn), on any worker. Meanwhile it takes no thread and
    counts as running. Not for jobs and futures."""
    return Again(lib.pool_task_again_after(nanoseconds(delay)))


def suspend(timeout: Optional[float] = None) -> tuple[Again, Timer]:
    """Hands the task back until somebody calls fire() of the timer, for `timeout` seconds at most: return the first of
    the two from the task, after giving the second to whoever calls back."""
    timer = _native.TimerHandle()
    return Again(lib.pool_task_suspend(nanoseconds(timeout), timer)), Timer(timer)
