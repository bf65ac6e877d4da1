"""What is known of an utterance while it goes on."""

from __future__ import annotations

import pytest
from tests.unit.live.scripted_fleet import ScriptedFleet, room, said
from tests.unit.live.talking import finals, talk
from tests.unit.live.virtual_time import run

from parley.live.options import LiveWish
from parley.live.utterances import Utterance
from parley.speech.span import Span
from parley.wire import frames


def test_islands_that_are_told_again_are_the_same_islands() -> None:
    utterance = Utterance(start=1.0, first=0, heard=0)
    islands = [Span(0.2, 0.9), Span(0.8, 2.0), Span(2.5, 3.0), Span(3.0, 3.5), Span(4.0, 5.0)]
    for count in (2, 2, 3, 4, 5, 5, 5):
        utterance.grow(islands[:count], None, 100)
    assert utterance.islands == [Span(1.0, 2.0), Span(2.5, 3.5), Span(4.0, 5.0)]


@pytest.mark.parametrize("delay_s", [0.0, 0.01, 0.1])
def test_nothing_is_decoded_twice(delay_s: float) -> None:
    """Also where an utterance has pauses inside: what was decoded in the last one is the final."""
    fleet = ScriptedFleet(delay=lambda _: delay_s)

    async def main() -> None:
        async with room(fleet) as live:
            events = await talk(live, said(1.0, [1, 2], 0.4, [3, 4], 0.4, [5, 6], 2.0), LiveWish())
        assert finals(events) == ["w1 w2 w3 w4 w5 w6"]

    run(main())
    decoded = [request for request in fleet.requests if isinstance(request, frames.RecogniseLive)]
    assert len({request.stretches for request in decoded}) == len(decoded) >= 8
    for request in decoded:
        (stretch,) = request.stretches
        assert all(a.end < b.start for a, b in zip(stretch.islands, stretch.islands[1:], strict=False))
