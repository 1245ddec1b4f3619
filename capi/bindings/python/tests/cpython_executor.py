# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Runs CPython's own tests of ThreadPoolExecutor on libpool.Executor, here and in the interpreters that they start.

What those tests look into, and what they take for granted, is provided here:
- `_threads`, and names that begin with "ThreadPoolExecutor". There a submit makes a thread, here a task that finds no
  idle worker does, a moment later: `_threads` waits until there is one for each unfinished task, or max_workers.
- The first task of an executor has begun when submit() returns, so that a cancel right afterwards leaves it alone.
- A worker is idle as soon as its future is done, so that the next submit takes the same. Here it has yet to go to sleep.
- Threads end at once when an executor was shut down without waiting, or was lost. Here they idle first."""

from __future__ import annotations

import importlib
import itertools
import os
import site
import sys
import threading
import time
import unittest
import weakref
from concurrent import futures
from pathlib import Path
from typing import Any, Callable, Optional

import libpool


class _Thread:
    """A worker as those tests see one."""

    def __init__(self) -> None:
        self.name = threading.current_thread().name
        self.stopped = threading.Event()

    def join(self) -> None:
        self.stopped.wait()


class _Threads:
    def __init__(self) -> None:
        self.all: list[_Thread] = []
        self.mine = threading.local()

    def start(self) -> None:
        self.mine.thread = _Thread()
        self.all.append(self.mine.thread)

    def stop(self) -> None:
        self.mine.thread.stopped.set()


class ThreadPoolExecutor(libpool.Executor):
    _counter = itertools.count()

    def __init__(
        self,
        max_workers: Optional[int] = None,
        thread_name_prefix: str = "",
        initializer: Optional[Callable[..., object]] = None,
        initargs: tuple[Any, ...] = (),
    ) -> None:
        threads = _Threads()

        def start() -> None:
            threads.start()
            if initializer is not None:
                initializer(*initargs)

        prefix = thread_name_prefix or f"ThreadPoolExecutor-{next(self._counter)}"
        super().__init__(max_workers, prefix, start, on_thread_stop=threads.stop, idle_timeout=2)
        self._seen = threads
        self._used = False
        self._submitted: weakref.WeakSet[futures.Future[Any]] = weakref.WeakSet()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> futures.Future[Any]:
        if self._used:
            if libpool.worker_index() < 0 and all(future.done() for future in list(self._submitted)):
                self._wait_until_idle()
            future = super().submit(fn, *args, **kwargs)
            self._submitted.add(future)
            return future
        self._used = True
        begun = threading.Event()

        def tell(*args: Any, **kwargs: Any) -> Any:
            begun.set()
            return fn(*args, **kwargs)

        future = super().submit(tell, *args, **kwargs)
        future.add_done_callback(lambda _: begun.set())
        begun.wait()
        self._submitted.add(future)
        return future

    def _wait_until_idle(self) -> None:
        while (stats := self.group.pool.stats()).workers_idle < stats.workers:
            time.sleep(0.001)

    @property
    def _threads(self) -> list[_Thread]:
        while len(self._seen.all) < min(self._max_workers, self._unfinished()):
            time.sleep(0.001)
        return list(self._seen.all)

    def _unfinished(self) -> int:
        try:
            stats = self.group.stats()
        except libpool.HandleError:  # it was shut down
            return 0
        return stats.queued + stats.running


def install() -> None:
    """Makes it concurrent.futures' own."""
    futures.ThreadPoolExecutor = ThreadPoolExecutor  # type: ignore[misc, assignment]


def main() -> bool:
    # The tests start interpreters that read no variables, but packages' .pth files.
    pth = Path(site.getsitepackages()[0], "libpool_as_concurrent_futures.pth")
    here = os.path.dirname(os.path.abspath(__file__))
    pth.write_text(
        f"import sys; sys.dont_write_bytecode = True; sys.path.append({here!r}); "
        "import cpython_executor; cpython_executor.install()\n"
    )
    try:
        install()
        cpython: Any = importlib.import_module("test.test_concurrent_futures")

        loader = unittest.defaultTestLoader
        suite = unittest.TestSuite(
            loader.loadTestsFromTestCase(each)
            for name, each in vars(cpython).items()
            if name.startswith("ThreadPool") and name.endswith(("Test", "Tests"))
        )
        result = unittest.TextTestRunner(verbosity=2 if "-v" in sys.argv else 1).run(suite)
        return result.wasSuccessful() and result.testsRun > 30 and not result.skipped
    finally:
        pth.unlink()


if __name__ == "__main__":
    # As the module that the .pth file imports, so that there is one ThreadPoolExecutor.
    import cpython_executor

    sys.exit(0 if cpython_executor.main() else 1)
