# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""A task that the test lets through."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Optional

import libpool


class Gate:
    """Submit it: the task stands at the gate until the end of the `with` block, which begins when it has come."""

    def __init__(self, group: Optional[libpool.Group] = None) -> None:
        self._reached = threading.Event()
        self._open = threading.Event()
        self._group = group

    def __call__(self) -> None:
        self._reached.set()
        self._open.wait()

    def open(self) -> None:
        self._open.set()

    def __enter__(self) -> Gate:
        """Occupies a worker, through the group."""
        if self._group is not None:
            self._group.submit(self)
        self._reached.wait()
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], exception: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.open()
