"""The memory of devices, shared by all pools of a fleet: loads wait for it, idle workers make room."""

from __future__ import annotations

import asyncio
from typing import Protocol

from parley.fleet.limits import FleetLimits
from parley.fleet.memory import Claim, MemoryLedger, Need, Verdict


class Holder(Protocol):
    """A worker that may hold memory."""

    def relieve(self) -> None:
        """Go home: now if it is idle, else after its call."""
        ...


class Space:
    """Where no device has a bound, nothing is counted and nobody waits."""

    def __init__(self, limits: FleetLimits) -> None:
        self.bounds = limits.device_memory_mib
        self._loop = asyncio.get_running_loop()
        self._ledger: MemoryLedger[Holder] = MemoryLedger(self.bounds, limits.room_patience_s)
        self._decisions: dict[Claim[Holder], asyncio.Future[None]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def claim(self, holder: Holder, engine: str, need: Need) -> Claim[Holder]:
        """Granted where nothing bounded is needed; otherwise a wish not yet told: `ask` or `ask_now`."""
        verdict = Verdict.WAITING if need.groups else Verdict.GRANTED
        return Claim(holder=holder, engine=engine, need=need, since=self._loop.time(), verdict=verdict)

    def ask(self, claim: Claim[Holder]) -> asyncio.Future[None]:
        """Done when the claim has its verdict; a waiting claim must be decided or withdrawn."""
        decision = self._decisions[claim] = self._loop.create_future()
        self._ledger.ask(claim)
        self._settle()
        return decision

    def ask_now(self, claim: Claim[Holder]) -> None:
        """Grant it if there is room at once, else turn it away."""
        self._ledger.ask_now(claim)

    def withdraw(self, claim: Claim[Holder]) -> None:
        """Nobody wants it any more."""
        self._decisions.pop(claim, None)
        self._ledger.withdraw(claim)
        self._settle()

    def loaded(self, holder: Holder, engine: str, device: str, mib: int) -> None:
        """The engine is on a device, where it holds so much."""
        self._ledger.loaded(holder, engine, device, mib)
        self._settle()

    def failed(self, holder: Holder, engine: str) -> None:
        """The engine is not loaded."""
        self._ledger.failed(holder, engine)
        self._settle()

    def left(self, holder: Holder) -> None:
        """Nothing is left of a worker."""
        self._ledger.left(holder)
        self._settle()

    def rested(self, holder: Holder) -> None:
        """A worker has nothing to do from now on."""
        self._ledger.rested(holder, self._loop.time())
        self._settle()

    def busy(self, holder: Holder) -> None:
        """A worker was given something to do."""
        self._ledger.busy(holder)

    def close(self) -> None:
        """Decide nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
        for decision in self._decisions.values():
            decision.cancel()
        self._decisions.clear()

    def _settle(self) -> None:
        for holder in self._ledger.settle(self._loop.time()):
            holder.relieve()
        for claim in [claim for claim in self._decisions if claim.verdict is not Verdict.WAITING]:
            decision = self._decisions.pop(claim)
            if not decision.done():
                decision.set_result(None)
        self._look_again()

    def _look_again(self) -> None:
        """When the patience of the first in line ends."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        ends = self._ledger.patience_ends()
        if ends is not None and ends > self._loop.time():
            self._timer = self._loop.call_at(ends, self._settle)
