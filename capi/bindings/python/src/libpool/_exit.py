# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""The end of the interpreter, and of pools that nobody has closed.

From some moment of its end on Python lets no other thread in: whoever comes is ended, or hangs. Before that moment,
where concurrent.futures waits for its threads too, all pools are drained and ended, so that no worker is left to come.
What a user sees: tasks that were submitted are run; submits that come later raise ClosedError. The first Ctrl-C then
drops what has not started, a second one ends the process."""

from __future__ import annotations

import atexit
import signal
import sys
import threading
from typing import Any, Callable

from . import _callbacks
from ._errors import ETIMEDOUT, OK
from ._native import PoolHandle, lib
from ._options import SHUTDOWN_CANCEL, SHUTDOWN_DRAIN
from ._waiting import wait

_open: dict[int, tuple[PoolHandle, list[object]]] = {}
_abandoned: dict[int, PoolHandle] = {}
_started = False


def started() -> bool:
    """Whether the interpreter is ending."""
    return _started


def opened(handle: PoolHandle, kept: list[object]) -> None:
    """Notes a new pool, and what `live` has for it."""
    _open[handle.id] = handle, kept


def closed(handle: PoolHandle) -> None:
    """Notes that a pool has ended."""
    _abandoned.pop(handle.id, None)
    entry = _open.pop(handle.id, None)
    if entry is not None:
        forget(entry[1])


def forget(kept: list[object]) -> None:
    """Lets go of what a pool has in `live`."""
    for each in kept:
        _callbacks.live.pop(id(each), None)


def abandon(handle: PoolHandle) -> None:
    """Closes a pool that nobody has any more. Called by the garbage collector, so maybe inside one of the pool's own
    tasks: it cannot wait."""
    if lib.pool_shutdown(handle, SHUTDOWN_DRAIN, 0) in (OK, ETIMEDOUT):
        _abandoned[handle.id] = handle
        reap()
    else:
        closed(handle)


def reap() -> None:
    """Ends the abandoned pools whose tasks are finished."""
    for handle in list(_abandoned.values()):
        if lib.pool_shutdown(handle, SHUTDOWN_DRAIN, 0) == OK and lib.pool_destroy(handle) == OK:
            closed(handle)


def _each(mode: int, wait_for: Callable[[Callable[[int], int]], Any]) -> None:
    for handle, _ in list(_open.values()):
        wait_for(lambda ns, handle=handle: int(lib.pool_shutdown(handle, mode, ns)))  # type: ignore[misc]


def _end() -> None:
    global _started
    _started = True
    try:
        _each(SHUTDOWN_DRAIN, lambda shutdown: wait(shutdown, None))
    except KeyboardInterrupt:
        _each(SHUTDOWN_CANCEL, lambda shutdown: shutdown(0))
        try:
            _each(SHUTDOWN_CANCEL, lambda shutdown: wait(shutdown, None))
        except KeyboardInterrupt:
            # A worker that Python ended now would still have a drop to call, and must not be ended in there.
            sys.stdout.flush()
            sys.stderr.flush()
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.raise_signal(signal.SIGINT)
        raise
    finally:
        for handle, _ in list(_open.values()):
            if lib.pool_shutdown(handle, SHUTDOWN_CANCEL, 0) == OK:
                lib.pool_destroy(handle)
                closed(handle)


try:
    # Not documented, but what concurrent.futures uses: atexit comes after threads have been waited for.
    threading._register_atexit(_end)  # type: ignore[attr-defined]
except (AttributeError, RuntimeError):
    atexit.register(_end)
