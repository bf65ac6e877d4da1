"""How many sessions hold, what happens beyond that, and how the server comes back from it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from parley.bench.live.crowd import Crowd
from parley.bench.live.delays import percentile
from parley.bench.live.processor import Meter
from parley.bench.live.report import Capacity, Overload, Step
from parley.bench.live.search import largest
from parley.bench.shop import Tell

SETTLE_S = 5.0
"""Between a change of the number and what counts."""

LOOK_S = 1.0

HOPELESS = 2.0
HOPELESS_S = 5.0
"""A trial whose lag was so many times the bound for so long ends early: what piles up would have to be
worked off."""

RECOVERY_S = 60.0
CALM_S = 20.0
"""For what an earlier trial left behind; a server that needs longer is measured with it."""

STAYS_S = 3.0
"""Lag that is below the bound for so long has recovered."""

BEYOND = 1.5
"""Of what holds: the overload."""


@dataclass(slots=True, kw_only=True)
class LoadMeasurement:
    """Puts load on a server by a crowd; a step lasts `step_s` seconds after it has settled."""

    crowd: Crowd
    meter: Meter
    max_lag_s: float
    step_s: float
    tell: Tell
    settle_s: float = SETTLE_S
    steps: list[Step] = field(default_factory=list[Step])

    async def capacity(self, first: int, most: int, trials: int) -> Capacity:
        """The largest number of sessions that holds."""

        async def holds(number: int) -> bool:
            await self._calm()
            step = await self._step(number)
            self.steps.append(step)
            self.tell(_said(step))
            return step.holds

        found = await largest(holds, first, most, trials)
        return Capacity(holds=found.holds, fails=found.fails, steps=tuple(self.steps))

    async def settle(self, number: int) -> None:
        """Come to a number of sessions that holds, and wait until what was before is over."""
        await self._calm()
        await self.crowd.resize(number, self.settle_s)
        await asyncio.sleep(self.settle_s)

    async def overload(self, holding: int) -> Overload:
        """Half as many again as hold, and one more every second who may come in; then half of what holds."""
        asked = max(holding + 1, round(holding * BEYOND))
        await self._calm()
        self.tell(f"overload: {asked} sessions")
        step = await self._step(asked, knocks=True)
        self.tell(_said(step))
        left = max(1, holding // 2)
        await self.crowd.resize(left, 0.0)
        recovered_s = await self._recovery()
        return Overload(asked=asked, step=step, left=left, recovered_s=recovered_s)

    async def _calm(self) -> None:
        """What an earlier trial left behind is not this one's."""
        if self.steps and not self.steps[-1].holds:
            await self.crowd.resize(min(self.crowd.size, max(1, self.steps[-1].sessions // 2)), 0.0)
            await self._recovery(CALM_S)

    async def _step(self, number: int, *, knocks: bool = False) -> Step:
        refused, lost = Counter(self.crowd.refused), Counter(self.crowd.lost)
        await self.crowd.resize(number, self.settle_s)
        await asyncio.sleep(self.settle_s)
        began, skipped = _now(), self.crowd.skipped
        self.meter.start()
        await self._wait(began, number, stops_early=not knocks)
        heard, load = self.crowd.heard(began, _now()), self.meter.load()
        lag_s = percentile(sorted(heard.lags_s), 95)
        final_s = percentile(sorted(heard.finals_s), 95)
        refusals, losses = self.crowd.refused - refused, self.crowd.lost - lost
        is_heard = bool(heard.lags_s) and not refusals and not losses and self.crowd.size == number
        return Step(
            sessions=number,
            seconds=_now() - began,
            holds=is_heard and max(lag_s, final_s) < self.max_lag_s,
            lag_s=lag_s,
            final_s=final_s,
            finals=len(heard.finals_s),
            skipped=self.crowd.skipped - skipped,
            refused=dict(refusals),
            lost=dict(losses),
            own=load.own,
            server=load.server,
            late_s=percentile(sorted(heard.late_s), 95),
        )

    async def _wait(self, began: float, number: int, *, stops_early: bool) -> None:
        """Until the step is over; where it `stops_early`, until it is clear that it cannot hold, else
        somebody more comes every second, who leaves again where there are enough."""
        while (now := _now()) < began + self.step_s:
            await asyncio.sleep(min(LOOK_S, began + self.step_s - now))
            if not stops_early:
                await self.crowd.knock()
                await self.crowd.resize(min(number, self.crowd.size), 0.0)
            elif self.crowd.size < number or self._is_hopeless(began):
                return

    def _is_hopeless(self, began: float) -> bool:
        now = _now()
        lags = sorted(self.crowd.heard(now - HOPELESS_S, now).lags_s)
        return now - began >= HOPELESS_S and percentile(lags, 50) > HOPELESS * self.max_lag_s

    async def _recovery(self, limit_s: float = RECOVERY_S) -> float | None:
        """Seconds until the lag began to stay below the bound, None where it did not in time."""
        began, good_since = _now(), None
        while self.crowd.size and (now := _now()) < began + limit_s:
            lags = sorted(self.crowd.lags_now())
            if not lags or percentile(lags, 95) >= self.max_lag_s:
                good_since = None
            elif good_since is None:
                good_since = now
            elif now - good_since >= STAYS_S:
                return good_since - began
            await asyncio.sleep(LOOK_S / 4)
        return None


def _said(step: Step) -> str:
    verdict = "hold" if step.holds else "do not hold"
    return (
        f"{step.sessions} sessions {verdict}: lag p95 {step.lag_s:.2f} s, finals p95 {step.final_s:.2f} s"
        f"{_counted(', refused', step.refused)}{_counted(', lost', step.lost)}"
    )


def _counted(what: str, counts: Mapping[str, int]) -> str:
    return f"{what} {sum(counts.values())}" if counts else ""


def _now() -> float:
    return asyncio.get_running_loop().time()
