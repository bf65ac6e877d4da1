"""Measures a whole recipe: several runs over all recordings by workers that are warm."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from parley.batch.events import Event, Heard, Stage
from parley.batch.options import Outcome
from parley.batch.wish import Wish
from parley.bench.corpus import Sample
from parley.bench.memory import PeakMemory
from parley.bench.report import StageSpread, Whole
from parley.bench.shop import Shop, Tell
from parley.bench.spread import spread, spread_of_known
from parley.errors import InputError
from parley.speech.media import DecodeOptions
from parley.speech.transcript import Transcript

WARM_UP_S = 30.0
"""Audio that each worker hears before anything counts: a whole unit, as in the runs."""


@dataclass(slots=True, kw_only=True)
class _Run:
    """One pass over all recordings; sums in seconds."""

    audio_s: float = 0.0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    first_s: list[float] = field(default_factory=list[float])
    peak_mib: float | None = None
    stages_cpu_s: dict[str, float] = field(default_factory=dict[str, float])
    stages_wall_s: dict[str, float] = field(default_factory=dict[str, float])

    def add(self, outcome: Outcome, wall_s: float, cpu_s: float, first_s: float | None) -> None:
        """One recording more; `cpu_s` is this process's own."""
        self.audio_s += outcome.transcript.duration
        self.wall_s += wall_s
        self.cpu_s += cpu_s + sum(cost.cpu_s for cost in outcome.stages.values())
        if first_s is not None:
            self.first_s.append(first_s)
        for name, cost in outcome.stages.items():
            self.stages_cpu_s[name] = self.stages_cpu_s.get(name, 0.0) + cost.cpu_s
            self.stages_wall_s[name] = self.stages_wall_s.get(name, 0.0) + cost.wall_s


@dataclass(slots=True, kw_only=True)
class WholeMeasurement:
    """One combination being measured; `heard` are the transcripts of the last run by recording."""

    shop: Shop
    samples: Sequence[Sample]
    wish: Wish
    tell: Tell
    heard: dict[str, Transcript] = field(default_factory=dict[str, Transcript])
    unreadable: dict[str, str] = field(default_factory=dict[str, str])
    ready_s: float = 0.0
    warm_up_s: float = 0.0

    async def prepare(self, workers: int) -> None:
        """Start the workers, let them load everything, and give each something to do."""
        began = time.perf_counter()
        await self.shop.fleet.warm(*(spec.name for spec in self.shop.profile.for_recordings.values()))
        self.ready_s = time.perf_counter() - began
        began = time.perf_counter()
        # Recordings of different ends are different works, which do not wait for each other.
        await asyncio.gather(*(self._warm_up(WARM_UP_S - number / 100) for number in range(workers)))
        self.warm_up_s = time.perf_counter() - began

    async def measure(self, runs: int) -> Whole:
        """Medians over `runs` runs; raises ParleyError when a run fails, or when nothing can be read."""
        done: list[_Run] = []
        for number in range(runs):
            self.tell(f"run {number + 1} of {runs}")
            done.append(await self._run())
        return self._summed(done)

    async def _warm_up(self, end_s: float) -> None:
        for sample in self.samples:
            try:
                wish = replace(self.wish, decode=DecodeOptions(end=end_s))
                await self.shop.transcribe(sample.path, wish, _nobody)
                return
            except InputError as error:
                self.unreadable[sample.name] = error.message
        raise InputError(next(iter(self.unreadable.values()), "There is nothing to measure on."))

    async def _run(self) -> _Run:
        run = _Run()
        with PeakMemory() as memory:
            for sample in self.samples:
                if sample.name not in self.unreadable:
                    await self._listen(run, sample)
        run.peak_mib = memory.peak_mib
        if not run.audio_s:
            raise InputError("None of the recordings could be read.")
        return run

    async def _listen(self, run: _Run, sample: Sample) -> None:
        first: list[float] = []
        began, cpu_began = time.perf_counter(), time.process_time()

        def publish(event: Event) -> None:
            if isinstance(event, Heard) and not first:
                first.append(time.perf_counter() - began)

        try:
            outcome = await self.shop.transcribe(sample.path, self.wish, publish)
        except InputError as error:
            self.unreadable[sample.name] = error.message
            return
        wall_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu_began
        run.add(outcome, wall_s, cpu_s, first[0] if first else None)
        self.heard[sample.name] = outcome.transcript

    def _summed(self, runs: Sequence[_Run]) -> Whole:
        return Whole(
            recordings=len(self.heard),
            audio_s=round(runs[-1].audio_s, 3),
            left_out=len(self.unreadable),
            ready_s=self.ready_s,
            warm_up_s=self.warm_up_s,
            rtf=spread(run.wall_s / run.audio_s for run in runs),
            cpu=spread(run.cpu_s / run.audio_s for run in runs),
            first_s=spread_of_known(median(run.first_s) if run.first_s else None for run in runs),
            peak_mib=spread_of_known(run.peak_mib for run in runs),
            stages={
                each.value: _stage(each.value, runs) for each in Stage if each.value in runs[-1].stages_cpu_s
            },
        )


def _stage(name: str, runs: Sequence[_Run]) -> StageSpread:
    walls = [run.stages_wall_s.get(name, 0.0) / run.audio_s for run in runs]
    cpus = [max(0.0, run.stages_cpu_s.get(name, 0.0)) / run.audio_s for run in runs]
    return StageSpread(cpu=spread(cpus), wall=spread(walls) if any(walls) else None)


def _nobody(event: Event) -> None:
    """Nobody listens while workers warm up."""
