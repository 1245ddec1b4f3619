# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
from __future__ import annotations

import asyncio
import threading

import pytest
from gate import Gate

import libpool


def test_await_a_group(pool: libpool.Pool) -> None:
    async def main() -> None:
        done: list[int] = []
        async with libpool.Group(pool) as group:
            gate = Gate()
            group.submit(gate)
            group.submit(done.append, 1)
            waiting = asyncio.ensure_future(wait_for(group))
            with gate:
                await asyncio.sleep(0)
                assert not waiting.done()
            await waiting
            assert group.poll() and done == [1]
            for i in range(100):  # again and again
                group.submit(done.append, i)
                await group
                assert len(done) == i + 2
        with pytest.raises(libpool.HandleError):
            group.poll()

    asyncio.run(main())


async def wait_for(group: libpool.Group) -> None:
    await group


def test_an_await_raises_as_a_wait(pool: libpool.Pool) -> None:
    async def main() -> None:
        with pytest.raises(libpool.TaskFailedError, match="ZeroDivisionError"):
            async with libpool.Group(pool) as group:
                group.submit(divmod, 1, 0)
        with pytest.raises(libpool.HandleError):
            await group

    asyncio.run(main())


def test_a_cancelled_await_leaves_the_tasks_be(pool: libpool.Pool) -> None:
    async def main() -> None:
        group = libpool.Group(pool)
        gate = Gate()
        group.submit(gate)
        with gate:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(wait_for(group), 0.01)
        await group
        assert group.stats().succeeded == 1

    asyncio.run(main())


def test_a_block_that_raises_cancels(lone: libpool.Pool) -> None:
    async def main() -> None:
        gate = Gate()
        with pytest.raises(ZeroDivisionError):
            async with libpool.Group(lone) as group:
                group.submit(gate)
                group.submit(pytest.fail)
                with gate:
                    group.cancel()
                1 / 0

    asyncio.run(main())


def test_several_loops_await_one_group(pool: libpool.Pool) -> None:
    for _ in range(30):
        group = libpool.Group(pool)
        gate = Gate()
        group.submit(gate)
        ready = threading.Barrier(4)

        async def main() -> None:
            ready.wait()
            await asyncio.gather(wait_for(group), wait_for(group))

        threads = [threading.Thread(target=lambda: asyncio.run(main())) for _ in range(3)]
        for thread in threads:
            thread.start()
        with gate:
            ready.wait()
        for thread in threads:
            thread.join()


def test_an_executor_serves_an_event_loop() -> None:
    async def main() -> None:
        with libpool.Executor(2) as executor:
            loop = asyncio.get_running_loop()
            calls = [loop.run_in_executor(executor, pow, 2, i) for i in range(10)]
            assert await asyncio.gather(*calls) == [2**i for i in range(10)]

    asyncio.run(main())
