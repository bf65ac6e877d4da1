"""What holds for every session, looked for where somebody would make a mistake."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.live.scripted_fleet import RATE, ScriptedFleet, Worker, room, said, spec
from tests.unit.live.talking import events_of, finals, pace, talk
from tests.unit.live.virtual_time import run

from parley.engines.contract import Role
from parley.errors import FleetClosed, WorkersBusy
from parley.live.errands import Ask, Urgency
from parley.live.lane import Lane
from parley.live.options import LiveWish
from parley.live.outbox import Outbox
from parley.live.telling import Said, Telling
from parley.live.utterances import Utterance
from parley.speech.live import Done, Final, LiveEvent, Partial
from parley.speech.recognition import RecognitionOptions
from parley.speech.stream import StreamHeard
from parley.wire import frames


async def told(wish: LiveWish, pcm: bytes, profile: str = "plain") -> list[LiveEvent]:
    async with room(ScriptedFleet(), profile=profile) as live:
        return await talk(live, pcm, wish)


LONG_TALK = said(1.0, list(range(1, 25)), 2.0)


def test_what_punctuation_may_still_change_is_not_promised() -> None:
    events = run(told(LiveWish(), LONG_TALK, "pointed"))
    partials = [event for event in events if isinstance(event, Partial)]
    assert len(partials) > 5 and {event.stable_chars for event in partials} == {0}
    assert finals(events) == finals(run(told(LiveWish(partials=False), LONG_TALK, "pointed")))


def test_a_promise_grows_while_one_speaks() -> None:
    events = run(told(LiveWish(), LONG_TALK))
    promises = [event.text[: event.stable_chars] for event in events if isinstance(event, Partial)]
    assert promises == sorted(promises, key=len) and len(promises[-1].split()) >= 20
    assert all(after.startswith(before) for before, after in pairwise(promises))


def test_the_last_word_before_a_pause_is_shown_before_the_final() -> None:
    events = run(told(LiveWish(endpoint_silence_s=2.0), said(1.0, [1, 2, 3], 4.0)))
    shown = [event.text for event in events if isinstance(event, Partial)]
    assert shown[-1] == "w1 w2 w3"


def test_a_client_that_is_kept_waiting_is_not_idle() -> None:
    fleet = ScriptedFleet(delay=lambda one: 40.0 if isinstance(one, frames.RecogniseLive) else 0.01)

    async def main() -> list[object]:
        async with room(fleet, session_idle_s=20.0, backlog_s=5.0) as live:
            session = await live.open("me", LiveWish(partials=False))
            listener = asyncio.create_task(events_of(session))
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
            listener = asyncio.create_task(events_of(session))
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


def test_what_cannot_go_along_is_not_made_up_before_its_turn() -> None:
    made: list[str] = []

    async def main() -> None:
        lane = Lane(ScriptedFleet(), "live-1")

        def make(owner: str) -> Ask:
            made.append(owner)
            stretch = frames.LiveStretch(pcm=bytes(3200), islands=())
            request = frames.RecogniseLive(stretches=(stretch,), options=RecognitionOptions())
            return Ask(request=request, audio_s=0.1)

        owners = [str(number) for number in range(20)]
        errands = [lane.post(one, ALONE_IN_A_CALL, partial(make, one), Urgency.FINAL) for one in owners]
        await asyncio.gather(*(errand.answer for errand in errands))
        assert made == owners
        await lane.close()

    run(main())


def test_a_line_that_is_full_is_trouble_that_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.live.lane.LINE_LIMIT", 1)

    async def main() -> None:
        lane = Lane(ScriptedFleet(), "live-1")

        def nothing() -> Ask | None:
            return None

        first, second = (lane.post("me", ALONE_IN_A_CALL, nothing, Urgency.FINAL) for _ in range(2))
        with pytest.raises(WorkersBusy):
            await second.answer
        assert await first.answer is None
        await lane.close()
        with pytest.raises(FleetClosed):
            await lane.post("me", ALONE_IN_A_CALL, nothing, Urgency.FINAL).answer

    run(main())


ALONE_IN_A_CALL = spec("asr", Role.ASR)


class Tardy(ScriptedFleet):
    """Its detector does not say how far it is settled."""

    def _feed(self, worker: Worker, feed: frames.FeedStream) -> StreamHeard:
        return replace(super()._feed(worker, feed), settled_s=None)


def test_what_is_cut_because_it_is_too_long_is_heard_once() -> None:
    async def main() -> list[LiveEvent]:
        async with room(Tardy(), profile="alone", max_utterance_s=5.0) as live:
            return await talk(live, said(1.0, list(range(1, 61)), 2.0))

    told_of = finals(run(main()))
    assert len(told_of) == 4
    for before, after in pairwise(told_of):
        # The word in which it was cut may be in both.
        assert len(set(before.split()) & set(after.split())) <= 1
