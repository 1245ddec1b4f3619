# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Messages with several parts each, on one pool: a group for each message, done when all its parts are.

    python examples/fanout.py [FOLDER]

A message is a file of the folder (default: Python's own library); its parts are a checksum, its size when compressed,
and its lines. Those of files that are no text fail, and only their message does."""

from __future__ import annotations

import hashlib
import os
import sys
import zlib
from pathlib import Path

import libpool


def count_lines(data: bytes) -> int:
    return data.decode("utf-8").count("\n")


def settle(message: libpool.Group, path: Path) -> bool:
    """All parts of one message, or none."""
    data = path.read_bytes()
    checksum = message.submit_job(lambda: hashlib.sha256(data).hexdigest())
    size = message.submit_job(lambda: len(zlib.compress(data)))
    lines = message.submit_job(count_lines, data)
    try:
        message.wait()  # runs the parts meanwhile, since this is a task
    except libpool.TaskFailedError as error:
        print(f"{path.name}: {error}")
        return False
    print(f"{path.name}: {checksum.result()[:8]}, {lines.result()} lines, {len(data)} bytes, {size.result()} compressed")
    return True


def handle(pool: libpool.Pool, path: Path) -> bool:
    message = libpool.Group(pool, name=path.name)
    try:
        return settle(message, path)
    finally:
        message.close()


def main() -> int:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.__file__))
    paths = sorted(path for path in folder.iterdir() if path.is_file())[:10]
    with libpool.Pool() as pool, libpool.Group(pool, queue_capacity=4) as messages:
        # Files are read four ahead at most: then the submit waits for a place.
        jobs = [messages.submit_job(handle, pool, path) for path in paths]
        messages.wait()
        good = sum(job.result() for job in jobs)
        print(f"{good} of {len(jobs)} messages, {pool.stats().workers_created} threads")
    return 0


if __name__ == "__main__":
    sys.exit(main())
