"""One at a time, whoever comes and goes."""

from __future__ import annotations

import asyncio

import pytest

from parley.errors import FleetClosed, WorkersBusy
from parley.fleet.turns import Turns


def test_lower_priority_first_then_first_come_and_one_at_a_time() -> None:
    async def main() -> None:
        turns, done = Turns(10), list[str]()
        at_work = 0

        async def work(name: str, priority: int) -> None:
            nonlocal at_work
            async with turns.take(priority):
                at_work += 1
                assert at_work == 1
                await asyncio.sleep(0)
                done.append(name)
                at_work -= 1

        calls = (("first", 5), ("b", 5), ("a", 1), ("c", 5))
        await asyncio.gather(*(work(name, priority) for name, priority in calls))
        assert done == ["first", "a", "b", "c"]

    asyncio.run(main())


def test_who_gives_up_leaves_the_turn_to_the_next_at_any_moment() -> None:
    async def main() -> None:
        for moments in range(6):
            turns, done = Turns(10), list[str]()

            async def work(name: str, turns: Turns = turns, done: list[str] = done) -> None:
                async with turns.take(0):
                    await asyncio.sleep(0)
                    done.append(name)

            tasks = [asyncio.create_task(work(name)) for name in ("a", "b", "c")]
            for _ in range(moments):
                await asyncio.sleep(0)
            tasks[1].cancel()
            async with asyncio.timeout(10):
                await asyncio.gather(*tasks, return_exceptions=True)
                await work("d")
            assert done[-2:] == ["c", "d"]

    asyncio.run(main())


def test_who_comes_too_late_is_refused_and_closing_ends_every_wait() -> None:
    async def main() -> None:
        turns = Turns(1)

        async def work() -> None:
            async with turns.take(0):
                await asyncio.sleep(60)

        tasks = [asyncio.create_task(work()) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(WorkersBusy):
            await work()
        turns.close()
        with pytest.raises(FleetClosed):
            await tasks[1]
        tasks[0].cancel()
        await asyncio.gather(tasks[0], return_exceptions=True)

    asyncio.run(main())
