"""What holds for every session, looked for where somebody would make a mistake."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.live.scripted_fleet import RATE, ScriptedFleet, room, said
from tests.unit.live.test_sessions import finals, heard, pace, told
from tests.unit.live.virtual_time import run

from parley.live.events import Done, Final, Partial
from parley.live.options import LiveWish
from parley.live.outbox import Outbox
from parley.live.telling import Said, Telling
from parley.live.utterances import Utterance
from parley.wire import frames

LONG_TALK = said(1.0, list(range(1, 25)), 2.0)


def test_what_punctuation_may_still_change_is_not_promised() -> None:
    events = run(told(ScriptedFleet(), LiveWish(), LONG_TALK, "pointed"))
    partials = [event for event in events if isinstance(event, Partial)]
    assert len(partials) > 5 and {event.stable_chars for event in partials} == {0}
    assert finals(events) == finals(
        run(told(ScriptedFleet(), LiveWish(partials=False), LONG_TALK, "pointed"))
    )


def test_a_promise_grows_while_one_speaks() -> None:
    events = run(told(ScriptedFleet(), LiveWish(), LONG_TALK))
    promises = [event.text[: event.stable_chars] for event in events if isinstance(event, Partial)]
    assert promises == sorted(promises, key=len) and len(promises[-1].split()) >= 20
    assert all(after.startswith(before) for before, after in pairwise(promises))


def test_the_last_word_before_a_pause_is_shown_before_the_final() -> None:
    events = run(told(ScriptedFleet(), LiveWish(endpoint_silence_s=2.0), said(1.0, [1, 2, 3], 4.0)))
    shown = [event.text for event in events if isinstance(event, Partial)]
    assert shown[-1] == "w1 w2 w3"


def test_a_client_that_is_kept_waiting_is_not_idle() -> None:
    fleet = ScriptedFleet(delay=lambda one: 40.0 if isinstance(one, frames.RecogniseLive) else 0.01)

    async def main() -> list[object]:
        async with room(fleet, session_idle_s=20.0, backlog_s=5.0) as live:
            session = await live.open("me", LiveWish(partials=False))
            listener = asyncio.create_task(heard(session))
            for _ in range(4):
                await session.write(said([1, 2, 3], 2.0))
            await session.stop()
            return list(await listener)

    events = run(main())
    assert isinstance(events[-1], Done)
    assert sum(isinstance(event, Final) for event in events) == 4


def test_a_client_that_says_nothing_is_idle_while_its_last_words_are_recognised() -> None:
    fleet = ScriptedFleet(delay=lambda one: 40.0 if isinstance(one, frames.RecogniseLive) else 0.01)

    async def main() -> list[object]:
        async with room(fleet, session_idle_s=5.0) as live:
            session = await live.open("me", LiveWish(partials=False))
            listener = asyncio.create_task(heard(session))
            await pace(session, said([1, 2, 3], 2.0))
            return list(await listener)

    events = run(main())
    assert [event.text for event in events if isinstance(event, Final)] == ["w1 w2 w3"]
    assert not isinstance(events[-1], Done)


texts = st.one_of(st.text(max_size=12), st.sampled_from(["", ".", "one two", "one. two", "uno two"]))


@given(st.lists(st.tuples(texts, st.integers(0, 12)), max_size=5), texts, st.booleans())
def test_a_final_begins_with_what_was_promised(
    shown: list[tuple[str, int]], last: str, is_lost: bool
) -> None:
    async def main() -> None:
        box = Outbox()
        telling = Telling(box)
        utterance = Utterance(start=0.0, first=0, heard=RATE)
        for text, stable in shown:
            if text.startswith(utterance.promised) and stable >= len(utterance.promised):
                telling.partial(utterance, text, min(stable, len(text)))
        promised, was_shown = utterance.promised, utterance.number is not None
        if is_lost:
            telling.surrender(utterance)
        else:
            telling.final(utterance, Said(text=last))
        events = box.listen()
        taken = [await anext(events) for _ in range(box.waiting)]
        told = [event for event in taken if isinstance(event, Final)]
        assert len(told) == 1 or not was_shown
        assert all(final.text.startswith(promised) for final in told)

    asyncio.run(main())
