"""The machine: from what is, what happens and when, to what is then and what has to be done."""

from __future__ import annotations

from parley.assistant.course import Course
from parley.assistant.effects import Effect
from parley.assistant.events import State
from parley.assistant.floor import Floor
from parley.assistant.happenings import Happening
from parley.assistant.table import TABLE
from parley.assistant.time_rules import speaking_until


def step(floor: Floor, event: Happening, now: float) -> tuple[Floor, tuple[Effect, ...]]:
    """Take one step; `now` is seconds on a clock that never goes back. An event that the table does not
    have in this state changes nothing, nor does any after the end."""
    rule = None if floor.is_over else TABLE[floor.state].get(type(event))
    if rule is None:
        return floor, ()
    course = Course(floor, now)
    rule.play(course, event)
    if course.floor.state is State.SPEAKING:
        course.change(until=speaking_until(course.floor))
    return course.floor, tuple(course.effects)
