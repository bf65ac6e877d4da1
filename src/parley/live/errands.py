"""What sessions ask of a seat: errands, which wait in a line of its own so that they can be taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

from parley.engines.contract import EngineSpec
from parley.errors import EngineFailed, ParleyError
from parley.fleet.fleet import Answer
from parley.wire.frames import Reply, Request


class Urgency(IntEnum):
    """Who goes first at a seat."""

    LISTENING = 0
    FINAL = 1
    PARTIAL = 2


class Caller(Protocol):
    """What a seat needs of the fleet."""

    async def call(
        self,
        engine: str,
        request: Request,
        audio_s: float,
        on_progress: Callable[[float], None] | None = None,
        priority: int = 0,
        *,
        on_cpu: bool = False,
        pool: str | None = None,
    ) -> Answer:
        """See `Fleet.call`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request, and the seconds of audio that its deadline goes by."""

    request: Request
    audio_s: float


@dataclass(slots=True, kw_only=True, eq=False)
class Errand:
    """One thing to be done for `owner`, a session.

    What is asked is made up when its turn has come, by `make`, so that it is no older than that; None
    then means that nothing is to be done any more. The answer is None where it was never asked. `took_s` is
    its share of the time that its call took.
    """

    owner: str
    engine: EngineSpec
    make: Callable[[], Ask | None]
    urgency: Urgency
    number: int
    took_s: float = 0.0
    answer: asyncio.Future[Reply | None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    async def reply(self) -> Reply:
        """The answer to what is asked in any case; raises ParleyError."""
        reply = await self.answer
        if reply is None:
            raise EngineFailed("The engine was not asked; try again.")
        return reply

    @property
    def place(self) -> tuple[int, int]:
        """By urgency, then first come."""
        return (self.urgency, self.number)

    @property
    def is_settled(self) -> bool:
        """Whether it was answered, or nobody waits for it any more."""
        return self.answer.done()

    def succeed(self, reply: Reply | None) -> None:
        """Give the answer to who waits."""
        if not self.is_settled:
            self.answer.set_result(reply)

    def fail(self, error: ParleyError) -> None:
        """Give an error to who waits."""
        if not self.is_settled:
            self.answer.set_exception(error)
