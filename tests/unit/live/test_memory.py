"""What is too much for a device, and what a recogniser leaves out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.live.scripted_fleet import RATE, ScriptedFleet, room, said
from tests.unit.live.talking import finals, partials, talk
from tests.unit.live.virtual_time import run

from parley.errors import OutOfMemory, RecognitionFailed, UnsupportedOption
from parley.fleet.fleet import Answer
from parley.live.options import LiveWish
from parley.speech.live import Done, LiveEvent, Trouble
from parley.speech.stream import StreamHeard
from parley.wire import frames

TALK = said(1.0, [1, 2], 1.5, [3, 4], 1.5)


class SmallDevice(ScriptedFleet):
    """Its device has too little memory for whole utterances; the processor has enough, where there is one."""

    def __init__(self, *, has_processor: bool) -> None:
        super().__init__()
        self.has_processor = has_processor
        self.tried: list[bool] = []

    async def call(
        self,
        engine: str,
        request: frames.Request,
        audio_s: float,
        on_progress: object = None,
        priority: int = 0,
        *,
        on_cpu: bool = False,
        pool: str | None = None,
    ) -> Answer:
        if isinstance(request, frames.RecogniseLive) and any(request.stretches[0].pcm):
            self.tried.append(on_cpu)
            if not (on_cpu and self.has_processor):
                raise OutOfMemory("The engine 'asr' ran out of memory.")
        where = f"{pool}-cpu" if on_cpu else pool
        return await super().call(engine, request, audio_s, on_progress, priority, pool=where)


async def told(fleet: ScriptedFleet, profile: str, wish: LiveWish) -> list[LiveEvent]:
    async with room(fleet, profile=profile) as live:
        events = await talk(live, TALK, wish)
    assert isinstance(events[-1], Done) and events[-1].audio_seconds == len(TALK) / 2 / RATE
    assert fleet.streams == 0
    return events


@pytest.mark.parametrize("profile", ["plain", "two"])
def test_the_processor_does_what_was_too_much_for_a_device(profile: str) -> None:
    fleet = SmallDevice(has_processor=True)
    events = run(told(fleet, profile, LiveWish(partials=False)))
    assert finals(events) == ["w1 w2", "w3 w4"]
    assert not [event for event in events if isinstance(event, Trouble)]
    # The device first, each time: there may be memory again.
    assert fleet.tried == [False, True, False, True]


def test_where_there_is_no_memory_an_utterance_says_so_and_the_session_lives() -> None:
    fleet = SmallDevice(has_processor=False)
    events = run(told(fleet, "two", LiveWish()))
    troubles = [event for event in events if isinstance(event, Trouble)]
    assert [trouble.utterance for trouble in troubles] == [0, 1]
    assert all(isinstance(each.error, RecognitionFailed) for each in troubles)
    assert all("memory" in each.error.message for each in troubles)
    assert finals(events) == ["w1 w2", "w3 w4"], "what was shown is all there is"
    assert fleet.tried == [False, True, False] * 2


def test_partial_texts_that_are_too_much_are_not_tried_again_and_again() -> None:
    fleet = SmallDevice(has_processor=True)
    events = run(told(fleet, "plain", LiveWish()))
    assert finals(events) == ["w1 w2", "w3 w4"]
    assert not partials(events)
    assert fleet.tried == [False, False, True] * 2


class Picky(ScriptedFleet):
    """Streams that leave something out, and say so each time that one is opened."""

    def _feed(self, worker: object, feed: frames.FeedStream) -> StreamHeard:
        heard = super()._feed(worker, feed)  # type: ignore[arg-type]
        return heard if heard.settled_s is not None else replace(heard, notices=("A hotword was left out.",))


@pytest.mark.parametrize("profile", ["alone", "two"])
def test_what_a_stream_leaves_out_is_told_once_and_ends_nothing(profile: str) -> None:
    events = run(told(Picky(), profile, LiveWish()))
    assert finals(events) == ["w1 w2", "w3 w4"]
    (trouble,) = [event for event in events if isinstance(event, Trouble)]
    assert isinstance(trouble.error, UnsupportedOption)
    assert trouble.error.message == "A hotword was left out." and trouble.utterance is None
