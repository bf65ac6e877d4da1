"""The table of transitions is whole, and says what the machine does."""

from __future__ import annotations

from itertools import pairwise
from typing import get_args

import pytest

from parley.assistant.course import EDGES
from parley.assistant.events import State
from parley.assistant.floor import Floor
from parley.assistant.happenings import Happening, LineLost, StopAsked, TimePassed
from parley.assistant.machine import step
from parley.assistant.options import AssistantLimits
from parley.assistant.table import TABLE

ROUND = (State.IDLE, State.LISTENING, State.FINALIZING, State.THINKING, State.SPEAKING, State.IDLE)


def test_every_state_has_a_table_and_every_event_a_state() -> None:
    assert set(TABLE) == set(State)
    assert {event for rules in TABLE.values() for event in rules} == set(get_args(Happening))


def test_time_the_line_and_the_end_are_known_everywhere() -> None:
    for rules in TABLE.values():
        assert {TimePassed, LineLost, StopAsked} <= set(rules)


def test_the_round_is_there() -> None:
    assert all(edge in EDGES for edge in pairwise(ROUND))


def test_every_state_but_idle_leads_to_idle() -> None:
    assert all((state, State.IDLE) in EDGES for state in State if state is not State.IDLE)


@pytest.mark.parametrize("state", list(State))
def test_a_rule_leads_only_where_there_is_a_way(state: State) -> None:
    reached = {state}
    while more := {after for before, after in EDGES if before in reached} - reached:
        reached |= more
    assert all(rule.leads_to <= reached for rule in TABLE[state].values())


@pytest.mark.parametrize("state", list(State))
def test_what_the_table_does_not_have_changes_nothing(state: State) -> None:
    floor = Floor(limits=AssistantLimits(), state=state, until=10.0)
    foreign = [event for event in get_args(Happening) if event not in TABLE[state]]
    assert foreign
    for kind in foreign:
        after, wanted = step(floor, kind.__new__(kind), 5.0)
        assert after is floor and wanted == ()


def test_after_the_end_nothing_changes_any_more() -> None:
    floor, _ = step(Floor(limits=AssistantLimits()), StopAsked(), 1.0)
    assert floor.is_over and floor.deadline is None
    assert step(floor, TimePassed(), 1000.0) == (floor, ())
