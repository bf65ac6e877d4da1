"""A crowd is let through a few at a time, in the order it came, and nobody is forgotten."""

from __future__ import annotations

import asyncio

from parley.server.socket.turnstile import TURNS_IN_A_ROUND, Turnstile


def test_a_crowd_passes_in_order_and_a_few_in_each_round() -> None:
    passed: list[int] = []
    rounds: list[int] = []

    async def main() -> None:
        turnstile = Turnstile()

        async def one(number: int) -> None:
            await turnstile.turn()
            passed.append(number)

        crowd = asyncio.gather(*(one(number) for number in range(50)))
        while not crowd.done():
            before = len(passed)
            await asyncio.sleep(0)
            rounds.append(len(passed) - before)
        await crowd

    asyncio.run(main())
    assert passed == list(range(50))
    # Those let through in one round run in the next, beside those who find the way free.
    assert max(rounds) <= 2 * TURNS_IN_A_ROUND


def test_who_goes_away_takes_nobodys_turn_and_a_rest_lets_the_next_pass_at_once() -> None:
    async def main() -> None:
        turnstile = Turnstile()
        crowd = [asyncio.create_task(turnstile.turn()) for _ in range(20)]
        await asyncio.sleep(0)
        for waiting in crowd[5:15]:
            waiting.cancel()
        async with asyncio.timeout(30):
            await asyncio.gather(*crowd, return_exceptions=True)
        for _ in range(5):
            await asyncio.sleep(0)
        alone = asyncio.create_task(turnstile.turn())
        await asyncio.sleep(0)
        assert alone.done()

    asyncio.run(main())
