"""Who holds how much of a device's memory, and who goes so that another may load. Pure: it is told the time.

Nobody waits while it holds something: who needs more than can be freed goes home and its call is done by
another worker. So those that hold memory always get on with their work, and every wait ends.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Generic, TypeVar

H = TypeVar("H")


class Verdict(Enum):
    """What became of a claim. Turned away means that there is no room beside what the claimant holds."""

    WAITING = auto()
    GRANTED = auto()
    TURNED_AWAY = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """`mib` on one device of each of `groups`, which are equals of one kind; on `full` it never fits."""

    mib: int = 0
    groups: Sequence[Sequence[str]] = ()
    full: tuple[str, ...] = ()

    @property
    def devices(self) -> frozenset[str]:
        """Those of which it may be given memory."""
        return frozenset(device for group in self.groups for device in group)


@dataclass(slots=True, kw_only=True, eq=False)
class Claim(Generic[H]):
    """What `holder` needs to load an engine; who needs nothing has it granted from the beginning."""

    holder: H
    engine: str
    need: Need
    since: float
    verdict: Verdict = Verdict.WAITING
    devices: tuple[str, ...] = ()

    @property
    def refused(self) -> tuple[str, ...]:
        """Devices that the engine may not take."""
        equals = (device for group in self.need.groups for device in group)
        return (*self.need.full, *(device for device in equals if device not in self.devices))


class MemoryLedger(Generic[H]):
    """Memory by device within bounds; holders are compared by identity."""

    def __init__(self, bounds: Mapping[str, int], patience_s: float) -> None:
        self._bounds = bounds
        self._patience_s = patience_s
        self._held: dict[H, dict[str, dict[str, int]]] = {}
        self._idle: dict[H, float] = {}
        self._leaving: set[H] = set()
        self._waiting: list[Claim[H]] = []

    def free_mib(self, device: str) -> int:
        """What nobody holds; below nothing where an engine took more than was known of it."""
        return self._bounds[device] - sum(self._on(holder, device) for holder in self._held)

    def holds(self, holder: H) -> bool:
        """Whether it holds anything."""
        return bool(self._held.get(holder))

    def ask(self, claim: Claim[H]) -> None:
        """Stand in line; those that hold something stand before the others, and `settle` decides."""
        before = self._waiting if not self.holds(claim.holder) else self._holding()
        self._waiting.insert(len(before), claim)

    def ask_now(self, claim: Claim[H]) -> None:
        """Grant what is free and wanted by nobody else, or turn away."""
        if self._waiting or not self._grant(claim):
            claim.verdict = Verdict.TURNED_AWAY

    def withdraw(self, claim: Claim[H]) -> None:
        """Nobody wants it any more; what was granted is given back."""
        if claim in self._waiting:
            self._waiting.remove(claim)
        elif claim.verdict is Verdict.GRANTED:
            self.failed(claim.holder, claim.engine)

    def loaded(self, holder: H, engine: str, device: str, mib: int) -> None:
        """The engine is on `device`, where it holds `mib`; what was kept for it elsewhere is free."""
        self.failed(holder, engine)
        if device in self._bounds and mib:
            self._held.setdefault(holder, {})[engine] = {device: mib}

    def failed(self, holder: H, engine: str) -> None:
        """The engine is not loaded."""
        held = self._held.get(holder, {})
        held.pop(engine, None)
        if not held:
            self._held.pop(holder, None)

    def left(self, holder: H) -> None:
        """Nothing is left of a holder."""
        self._held.pop(holder, None)
        self._idle.pop(holder, None)
        self._leaving.discard(holder)
        self._waiting = [claim for claim in self._waiting if claim.holder is not holder]

    def rested(self, holder: H, now: float) -> None:
        """It has nothing to do from now on."""
        self._idle[holder] = now

    def busy(self, holder: H) -> None:
        """It was given something to do."""
        self._idle.pop(holder, None)

    def settle(self, now: float) -> list[H]:
        """Grant and turn away what can be decided, first come first; who is to go home for the rest."""
        home: list[H] = []
        while self._waiting:
            claim = self._waiting[0]
            if not self._grant(claim):
                going = self._enough_to_send(claim, now)
                home += going or ()
                self._leaving.update(going or ())
                if going is not None or not self.holds(claim.holder):
                    self._grant_elsewhere()
                    break
                claim.verdict = Verdict.TURNED_AWAY
            self._waiting.pop(0)
        return home

    def patience_ends(self) -> float | None:
        """When the first in line may have the memory of those that are busy."""
        return self._waiting[0].since + self._patience_s if self._waiting else None

    def _holding(self) -> Sequence[Claim[H]]:
        return [claim for claim in self._waiting if self.holds(claim.holder)]

    def _on(self, holder: H, device: str) -> int:
        return sum(held.get(device, 0) for held in self._held.get(holder, {}).values())

    def _grant(self, claim: Claim[H]) -> bool:
        chosen = [self._roomiest(group) for group in claim.need.groups]
        if any(self.free_mib(device) < claim.need.mib for device in chosen):
            return False
        claim.verdict, claim.devices = Verdict.GRANTED, tuple(chosen)
        self._held.setdefault(claim.holder, {})[claim.engine] = dict.fromkeys(chosen, claim.need.mib)
        return True

    def _grant_elsewhere(self) -> None:
        """Grant to those behind the first what nobody before them wants a part of."""
        wanted = self._waiting[0].need.devices
        for claim in self._waiting[1:]:
            if wanted.isdisjoint(claim.need.devices) and self._grant(claim):
                self._waiting.remove(claim)
            wanted |= claim.need.devices

    def _roomiest(self, group: Sequence[str]) -> str:
        return max(group, key=self.free_mib)

    def _enough_to_send(self, claim: Claim[H], now: float) -> list[H] | None:
        """Who must go besides those that go already; None when even all would not be enough."""
        going: list[H] = []
        for group in claim.need.groups:
            plans = (self._plan(device, claim, now, going) for device in group)
            found = min((plan for plan in plans if plan is not None), key=len, default=None)
            if found is None:
                return None
            going += found
        return going

    def _plan(self, device: str, claim: Claim[H], now: float, going: Collection[H]) -> list[H] | None:
        # Who was sent home and waits itself goes only when its claim is decided: two such would wait for
        # each other.
        gone = self._leaving.union(going) - {each.holder for each in self._waiting}
        missing = claim.need.mib - self.free_mib(device) - sum(self._on(holder, device) for holder in gone)
        plan: list[H] = []
        for holder in self._dispensable(claim, now):
            if missing <= 0:
                break
            if holder not in gone and (mib := self._on(holder, device)):
                plan.append(holder)
                missing -= mib
        return plan if missing <= 0 else None

    def _dispensable(self, claim: Claim[H], now: float) -> Iterable[H]:
        """The idle, the longest first; then, for who waited long, those that work."""
        waiting = {id(each.holder) for each in self._waiting}
        yield from sorted(
            (each for each in self._idle if id(each) not in waiting), key=self._idle.__getitem__
        )
        if now - claim.since >= self._patience_s:
            yield from [each for each in self._held if each not in self._idle and id(each) not in waiting]
