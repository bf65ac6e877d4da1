"""Partial texts of a recogniser that hears the growing utterance again and again leave others their time."""

from __future__ import annotations

import asyncio

import pytest
from tests.unit.live.scripted_fleet import RATE, ScriptedFleet, room, said
from tests.unit.live.talking import finals, partials, talk
from tests.unit.live.virtual_time import run

from parley.live.options import LiveWish
from parley.wire import frames

SPEED = 0.1
"""Seconds that a second of an utterance takes to decode."""

TALK = said(1.0, list(range(1, 61)), 2.0)
"""Eighteen seconds without a pause."""

LENGTH_S = len(TALK) / 2 / RATE


class Counting(ScriptedFleet):
    """Takes longer for more, and counts how long."""

    def __init__(self) -> None:
        super().__init__(delay=self._takes)
        self.decoding_s = 0.0

    def _takes(self, request: frames.Request) -> float:
        if not isinstance(request, frames.RecogniseLive):
            return 0.001
        took_s = SPEED * sum(len(stretch.pcm) / 2 / RATE for stretch in request.stretches)
        self.decoding_s += took_s
        return took_s


async def heard(fleet: Counting, sessions: int, *, with_partials: bool) -> list[int]:
    """How many partial texts each session has."""
    async with room(fleet, max_lag_s=1000.0) as live:
        wish = LiveWish(partials=with_partials)
        told = await asyncio.gather(*(talk(live, TALK, wish, f"user {n}") for n in range(sessions)))
        skipped = live.stats().skipped_partials
    assert len({tuple(finals(events)) for events in told}) == 1
    assert finals(told[0])[0].split()[:3] == ["w1", "w2", "w3"]
    assert bool(skipped) is with_partials
    return [len(partials(events)) for events in told]


@pytest.mark.parametrize("sessions", [2, 3, 5])
def test_partial_texts_of_many_leave_time_for_their_finals(sessions: int) -> None:
    quiet, shown = Counting(), Counting()
    run(heard(quiet, sessions, with_partials=False))
    counts = run(heard(shown, sessions, with_partials=True))
    spent_s = shown.decoding_s - quiet.decoding_s
    assert min(counts) >= 2, "nobody is left without"
    assert max(counts) - min(counts) <= 4, "nobody has much more than others"
    # Each session's last decode may come just before it would have had to rest.
    assert spent_s <= 0.67 * LENGTH_S + sessions * SPEED * LENGTH_S


def test_who_sits_alone_may_decode_all_the_time() -> None:
    fleet = Counting()
    (count,) = run(heard(fleet, 1, with_partials=True))
    assert count >= 15
    assert fleet.decoding_s >= 0.6 * LENGTH_S
