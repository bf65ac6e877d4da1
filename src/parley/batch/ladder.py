"""A unit that fails is tried in parts; what is too much for a device's memory is done on the processor.

Out of memory: halves, down to the smallest parts; each of those on the processor. Any other failure of a
unit: the smallest parts, so that only the one to blame is lost.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from parley.engines.contract import EngineSpec
from parley.errors import (
    EngineBroken,
    EngineFailed,
    InvalidSettings,
    OutOfMemory,
    ProfileError,
    UnitPoisoned,
    WorkerError,
    WorkersExhausted,
)
from parley.fleet.fleet import Fleet
from parley.wire.frames import Reply, Request

UNIT_FAILURES = (UnitPoisoned, EngineFailed, OutOfMemory)
"""What one unit may suffer while the others succeed."""

_SPARE_FAILURES = (*UNIT_FAILURES, EngineBroken, WorkersExhausted, ProfileError, InvalidSettings)
"""What costs a unit that is done on the processor no more than that unit; the settings may leave the
processor too little memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One checkpointed piece of a stage: what to ask, and how many seconds of audio that is."""

    index: int
    request: Request
    audio_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What became of a unit; `is_whole` says that no part of it was given up."""

    reply: Reply
    cpu_s: float = 0.0
    notices: tuple[str, ...] = ()
    is_whole: bool = True


Isolate = Callable[[Unit, WorkerError], Awaitable[Reply]]
"""Turns a part that failed for good into the best answer there is; may raise."""

Progress = Callable[[float], None]


class Parts(Protocol):
    """How the units of a stage come apart."""

    def cut(self, unit: Unit, *, in_two: bool) -> Sequence[Unit]:
        """The unit in two parts, or in as many as can be, in order; itself when there is nothing to cut."""
        ...

    def join(self, replies: Sequence[Reply]) -> Reply:
        """The reply to a unit, from those to its parts in order."""
        ...


class Ladder:
    """One stage's way down. Without `isolate` a failure is raised as soon as less memory is no help."""

    def __init__(
        self,
        fleet: Fleet,
        engine: EngineSpec,
        *,
        priority: int = 0,
        isolate: Isolate | None = None,
        parts: Parts | None = None,
    ) -> None:
        self._fleet = fleet
        self._engine = engine
        self._priority = priority
        self._isolate = isolate
        self._parts = parts
        self._too_much_s = math.inf

    async def climb(self, unit: Unit, progress: Progress) -> Made:
        """The best answer there is to a unit; raises what the fleet raises, or `isolate`."""
        if unit.audio_s >= self._too_much_s and len(halves := self._cut(unit, in_two=True)) > 1:
            return await self._each(halves, progress)
        try:
            return await self._call(unit, progress)
        except OutOfMemory as error:
            return await self._with_less(unit, error, progress)
        except UNIT_FAILURES as error:
            return await self._one_by_one(unit, error, progress)

    async def _with_less(self, unit: Unit, error: OutOfMemory, progress: Progress) -> Made:
        halves = self._cut(unit, in_two=True)
        if len(halves) == 1:
            return await self._on_processor(unit, error, progress)
        # What comes after and is no smaller need not fail first.
        self._too_much_s = min(self._too_much_s, unit.audio_s)
        return await self._each(halves, progress)

    async def _on_processor(self, unit: Unit, error: OutOfMemory, progress: Progress) -> Made:
        try:
            return await self._call(unit, progress, on_cpu=True)
        except _SPARE_FAILURES:
            return await self._give_up(unit, error)

    async def _one_by_one(self, unit: Unit, error: WorkerError, progress: Progress) -> Made:
        smallest = self._cut(unit, in_two=False)
        if self._isolate is None or len(smallest) == 1:
            return await self._give_up(unit, error)
        return await self._each(smallest, progress)

    async def _each(self, parts: Sequence[Unit], progress: Progress) -> Made:
        made: list[Made] = []
        before_s = 0.0
        for part in parts:
            made.append(await self.climb(part, _counting_from(before_s, progress)))
            before_s += part.audio_s
        return self._join(made)

    def _join(self, made: Sequence[Made]) -> Made:
        replies = [part.reply for part in made]
        return Made(
            reply=self._parts.join(replies) if self._parts else replies[0],
            cpu_s=sum(part.cpu_s for part in made),
            notices=tuple(dict.fromkeys(notice for part in made for notice in part.notices)),
            is_whole=all(part.is_whole for part in made),
        )

    async def _give_up(self, unit: Unit, error: WorkerError) -> Made:
        if self._isolate is None:
            raise error
        return Made(reply=await self._isolate(unit, error), is_whole=False)

    def _cut(self, unit: Unit, *, in_two: bool) -> Sequence[Unit]:
        return self._parts.cut(unit, in_two=in_two) if self._parts else (unit,)

    async def _call(self, unit: Unit, progress: Progress, *, on_cpu: bool = False) -> Made:
        answer = await self._fleet.call(
            self._engine.name,
            unit.request,
            audio_s=unit.audio_s,
            on_progress=progress,
            priority=self._priority,
            on_cpu=on_cpu,
        )
        said = (_spared(self._engine),) if on_cpu else ()
        return Made(reply=answer.reply, cpu_s=answer.cpu_s, notices=(*answer.notices, *said))


def _counting_from(before_s: float, progress: Progress) -> Progress:
    return lambda done_s: progress(before_s + done_s)


def _spared(engine: EngineSpec) -> str:
    return f"A part was done by '{engine.name}' on the processor, because the GPU's memory was full."
