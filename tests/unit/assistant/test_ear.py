"""The ear of a conversation beside its machine."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.unit.live.virtual_time import now, run

from parley.assistant.ear import Ear
from parley.live.options import LiveWish


class SlowSession:
    """Says nothing until it is closed."""

    def __init__(self) -> None:
        self.is_closed = asyncio.Event()

    async def listen(self) -> Any:
        await self.is_closed.wait()
        return
        yield

    async def write(self, data: bytes) -> None:
        """Hears it."""

    async def close(self) -> None:
        self.is_closed.set()


class SlowRoom:
    """Takes its time to open."""

    def __init__(self) -> None:
        self.opened: list[SlowSession] = []

    async def open(self, user: str, wish: LiveWish) -> SlowSession:
        await asyncio.sleep(1.0)
        self.opened.append(SlowSession())
        return self.opened[-1]


def test_an_ear_that_is_closed_while_it_opens_anew_leaves_nothing_open() -> None:
    async def main() -> None:
        room: Any = SlowRoom()
        ear = Ear(room, "me", LiveWish(), lambda _: None, lambda _: None, now)
        writing = asyncio.create_task(ear.write(bytes(320)))
        await asyncio.sleep(0.5)
        await ear.close()
        await writing
        assert len(room.opened) == 1 and room.opened[0].is_closed.is_set()
        await ear.write(bytes(320))
        assert len(room.opened) == 1

    run(main())
