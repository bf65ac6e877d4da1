"""Events wait in order; of those that say the same, the newest."""

from __future__ import annotations

import asyncio

import pytest

from parley.client import inbox as module
from parley.client.inbox import Inbox
from parley.errors import SessionIdle
from parley.speech.live import Final, Level, LiveEvent, Partial, Received, Voice


def final(number: int) -> Final:
    return Final(utterance=number, start=0.0, end=1.0, text=str(number))


def partial(number: int, text: str) -> Partial:
    return Partial(utterance=number, start=0.0, text=text)


async def drain(inbox: Inbox) -> list[LiveEvent]:
    return [event async for event in iterate(inbox)]


async def iterate(inbox: Inbox):
    while (event := await inbox.get()) is not None:
        yield event


def test_the_newest_of_its_kind_stays_and_the_rest_in_order() -> None:
    async def main() -> None:
        inbox = Inbox()
        voice = Voice(status="speech_start", time=0.1)
        for event in (
            voice,
            partial(0, "a"),
            Received(received_samples=1),
            partial(0, "a b"),
            final(0),
            Level(dbfs=-9.0),
            Received(received_samples=2),
            Level(dbfs=-9.0),
            partial(1, "c"),
            final(1),
        ):
            await inbox.put(event)
        inbox.end(None)
        told = await drain(inbox)
        assert told == [
            voice,
            final(0),
            Received(received_samples=2),
            Level(dbfs=-9.0),
            partial(1, "c"),
            final(1),
        ]

    asyncio.run(main())


def test_whoever_brings_too_much_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_UNREAD", 3)

    async def main() -> None:
        inbox = Inbox()

        async def bring() -> None:
            for number in range(10):
                await inbox.put(final(number))
            inbox.end(None)

        bringing = asyncio.create_task(bring())
        for _ in range(20):
            await asyncio.sleep(0)
        assert not bringing.done()
        assert await drain(inbox) == [final(number) for number in range(10)]
        await bringing

    asyncio.run(main())


def test_the_reason_of_the_end_comes_last_and_again() -> None:
    async def main() -> None:
        inbox = Inbox()
        await inbox.put(final(0))
        inbox.end(SessionIdle("Nothing was said."))
        assert await inbox.get() == final(0)
        for _ in range(2):
            with pytest.raises(SessionIdle):
                await inbox.get()

    asyncio.run(main())


def test_whoever_waits_is_woken() -> None:
    async def main() -> None:
        inbox = Inbox()
        waiting = asyncio.create_task(inbox.get())
        await asyncio.sleep(0)
        await inbox.put(final(0))
        assert await waiting == final(0)
        waiting = asyncio.create_task(inbox.get())
        await asyncio.sleep(0)
        inbox.end(None)
        assert await waiting is None

    asyncio.run(main())
