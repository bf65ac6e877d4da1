"""The byte budget is kept, and nobody waits for ever."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from parley.server.socket.budget import SMALL_FRAME_BYTES, FrameBudget

LIMIT = 100_000


class Connection:
    def __init__(self) -> None:
        self.asked: int | None = None
        self.held = 0

    def admitted(self) -> None:
        assert self.asked is not None
        self.held += self.asked
        self.asked = None

    def ask(self, budget: FrameBudget, size: int) -> bool:
        self.asked = size
        if budget.ask(self, size, continuing=self.held > 0):
            self.admitted()
            return True
        return False

    def finish(self, budget: FrameBudget) -> None:
        held, self.held = self.held, 0
        budget.release(held, self)


def test_who_comes_later_waits_its_turn():
    budget = FrameBudget(LIMIT)
    first, large, small = Connection(), Connection(), Connection()
    assert first.ask(budget, 60_000)
    assert not large.ask(budget, 90_000)
    assert not small.ask(budget, 10_000)  # it would fit, but large would starve
    first.finish(budget)
    assert (large.held, small.held) == (90_000, 10_000)


def test_a_frame_larger_than_the_budget_is_let_in_alone():
    budget = FrameBudget(LIMIT)
    first, huge = Connection(), Connection()
    assert first.ask(budget, 10_000)
    assert not huge.ask(budget, 5 * LIMIT)
    first.finish(budget)
    assert huge.held == 5 * LIMIT


def test_small_frames_never_wait():
    budget = FrameBudget(LIMIT)
    assert Connection().ask(budget, LIMIT)
    assert not Connection().ask(budget, LIMIT)
    assert Connection().ask(budget, SMALL_FRAME_BYTES)


def test_messages_in_pieces_do_not_wait_for_each_other():
    budget = FrameBudget(LIMIT)
    one, other = Connection(), Connection()
    assert one.ask(budget, 50_000) and other.ask(budget, 50_000)
    assert one.ask(budget, 40_000)  # beyond the limit: one message at a time may
    assert not other.ask(budget, 40_000)
    one.finish(budget)
    assert other.held == 90_000


def test_a_message_that_may_end_beyond_the_limit_does_not_wait_behind_one_that_may_not():
    budget = FrameBudget(LIMIT)
    first, other = Connection(), Connection()
    assert first.ask(budget, 50_000) and other.ask(budget, 10_000)
    assert first.ask(budget, 60_000)
    assert not other.ask(budget, 10_000)
    assert first.ask(budget, 10_000)
    first.finish(budget)
    assert other.held == 20_000


def test_who_goes_away_waits_no_longer():
    budget = FrameBudget(LIMIT)
    first, second, third = Connection(), Connection(), Connection()
    first.ask(budget, LIMIT)
    second.ask(budget, LIMIT)
    third.ask(budget, 50_000)
    budget.forget(second)
    first.finish(budget)
    assert (second.held, third.held) == (0, 50_000)


class Budgets(RuleBasedStateMachine):
    """Connections that come, send whole messages or pieces, are dealt with, and go away."""

    def __init__(self) -> None:
        super().__init__()
        self.budget = FrameBudget(LIMIT)
        self.connections = [Connection() for _ in range(5)]

    @rule(number=st.integers(0, 4), size=st.integers(0, 2 * LIMIT))
    def ask(self, number: int, size: int) -> None:
        if self.connections[number].asked is None:
            self.connections[number].ask(self.budget, size)

    @rule(number=st.integers(0, 4))
    def finish(self, number: int) -> None:
        if self.connections[number].asked is None:
            self.connections[number].finish(self.budget)

    @rule(number=st.integers(0, 4))
    def leave(self, number: int) -> None:
        connection = self.connections[number]
        connection.asked = None
        held, connection.held = connection.held, 0
        self.budget.forget(connection)
        self.budget.release(held)

    @precondition(lambda self: any(connection.asked for connection in self.connections))
    @rule()
    def all_that_can_finish_do(self) -> None:
        """Whatever is held by connections that wait for nothing is dealt with in the end."""
        for _ in range(len(self.connections) + 1):
            for connection in self.connections:
                if connection.asked is None:
                    connection.finish(self.budget)
        assert not any(connection.asked for connection in self.connections)

    @invariant()
    def counts_are_right(self) -> None:
        held = sum(connection.held for connection in self.connections)
        assert self.budget.used_bytes == held
        assert self.budget.is_contended == any(c.asked is not None for c in self.connections)


TestBudgets = Budgets.TestCase
TestBudgets.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
