"""The ledger of device memory: within its bounds whatever happens, and nobody waits for ever."""

from __future__ import annotations

from dataclasses import dataclass

import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from parley.fleet.memory import Claim, MemoryLedger, Need, Verdict

BOUNDS = {"cuda:0": 100, "cuda:1": 60, "cpu": 80}
PATIENCE_S = 10.0
GROUPS = [(("cuda:0",),), (("cpu",),), (("cuda:0", "cuda:1"),), (("cuda:1",), ("cpu",))]


def claim(holder: str, engine: str, mib: int, *groups: tuple[str, ...], since: float = 0.0) -> Claim[str]:
    return Claim(holder=holder, engine=engine, need=Need(mib=mib, groups=groups), since=since)


def granted(ledger: MemoryLedger[str], holder: str, mib: int, device: str = "cpu") -> None:
    asked = claim(holder, f"of {holder}", mib, (device,))
    ledger.ask(asked)
    assert ledger.settle(0.0) == []
    assert asked.verdict is Verdict.GRANTED
    ledger.loaded(holder, f"of {holder}", device, mib)


def test_the_one_that_was_idle_longest_goes_first_and_no_more_than_needed() -> None:
    ledger: MemoryLedger[str] = MemoryLedger(BOUNDS, PATIENCE_S)
    for holder in ("old", "new", "busy"):
        granted(ledger, holder, 25)
    ledger.rested("old", 1.0)
    ledger.rested("new", 2.0)
    asked = claim("late", "x", 25, ("cpu",), since=3.0)
    ledger.ask(asked)
    assert ledger.settle(3.0) == ["old"]
    assert ledger.settle(3.1) == [], "it goes already"
    ledger.left("old")
    assert ledger.settle(4.0) == []
    assert asked.verdict is Verdict.GRANTED


def test_nobody_is_sent_home_for_what_would_not_fit_even_then() -> None:
    ledger: MemoryLedger[str] = MemoryLedger(BOUNDS, PATIENCE_S)
    granted(ledger, "idle", 20)
    granted(ledger, "busy", 50)
    ledger.rested("idle", 0.0)
    asked = claim("late", "x", 70, ("cpu",))
    ledger.ask(asked)
    assert ledger.settle(1.0) == []
    assert asked.verdict is Verdict.WAITING
    assert ledger.patience_ends() == PATIENCE_S
    assert set(ledger.settle(PATIENCE_S)) == {"idle", "busy"}


def test_of_equals_the_roomiest_is_taken_and_the_other_refused() -> None:
    ledger: MemoryLedger[str] = MemoryLedger(BOUNDS, PATIENCE_S)
    granted(ledger, "first", 90, "cuda:0")
    asked = claim("second", "x", 50, ("cuda:0", "cuda:1"))
    ledger.ask(asked)
    ledger.settle(0.0)
    assert (asked.devices, asked.refused) == (("cuda:1",), ("cuda:0",))


def test_two_that_hold_what_the_other_needs_do_not_wait_for_each_other() -> None:
    ledger: MemoryLedger[str] = MemoryLedger(BOUNDS, PATIENCE_S)
    granted(ledger, "a", 40)
    granted(ledger, "b", 40)
    claims = [claim("a", "more", 40, ("cpu",)), claim("b", "more", 40, ("cpu",))]
    for each in claims:
        ledger.ask(each)
    ledger.settle(0.0)
    assert [each.verdict for each in claims] == [Verdict.TURNED_AWAY] * 2


def test_two_that_were_sent_home_before_they_asked_do_not_wait_for_each_other() -> None:
    ledger: MemoryLedger[str] = MemoryLedger(BOUNDS, PATIENCE_S)
    granted(ledger, "a", 40)
    granted(ledger, "b", 40)
    late = claim("late", "x", 80, ("cpu",))
    ledger.ask(late)
    # Both were given a call in this moment, for which they have to load something else.
    assert set(ledger.settle(PATIENCE_S)) == {"a", "b"}
    claims = [claim("a", "more", 40, ("cpu",)), claim("b", "more", 40, ("cpu",))]
    for each in claims:
        ledger.ask(each)
    assert ledger.settle(PATIENCE_S) == []
    assert claims[0].verdict is Verdict.TURNED_AWAY
    for holder in ("a", "b"):
        ledger.left(holder)
        ledger.settle(PATIENCE_S)
    assert late.verdict is Verdict.GRANTED


def test_who_wants_another_device_does_not_wait_behind_the_first_in_line() -> None:
    ledger: MemoryLedger[str] = MemoryLedger(BOUNDS, PATIENCE_S)
    granted(ledger, "busy", 90, "cuda:0")
    first = claim("first", "x", 50, ("cuda:0",))
    either = claim("either", "x", 50, ("cuda:0", "cuda:1"))
    behind = claim("behind", "x", 20, ("cuda:1",))
    apart = claim("apart", "y", 20, ("cpu",))
    for each in (first, either, behind, apart):
        ledger.ask(each)
    assert ledger.settle(0.0) == []
    verdicts = [each.verdict for each in (first, either, behind, apart)]
    assert verdicts == [Verdict.WAITING, Verdict.WAITING, Verdict.WAITING, Verdict.GRANTED]


