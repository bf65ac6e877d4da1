"""One call at a time over several pools, where the machine cannot do more."""

from __future__ import annotations

import asyncio
import itertools
from bisect import insort
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from parley.errors import FleetClosed, WorkersBusy


@dataclass(frozen=True, slots=True, order=True)
class _Place:
    priority: int
    number: int
    turn: asyncio.Future[None] = field(compare=False)


class Turns:
    """Lower priority first, then first come. Bounded; who comes too late is refused."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._line: list[_Place] = []
        self._numbers = itertools.count()
        self._is_taken = False

    @asynccontextmanager
    async def take(self, priority: int) -> AsyncGenerator[None]:
        """Wait for a turn and have it; raises WorkersBusy or FleetClosed."""
        await self._await_turn(priority)
        try:
            yield
        finally:
            self._pass_on()

    async def _await_turn(self, priority: int) -> None:
        if not self._is_taken:
            self._is_taken = True
            return
        if len(self._line) >= self._limit:
            raise WorkersBusy("Too many calls wait for their turn; try again later.")
        turn = asyncio.get_running_loop().create_future()
        place = _Place(priority, next(self._numbers), turn)
        insort(self._line, place)
        try:
            await turn
        except asyncio.CancelledError:
            if place in self._line:
                self._line.remove(place)
            elif not turn.cancelled():
                # It was given the turn in the moment in which nobody wanted it any more.
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        while self._line:
            turn = self._line.pop(0).turn
            if not turn.done():
                turn.set_result(None)
                return
        self._is_taken = False

    def close(self) -> None:
        """Refuse all who wait."""
        for place in self._line:
            if not place.turn.done():
                place.turn.set_exception(
                    FleetClosed("The workers are being stopped; the work was not finished.")
                )
        self._line.clear()
