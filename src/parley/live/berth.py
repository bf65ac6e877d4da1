"""Where a session sits: asks its seat, and takes another one when that is in trouble."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from parley.engines.contract import EngineSpec
from parley.live.errands import Ask, Caller, Errand, Urgency
from parley.live.lane import Lane
from parley.live.seat import Seat
from parley.wire.frames import Reply, Request

TROUBLE_S = 10.0
"""A seat that was in trouble is the last choice for so long."""


class Seats:
    """All seats: each is pools by engine. A session takes the one with the fewest."""

    def __init__(self, fleet: Caller, seats: Sequence[Mapping[str, str]], clock: Callable[[], float]) -> None:
        names = {pool for pools in seats for pool in pools.values()}
        self._lanes = {name: Lane(fleet, name) for name in sorted(names)}
        # Lanes of their own: nobody waits for what the processor takes long for.
        self._spares = {name: Lane(fleet, name, on_cpu=True) for name in self._lanes}
        self._seats = tuple(Seat(self._lanes, self._spares, pools) for pools in seats)
        self.clock = clock

    def choose(self, engines: Sequence[EngineSpec]) -> Seat | None:
        """The best seat that has all of these engines, None where there is no such."""
        able = [seat for seat in self._seats if all(seat.has(engine) for engine in engines)]
        return min(able, key=self._rank, default=None)

    def _rank(self, seat: Seat) -> tuple[bool, int, int]:
        return (self.clock() < seat.troubled_at + TROUBLE_S, seat.sessions, seat.waiting)

    async def close(self) -> None:
        """Answer everybody."""
        async with asyncio.TaskGroup() as group:
            for lane in (*self._lanes.values(), *self._spares.values()):
                group.create_task(lane.close())


class Berth:
    """One session's place."""

    def __init__(self, seats: Seats, seat: Seat, owner: str, engines: Sequence[EngineSpec]) -> None:
        self._seats = seats
        self._seat = seat
        self._engines = engines
        self._streams = 0
        self.owner = owner
        seat.sessions += 1

    async def ask(self, engine: EngineSpec, request: Request, audio_s: float, urgency: Urgency) -> Reply:
        """The answer; raises ParleyError."""
        ask = Ask(request=request, audio_s=audio_s)
        return await self.post(engine, lambda: ask, urgency).reply()

    def post(
        self,
        engine: EngineSpec,
        make: Callable[[], Ask | None],
        urgency: Urgency,
        *,
        on_cpu: bool = False,
    ) -> Errand:
        """Have something done that is made up when its turn has come."""
        return self._seat.post(self.owner, engine, make, urgency, on_cpu=on_cpu)

    def withdraw(self, errand: Errand) -> None:
        """Take back what was not begun."""
        self._seat.withdraw(errand)

    def new_stream(self) -> str:
        """A name that no stream had before."""
        self._streams += 1
        return f"{self.owner}-{self._streams}"

    @property
    def seat(self) -> Seat:
        """Where streams that are opened now live."""
        return self._seat

    def move(self, *, in_trouble: bool) -> None:
        """Something was lost here: sit where it is best now, which may be the same seat."""
        if in_trouble:
            self._seat.troubled_at = self._seats.clock()
        self._seat.sessions -= 1
        self._seat = self._seats.choose(self._engines) or self._seat
        self._seat.sessions += 1

    def leave(self) -> None:
        """The session is gone."""
        self._seat.leave(self.owner)
