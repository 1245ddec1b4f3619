# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Timer: a task that waits for its time."""

from __future__ import annotations

from . import _native
from ._errors import EBADHANDLE, EBUSY, check
from ._native import lib


class Timer:
    """A task that was submitted with a delay, or has handed itself back. It is over when the task goes on."""

    __slots__ = ("_handle",)

    def __init__(self, handle: _native.TimerHandle) -> None:
        self._handle = handle

    def cancel(self) -> bool:
        """Drops the task. Returns whether it will not run: False if it runs or has run. Does not block."""
        status = lib.pool_timer_cancel(self._handle)
        if status in (EBUSY, EBADHANDLE):
            return False
        check(status)
        return True

    def fire(self) -> bool:
        """Makes the task due now. Returns False if it has run already, or was dropped. Does not block."""
        status = lib.pool_timer_fire(self._handle)
        if status == EBADHANDLE:
            return False
        check(status)
        return True
