"""Where another recogniser has the last word, finals are its own, whatever was shown before."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.live.scripted_fleet import ScriptedFleet, Worker, room, said
from tests.unit.live.talking import finals, talk
from tests.unit.live.virtual_time import run

from parley.errors import EngineFailed, ParleyError
from parley.live.options import LiveWish
from parley.speech.live import Done, Final, LiveEvent, Partial
from parley.wire import frames

TALK = said(1.0, [1, 2, 3, 4, 5, 6], 1.5, [7, 8], 1.5)


class Loud(ScriptedFleet):
    """The recogniser of whole utterances shouts, the one of streams does not."""

    def _answer(self, worker: Worker, engine: str, request: frames.Request) -> frames.Reply:
        reply = super()._answer(worker, engine, request)
        if not isinstance(reply, frames.Recognised):
            return reply
        louder = [
            replace(each, pieces=tuple(replace(piece, text=piece.text.upper()) for piece in each.pieces))
            for each in reply.recognitions
        ]
        return frames.Recognised(recognitions=tuple(louder))


def told(profile: str, wish: LiveWish | None = None) -> list[LiveEvent]:
    async def main() -> list[LiveEvent]:
        async with room(Loud(), profile=profile) as live:
            return await talk(live, TALK, wish)

    return run(main())


def shown(events: list[LiveEvent]) -> list[Partial]:
    return [event for event in events if isinstance(event, Partial)]


def test_finals_are_those_of_the_second_recogniser_and_partials_those_of_the_first() -> None:
    events = told("two")
    assert finals(events) == ["W1 W2 W3 W4 W5 W6", "W7 W8"]
    assert [event.confidence for event in events if isinstance(event, Final)] == [0.5, 0.5]
    assert any(event.text == "w1 w2 w3" for event in shown(events))
    assert all(event.text == event.text.lower() for event in shown(events))
    # Nothing that the second one may change is promised.
    assert {event.stable_chars for event in shown(events)} == {0}


def test_without_partials_they_are_the_same() -> None:
    events = told("two", LiveWish(partials=False))
    assert finals(events) == ["W1 W2 W3 W4 W5 W6", "W7 W8"]
    assert shown(events) == []


@pytest.mark.parametrize(
    ("profile", "text"), [("alone", "w1 w2 w3 w4 w5 w6"), ("plain", "W1 W2 W3 W4 W5 W6")]
)
def test_who_is_alone_has_the_last_word_and_promises(profile: str, text: str) -> None:
    events = told(profile)
    assert finals(events)[0] == text
    assert max(event.stable_chars for event in shown(events)) > 0


@pytest.mark.parametrize(("fails", "mark"), [(False, "."), (True, "")])
def test_punctuation_has_its_say_about_finals_and_costs_none_where_it_fails(fails: bool, mark: str) -> None:
    def mishap(request: frames.Request, attempt: int) -> ParleyError | None:
        return EngineFailed("No marks.") if fails and isinstance(request, frames.Punctuate) else None

    async def main() -> list[LiveEvent]:
        async with room(ScriptedFleet(mishap=mishap), profile="pointed") as live:
            return await talk(live, TALK)

    events = run(main())
    assert finals(events) == [f"w1 w2 w3 w4 w5 w6{mark}", f"w7 w8{mark}"]
    assert isinstance(events[-1], Done)
