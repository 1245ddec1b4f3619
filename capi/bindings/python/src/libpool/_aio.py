# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""`await group`: an event loop is told by the group's eventfd."""

from __future__ import annotations

import asyncio
import contextlib
import os

from . import _native
from ._errors import EBUSY, check
from ._native import lib


class Waiters:
    """Everybody who awaits one group, on whatever loop. They share one eventfd, since a group has one."""

    def __init__(self, group: _native.GroupHandle) -> None:
        self._group = group
        self._fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._set = False
        self._waiting: dict[asyncio.AbstractEventLoop, set[asyncio.Future[None]]] = {}

    async def wait(self) -> int:
        """Waits until the group is empty, and returns its outcome."""
        if not self._set:
            self._set = True
            check(lib.pool_group_set_eventfd(self._group, self._fd))
        loop = asyncio.get_running_loop()
        while True:
            # In this order: who reads the eventfd on another loop after the poll sees the future.
            future = loop.create_future()
            futures = self._waiting.setdefault(loop, set())
            futures.add(future)
            if len(futures) == 1:
                loop.add_reader(self._fd, self._tell)
            try:
                status = int(lib.pool_group_poll(self._group))
                if status != EBUSY:
                    return status
                await future
            finally:
                futures.discard(future)
                if not futures:
                    loop.remove_reader(self._fd)
                    self._waiting.pop(loop, None)

    def _tell(self) -> None:
        try:
            os.eventfd_read(self._fd)
        except BlockingIOError:
            return  # another loop was faster, and tells everybody
        for loop, futures in list(self._waiting.items()):
            for future in list(futures):
                with contextlib.suppress(RuntimeError):  # that loop was closed
                    loop.call_soon_threadsafe(_resolve, future)

    def __del__(self) -> None:
        os.close(self._fd)


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
