"""Runs the units of a stage: remembered ones are read, the others done by all workers at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec

from parley.batch.events import Advanced, Publish, Stage
from parley.batch.keys import digest
from parley.batch.ladder import UNIT_FAILURES, Isolate, Ladder, Made, Parts, Unit
from parley.batch.options import StageCost
from parley.batch.together import together
from parley.engines.contract import EngineSpec
from parley.fleet.fleet import Fleet
from parley.storage.store import Store
from parley.wire.frames import Reply, Request

__all__ = ["UNIT_FAILURES", "StageRun", "Tools", "Unit", "fingerprint"]


@dataclass(slots=True, kw_only=True)
class Tools:
    """What every stage of one recipe works with.

    `in_flight` bounds the units of one stage that are out at once; `reuse` False does remembered
    units again, except those that the same `run` has done: one that was interrupted goes on. `done`
    holds seconds done and in all, by stage and work: tracks share a stage. `notices` are for the user.
    """

    store: Store
    fleet: Fleet
    publish: Publish
    in_flight: int
    reuse: bool = True
    run: str = ""
    costs: dict[str, StageCost] = field(default_factory=dict[str, StageCost])
    done: dict[Stage, dict[str, tuple[float, float]]] = field(
        default_factory=dict[Stage, dict[str, tuple[float, float]]]
    )
    notices: list[str] = field(default_factory=list[str])

    def cost(self, stage: Stage) -> StageCost:
        """The running account of a stage."""
        return self.costs.setdefault(stage.value, StageCost())

    def note(self, notices: Iterable[str]) -> None:
        """Keep what the user should know, each sentence once."""
        self.notices.extend(notice for notice in notices if notice not in self.notices)

    def advance(self, stage: Stage, work: str, done_s: float, total_s: float) -> None:
        """Tell how far a stage is over all its works."""
        works = self.done.setdefault(stage, {})
        works[work] = (done_s, total_s)
        self.publish(Advanced(stage, sum(d for d, _ in works.values()), sum(t for _, t in works.values())))


OnReply = Callable[[Unit, Reply], None]


class _Row(msgspec.Struct, frozen=True):
    """A remembered reply, and the fingerprint of what was asked: units of one index may differ
    between runs (another packing, another VAD), and an answer to another question is none.
    `run` names who did it, if anybody wants to know; `notices` tell how it came about."""

    asked: str
    reply: Reply
    run: str = ""
    notices: tuple[str, ...] = ()


_rows: msgspec.msgpack.Decoder[_Row] = msgspec.msgpack.Decoder(_Row)


class StageRun:
    """One stage over its units, with progress in seconds of audio.

    Raises what the fleet raises, except that what is left of a unit that fails after it was tried in
    `parts` goes to `isolate` where one is given. `fresh` holds the indices of units done now rather than
    remembered, those that are whole.
    """

    def __init__(
        self,
        tools: Tools,
        stage: Stage,
        work: str,
        engine: EngineSpec,
        *,
        priority: int = 0,
        isolate: Isolate | None = None,
        parts: Parts | None = None,
    ) -> None:
        self._tools = tools
        self._stage = stage
        self._work = work
        self._ladder = Ladder(tools.fleet, engine, priority=priority, isolate=isolate, parts=parts)
        self._cost = tools.cost(stage)
        self._done: dict[int, float] = {}
        self._total = 0.0
        self.fresh: set[int] = set()

    async def run(self, units: Sequence[Unit], on_reply: OnReply | None = None) -> list[Reply]:
        """Replies in the order of `units`; `on_reply` hears each as it becomes known."""
        self._total = sum(unit.audio_s for unit in units)
        began = time.monotonic()
        replies = await self._recall(units)
        for unit in units:
            if unit.index in replies:
                self._finish(unit, replies[unit.index], on_reply)
        await self._work_off([unit for unit in units if unit.index not in replies], replies, on_reply)
        self._cost.wall_s += time.monotonic() - began
        return [replies[unit.index] for unit in units]

    async def _recall(self, units: Sequence[Unit]) -> dict[int, Reply]:
        if not units or not (self._tools.reuse or self._tools.run):
            return {}
        payloads = await self._tools.store.units.get(self._work, self._stage.value)
        replies: dict[int, Reply] = {}
        for unit in units:
            row = _read(payloads.get(unit.index))
            if row is not None and self._may_use(row) and row.asked == fingerprint(unit.request):
                replies[unit.index] = row.reply
                self._tools.note(row.notices)
        self._cost.units_remembered += len(replies)
        return replies

    def _may_use(self, row: _Row) -> bool:
        return self._tools.reuse or row.run == self._tools.run

    async def _work_off(
        self, waiting: Sequence[Unit], replies: dict[int, Reply], on_reply: OnReply | None
    ) -> None:
        queue = iter(waiting)

        async def lane() -> None:
            for unit in queue:
                replies[unit.index] = await self._do(unit)
                self._finish(unit, replies[unit.index], on_reply)

        await together(*(lane() for _ in range(min(self._tools.in_flight, len(waiting)))))

    async def _do(self, unit: Unit) -> Reply:
        made = await self._ladder.climb(unit, partial(self._advance, unit))
        self._cost.cpu_s += made.cpu_s
        self._tools.note(made.notices)
        if made.is_whole:
            self._cost.units_done += 1
            self.fresh.add(unit.index)
            await self._remember(unit, made)
        return made.reply

    async def _remember(self, unit: Unit, made: Made) -> None:
        """Write a unit's reply down; it is durable when this returns."""
        row = _Row(fingerprint(unit.request), made.reply, self._tools.run, made.notices)
        payload = msgspec.msgpack.encode(row)
        # It was done because what was there, if anything, is no answer to this request.
        await self._tools.store.units.put(self._work, self._stage.value, unit.index, payload, replace=True)

    def _finish(self, unit: Unit, reply: Reply, on_reply: OnReply | None) -> None:
        self._advance(unit, unit.audio_s)
        if on_reply is not None:
            on_reply(unit, reply)

    def _advance(self, unit: Unit, done_s: float) -> None:
        self._done[unit.index] = max(self._done.get(unit.index, 0.0), min(done_s, unit.audio_s))
        self._tools.advance(self._stage, self._work, sum(self._done.values()), self._total)


def fingerprint(request: Request) -> str:
    """Digest of what is asked, wherever the PCM file lies."""
    return digest(_without_paths(msgspec.to_builtins(request)))


def _without_paths(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_paths(inner) for key, inner in value.items() if key != "path"}
    return [_without_paths(inner) for inner in value] if isinstance(value, list | tuple) else value


def _read(payload: bytes | None) -> _Row | None:
    """None for a row of an older shape too: it is done again."""
    try:
        return None if payload is None else _rows.decode(payload)
    except msgspec.MsgspecError:
        return None
