# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""What every test is held to: it ends, and leaves nothing behind that the library could still call."""

from __future__ import annotations

import faulthandler
import gc
from collections.abc import Iterator

import pytest

import libpool
from libpool import _callbacks


def pytest_configure() -> None:
    faulthandler.dump_traceback_later(120, exit=True)


def pytest_unconfigure() -> None:
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    yield
    gc.collect()
    assert not _callbacks.live
    assert not _callbacks.borrowed._held


@pytest.fixture
def pool(nothing_is_left: None) -> Iterator[libpool.Pool]:
    """A pool of two workers."""
    with libpool.Pool(2) as pool:
        yield pool


@pytest.fixture
def lone(nothing_is_left: None) -> Iterator[libpool.Pool]:
    """A pool of one worker."""
    with libpool.Pool(1) as pool:
        yield pool
