# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Waits that Ctrl-C ends.

Python runs its signal handlers on the main thread, between two of its instructions, and so not inside a wait of the
library. There the main thread therefore waits in slices; other threads, which get no KeyboardInterrupt, wait in one."""

from __future__ import annotations

import threading
import time
from typing import Callable, Optional

from ._errors import ETIMEDOUT
from ._native import FOREVER
from ._options import nanoseconds

# Twenty turns a second are some 0.02 % of a processor.
SLICE = 50_000_000

_interrupts: list[BaseException] = []


def note(exception: BaseException) -> None:
    """Called for the exceptions of tasks: a Ctrl-C that came while the main thread ran one in place of a queue place is
    meant for the main thread."""
    if isinstance(exception, KeyboardInterrupt) and _on_main_thread():
        _interrupts.append(exception)


def _on_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def wait(call: Callable[[int], int], timeout: Optional[float], *, growing: bool = False) -> int:
    """Calls call(ns), which waits for `ns` and returns a status, until it returns another one than ETIMEDOUT or
    `timeout` seconds are over (None: never). With `growing` a slice is as long as all before it together: for lines,
    where each has to stand at the end anew."""
    remaining = nanoseconds(timeout)
    if not _on_main_thread():
        return call(remaining)
    deadline = None if remaining == FOREVER else time.monotonic_ns() + remaining
    length = SLICE
    while True:
        status = call(min(length, remaining))
        if _interrupts:
            raise _interrupts.pop()
        if status != ETIMEDOUT:
            return status
        if deadline is not None:
            remaining = deadline - time.monotonic_ns()
            if remaining <= 0:
                return status
        if growing:
            length *= 2
