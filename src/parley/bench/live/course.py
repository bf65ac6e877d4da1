"""The course of a live benchmark: one part after another; what befalls one does not cost the others."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from parley.bench.corpus import Sample
from parley.bench.live.accuracy import LiveHearing, compared
from parley.bench.live.clips import Samples
from parley.bench.live.crowd import Crowd
from parley.bench.live.latency import LatencyMeasurement, opened, probes, require_done
from parley.bench.live.line import Dial
from parley.bench.live.load import SETTLE_S, LoadMeasurement
from parley.bench.live.material import Scripts
from parley.bench.live.pacing import BYTES_PER_S
from parley.bench.live.processor import Meter
from parley.bench.live.report import Capacity, Latency, LiveAccuracy, Overload, StageShare
from parley.bench.live.stages import Costs
from parley.bench.shop import Tell
from parley.errors import ParleyError
from parley.wire.speech.asr_client import Start

WARM_UP_S = 3.0

CAUTION = 0.6
"""Share of the cores that the first number tried may need: what one session does says little of many."""

AT_ONCE = 6
"""Sessions that speak recordings for their words, where nobody knows how many hold."""

LEAST_AT_ONCE = 4
"""Finals do not depend on load, and a slow machine should not take for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is measured; `first` None: guessed from what one session needs."""

    silence_s: float
    max_lag_s: float
    step_s: float
    first: int | None
    most: int
    trials: int
    with_delays: bool = True
    with_load: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Recordings with references, and what is said in them according to the file command."""

    samples: Sequence[Sample]
    recordings: Mapping[str, Samples]
    texts: Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class LiveCourse:
    """Measures a server that `dial` leads to; what is found grows on the way: an interruption keeps it."""

    plan: Plan
    dial: Dial
    start: Start
    scripts: Scripts
    words: Words | None
    costs: Callable[[], Awaitable[Costs | None]]
    pid: int | None
    tell: Tell
    latencies: list[Latency] = field(default_factory=list[Latency])
    capacity: Capacity | None = None
    overload: Overload | None = None
    accuracy: LiveAccuracy | None = None
    stages: tuple[StageShare, ...] = ()
    streaming: bool = False
    notes: list[str] = field(default_factory=list[str])
    _first: int = 1

    async def run(self) -> None:
        """All parts; raises ParleyError where not even one session can be opened."""
        await self._warm_up()
        await self._part("one session", self._alone())
        crowd = Crowd(
            dial=self.dial, start=self.start, pcm=self.scripts.talk.pcm, silence_s=self.plan.silence_s
        )
        try:
            if self.plan.with_load:
                await self._part("load", self._load(crowd))
        finally:
            await crowd.close()
        if self.words is not None:
            await self._part("words", self._words(self.words))

    async def _part(self, name: str, work: Awaitable[None]) -> None:
        try:
            await work
        except ParleyError as error:
            self.notes.append(f"{name}: {error.message}")

    async def _warm_up(self) -> None:
        """The first session waits for models; it is nobody's figure."""
        self.tell("warm-up")
        session = await opened(self.dial, self.start, self.scripts.timed.pcm[: int(WARM_UP_S * BYTES_PER_S)])
        await session.speak()
        require_done(session)
        self.streaming = session.journal.streaming

    async def _alone(self) -> None:
        """Delays without anybody else, what that costs, and so how many to try first."""
        if not self.plan.with_delays:
            self._first = self.plan.first or 2
            return
        self.tell(f"delays of one session, {self.scripts.timed.duration:.0f} s")
        before, meter = await self.costs(), Meter(self.pid)
        self.latencies.append(await self._latency().measure(1, 0))
        load, after = meter.load(), await self.costs()
        if before is not None and after is not None:
            self.stages = after.since(before)
        share = load.server + load.own if load.server else 0.1
        self._first = self.plan.first or max(2, int((os.cpu_count() or 2) * CAUTION / share))

    async def _load(self, crowd: Crowd) -> None:
        load = LoadMeasurement(
            crowd=crowd,
            meter=Meter(self.pid),
            max_lag_s=self.plan.max_lag_s,
            step_s=self.plan.step_s,
            settle_s=min(SETTLE_S, self.plan.step_s),
            tell=self.tell,
        )
        self.capacity = await load.capacity(self._first, self.plan.most, self.plan.trials)
        holds = self.capacity.holds
        if holds and self.plan.with_delays:
            half = max(1, holds // 2)
            asked, beside = probes(half)
            self.tell(f"delays with {half} sessions")
            await load.settle(beside)
            self.latencies.append(await self._latency().measure(asked, beside))
        if holds:
            self.overload = await load.overload(holds)

    async def _words(self, words: Words) -> None:
        at_once = AT_ONCE if self.capacity is None else max(LEAST_AT_ONCE, self.capacity.holds // 2)
        self.tell(f"words of {len(words.samples)} recordings, {at_once} at once")
        hearing = LiveHearing(dial=self.dial, start=self.start, at_once=at_once)
        live = await hearing.hear(words.recordings)
        self.accuracy = compared(words.samples, live, words.texts, at_once)

    def _latency(self) -> LatencyMeasurement:
        return LatencyMeasurement(
            dial=self.dial, start=self.start, script=self.scripts.timed, silence_s=self.plan.silence_s
        )