def test_what_is_only_nice_to_have_takes_nothing_from_anybody() -> None:
    ledger: MemoryLedger[str] = MemoryLedger(BOUNDS, PATIENCE_S)
    granted(ledger, "idle", 60)
    ledger.rested("idle", 0.0)
    nice = claim("b", "x", 40, ("cpu",))
    ledger.ask_now(nice)
    assert nice.verdict is Verdict.TURNED_AWAY
    assert ledger.settle(1.0) == []
    small = claim("b", "y", 20, ("cpu",))
    ledger.ask_now(small)
    assert small.verdict is Verdict.GRANTED


@dataclass
class Life:
    """What a worker does: nothing, a load that waits or goes on, or a call."""

    waits: Claim[str] | None = None
    loads: Claim[str] | None = None
    works: bool = False
    leaves: bool = False


class Machine(RuleBasedStateMachine):
    """Workers load, work, rest, are sent home and die, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger: MemoryLedger[str] = MemoryLedger(BOUNDS, PATIENCE_S)
        self.now = 0.0
        self.lives: dict[str, Life] = {}
        self.numbers = 0

    def settle(self) -> None:
        for holder in self.ledger.settle(self.now):
            self.lives[holder].leaves = True
        for holder, life in list(self.lives.items()):
            if life.waits is None:
                continue
            if life.waits.verdict is Verdict.GRANTED:
                life.waits, life.loads = None, life.waits
            elif life.waits.verdict is Verdict.TURNED_AWAY:
                self.leave(holder)

    def leave(self, holder: str) -> None:
        del self.lives[holder]
        self.ledger.left(holder)

    @rule()
    def hire(self) -> None:
        self.numbers += 1
        self.lives[f"w{self.numbers}"] = Life()

    @precondition(lambda self: self.free())
    @rule(data=st.data(), groups=st.sampled_from(GROUPS), mib=st.integers(1, 60), urgent=st.booleans())
    def load(self, data: st.DataObject, groups: tuple[tuple[str, ...], ...], mib: int, urgent: bool) -> None:
        holder = data.draw(st.sampled_from(self.free()))
        self.numbers += 1
        asked = claim(holder, f"e{self.numbers}", mib, *groups, since=self.now)
        self.ledger.busy(holder)
        if urgent:
            self.ledger.ask(asked)
            self.lives[holder].waits = asked
        else:
            self.ledger.ask_now(asked)
            if asked.verdict is Verdict.GRANTED:
                self.lives[holder].loads = asked
        self.settle()

    @precondition(lambda self: self.loading())
    @rule(data=st.data(), succeeds=st.booleans())
    def finish_load(self, data: st.DataObject, succeeds: bool) -> None:
        holder = data.draw(st.sampled_from(self.loading()))
        life = self.lives[holder]
        assert life.loads is not None
        done, life.loads = life.loads, None
        if succeeds:
            device = done.devices[-1]
            self.ledger.loaded(holder, done.engine, device, done.need.mib)
            life.works = True
        else:
            self.ledger.failed(holder, done.engine)
        self.settle()

    @precondition(lambda self: self.lives)
    @rule(data=st.data())
    def rest(self, data: st.DataObject) -> None:
        holder = data.draw(st.sampled_from(sorted(self.lives)))
        life = self.lives[holder]
        if life.waits or life.loads:
            return
        if life.leaves:
            self.leave(holder)
        else:
            life.works = False
            self.ledger.rested(holder, self.now)
        self.settle()

    @precondition(lambda self: self.lives)
    @rule(data=st.data())
    def die(self, data: st.DataObject) -> None:
        self.leave(data.draw(st.sampled_from(sorted(self.lives))))
        self.settle()

    @rule(seconds=st.sampled_from([0.1, 3.0, 11.0]))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.settle()

    @invariant()
    def is_within_bounds(self) -> None:
        assert all(self.ledger.free_mib(device) >= 0 for device in BOUNDS)

    def free(self) -> list[str]:
        """Also one that is to leave: it may have been given a call in that very moment."""
        return sorted(name for name, life in self.lives.items() if not (life.waits or life.loads))

    def loading(self) -> list[str]:
        return sorted(name for name, life in self.lives.items() if life.loads)

    def teardown(self) -> None:
        """When everybody just goes on with their work, every wait ends."""
        for _ in range(200):
            if not any(life.waits for life in self.lives.values()):
                return
            self.now += PATIENCE_S
            self.settle()
            for holder in list(self.lives):
                life = self.lives[holder]
                if life.loads:
                    self.ledger.loaded(holder, life.loads.engine, life.loads.devices[0], life.loads.need.mib)
                    life.loads = None
                if life.leaves and not life.waits:
                    self.leave(holder)
            self.settle()
        raise AssertionError(f"somebody waits for ever: {self.lives}")


TestLedger = Machine.TestCase
