# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Enumerations, and Python's values as the library wants them."""

from __future__ import annotations

import enum
from typing import Optional

from ._native import FOREVER

UNBOUNDED = 2**32 - 1
"""As a queue capacity: no bound (10**9 tasks)."""


class Overflow(enum.IntEnum):
    """What a submit does at a bound: when the group's or the pool's queue is full."""

    BLOCK = 1
    """Wait for a free place, first come first served. Inside a task of the same pool as CALLER_RUNS."""
    REJECT = 2
    """Raise QueueFullError."""
    CALLER_RUNS = 3
    """Run the task in place, on the calling thread."""
    DISCARD_OLDEST = 4
    """Drop the oldest task of the same group that has not started, and take its place."""
    DISCARD_NEWEST = 5
    """Accept the task and drop it."""


class Wake(enum.IntEnum):
    """Whether a queued task wakes an idle worker at once."""

    THRIFTY = 1
    """Not while another worker is awake and searches."""
    EAGER = 2
    """Always."""


class LogLevel(enum.IntEnum):
    """The least level of the library's log that is told."""

    INFO = 1
    WARNING = 2
    ERROR = 3
    OFF = 4


HELP_NEVER = 1
SHUTDOWN_DRAIN = 1
SHUTDOWN_CANCEL = 2
PARENT_GROUP = 1
PARENT_CURRENT = 2


def nanoseconds(seconds: Optional[float]) -> int:
    """A time of a call: None and infinity are for ever, 0 and less poll."""
    if seconds is None or seconds == float("inf"):
        return FOREVER
    if seconds <= 0:
        return 0
    return min(int(seconds * 1e9), FOREVER)


def option_time(seconds: Optional[float]) -> int:
    """A time of an option: None is the default, which is 0 in C, and 0 is none at all, which is negative there."""
    if seconds is None:
        return 0
    return nanoseconds(seconds) or -1


def option_count(count: Optional[int], name: str) -> int:
    """A number of an option, in which 0 is the default in C and None in Python."""
    if count is None:
        return 0
    if not 0 < count <= UNBOUNDED:
        raise ValueError(f"{name} must be greater than 0 and less than 2**32")
    return count
