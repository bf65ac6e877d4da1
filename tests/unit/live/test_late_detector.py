"""A detector that tells late where speech ends: who has the last word does not hear the next word."""

from __future__ import annotations

import pytest
from tests.unit.live.scripted_fleet import ListeningStream, ScriptedFleet, Worker, room, said
from tests.unit.live.talking import finals, partials, talk
from tests.unit.live.virtual_time import run

from parley.live.options import LiveWish
from parley.speech.live import LiveEvent
from parley.speech.stream import StreamHeard
from parley.wire import frames

LATE = 16 * 800
"""Samples, in bytes half as many: 0.4 s."""

TALK = said(1.0, [1, 2], 0.3, [3, 4, 5], 0.3, [6], 0.5, [7, 8], 2.0)


class LateStream(ListeningStream):
    """Keeps the last 0.4 s to itself."""

    def __init__(self) -> None:
        super().__init__()
        self._kept = b""

    def feed(self, pcm: bytes, is_last: bool) -> StreamHeard:
        audio = self._kept + pcm
        ready = len(audio) if is_last else max(0, len(audio) - LATE)
        self._kept = audio[ready:]
        return super().feed(audio[:ready], is_last)


class LateFleet(ScriptedFleet):
    """Its detector is late."""

    def _answer(self, worker: Worker, engine: str, request: frames.Request) -> frames.Reply:
        reply = super()._answer(worker, engine, request)
        if isinstance(request, frames.OpenStream) and engine == "vad":
            worker.streams[request.stream] = LateStream()
        return reply


async def told(wish: LiveWish, delay_s: float) -> list[LiveEvent]:
    async with room(LateFleet(delay=lambda _: delay_s), profile="alone") as live:
        return await talk(live, TALK, wish)


@pytest.mark.parametrize("delay_s", [0.0, 0.01, 0.2, 0.7])
@pytest.mark.parametrize("silence_s", [0.1, 0.2, 0.4])
def test_a_stream_hears_its_own_utterance_and_nothing_behind_it(silence_s: float, delay_s: float) -> None:
    quiet = run(told(LiveWish(partials=False, endpoint_silence_s=silence_s), 0.0))
    shown = run(told(LiveWish(endpoint_silence_s=silence_s), delay_s))
    assert finals(shown) == finals(quiet)
    assert " ".join(finals(shown)).split() == [f"w{number}" for number in range(1, 9)]
    assert partials(shown) or delay_s > 0.1
