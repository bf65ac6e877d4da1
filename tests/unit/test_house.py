"""What the whole server does about trouble of its rooms."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from parley.app import house as app
from parley.errors import DiskFull, ParleyError, UndecodableMedia
from parley.fleet.health import FleetHealth
from parley.jobs.books import DeskStats
from parley.settings import Settings


class Rooms:
    """A fleet that cannot be warmed, and a desk with nothing to do."""

    def __init__(self, errors: list[ParleyError]) -> None:
        self.errors = errors
        self.engines: dict[str, Any] = {}
        self.for_recordings = self.engines

    async def warm(self, *engines: str) -> None:
        if self.errors:
            raise self.errors[0]

    def health(self) -> FleetHealth:
        return FleetHealth(pools=())

    def stats(self) -> DeskStats:
        return DeskStats(
            waiting=0, running=0, oldest_waiting_s=0, ended={}, cache_hits=0, cache_misses=0, s_per_byte=0
        )


def test_who_asks_whether_the_server_is_ready_hears_why_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "_WARM_AGAIN_S", 0.01)
    rooms = cast("Any", Rooms([UndecodableMedia("The model is damaged; install it again.")]))
    house = app.House(
        settings=Settings(),
        profile=rooms,
        store=rooms,
        fleet=rooms,
        desk=rooms,
        reception=rooms,
        live=rooms,
        synthesis=rooms,
        assistant=rooms,
        metrics=rooms,
    )

    async def main() -> None:
        assert house.unready() == ["the models are being loaded"]
        loading = asyncio.create_task(app._until_loaded(house))
        async with asyncio.timeout(30):
            while not house.trouble:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            [reason] = house.unready()
            assert "The model is damaged; install it again." in reason
            rooms.errors.clear()
            await loading
        assert house.unready() == []

    asyncio.run(main())


def test_sweeping_goes_on_whatever_happens() -> None:
    mishaps: list[Exception] = [DiskFull("x"), KeyError("a bug")]

    async def main() -> None:
        swept = asyncio.Event()

        async def sweep() -> None:
            if mishaps:
                raise mishaps.pop(0)
            swept.set()

        sweeping = asyncio.create_task(app._every(0.01, sweep))
        async with asyncio.timeout(30):
            await swept.wait()
        sweeping.cancel()

    asyncio.run(main())
