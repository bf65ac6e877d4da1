"""Live inputs in one worker: apart from each other, bounded, and gone after an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.engines.plugin import import_plugin
from parley.errors import EngineFailed, InvalidOption, StreamLost, WorkersBusy
from parley.speech.recognition import RecognitionOptions
from parley.speech.stream import StreamHeard
from parley.wire.frames import MAX_STREAMS, CloseStream, FeedStream, OpenStream
from parley.workers.streams import Streams

ECHOES: Any = import_plugin((Path(__file__).parents[2] / "plugins" / "echoes.py").resolve()).Echoes()
SECOND = np.full(16000, 8192, dtype="<i2").tobytes()


def begin(streams: Streams, name: str, engine: Any = ECHOES) -> None:
    streams.answer("echoes", engine, OpenStream(stream=name, options=RecognitionOptions(prompt=name)))


def feed(streams: Streams, name: str, pcm: bytes = SECOND, *, is_last: bool = False) -> StreamHeard:
    return streams.answer("echoes", ECHOES, FeedStream(stream=name, pcm=pcm, is_last=is_last)).heard


def test_a_stream_is_fed_until_its_last() -> None:
    streams = Streams()
    begin(streams, "a")
    assert feed(streams, "a", SECOND[:100]).partial == "50"
    assert [piece.start for piece in feed(streams, "a").finals] == [0.0]
    last = feed(streams, "a", b"", is_last=True)
    assert [(piece.start, piece.end) for piece in last.finals] == [(1.0, 1.0 + 50 / 16000)]
    assert len(streams) == 0
    with pytest.raises(StreamLost, match="open it again"):
        feed(streams, "a")


def test_samples_are_what_clips_have_too() -> None:
    heard: list[Any] = []

    class Listener:
        def open_stream(self, options: RecognitionOptions) -> Any:
            return self

        def feed(self, samples: Any, *, is_last: bool) -> StreamHeard:
            heard.append(samples)
            return StreamHeard()

    streams = Streams()
    begin(streams, "a", Listener())
    feed(streams, "a", np.array([-32768, 0, 16384], dtype="<i2").tobytes())
    assert heard[0].dtype == np.float32
    assert heard[0].tolist() == [-1.0, 0.0, 0.5]


def test_a_stream_that_raised_is_dropped_and_the_others_go_on() -> None:
    streams = Streams()
    begin(streams, "bad")
    begin(streams, "good")
    with pytest.raises(ValueError, match="full scale"):
        feed(streams, "bad", np.array([-32768], dtype="<i2").tobytes())
    with pytest.raises(StreamLost):
        feed(streams, "bad")
    assert feed(streams, "good").finals


def test_half_a_sample_is_refused_and_the_stream_goes_on() -> None:
    streams = Streams()
    begin(streams, "a")
    with pytest.raises(InvalidOption, match="whole samples"):
        feed(streams, "a", b"abc")
    assert feed(streams, "a").finals


def test_there_are_no_more_streams_than_may_be() -> None:
    streams = Streams()
    for number in range(MAX_STREAMS):
        begin(streams, str(number))
    with pytest.raises(WorkersBusy, match=f"{MAX_STREAMS} streams at most"):
        begin(streams, "one more")
    streams.answer("echoes", ECHOES, CloseStream(stream="7"))
    begin(streams, "one more")


def test_a_name_is_one_stream_s_at_a_time_and_of_one_engine() -> None:
    streams = Streams()
    begin(streams, "a")
    with pytest.raises(EngineFailed, match="open already"):
        begin(streams, "a")
    streams.answer("other", ECHOES, OpenStream(stream="a", options=RecognitionOptions()))
    assert len(streams) == 2
    streams.forget("other")
    assert len(streams) == 1
    streams.answer("echoes", ECHOES, CloseStream(stream="a"))
    streams.answer("echoes", ECHOES, CloseStream(stream="a"))
    assert len(streams) == 0


def test_an_engine_that_does_not_stream_says_so() -> None:
    with pytest.raises(EngineFailed, match="'echoes' does not take live audio"):
        begin(Streams(), "a", object())


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=40), st.lists(st.integers(0, 5000), min_size=4, max_size=4))
def test_however_feeds_interleave_each_stream_hears_its_own(order: list[int], sizes: list[int]) -> None:
    def pcm(who: int, turn: int) -> bytes:
        return np.full(sizes[who], 100 * who + turn, dtype="<i2").tobytes()

    def alone(who: int) -> list[StreamHeard]:
        streams = Streams()
        begin(streams, str(who))
        return [feed(streams, str(who), pcm(who, turn)) for turn in range(order.count(who))]

    streams, heard = Streams(), {who: list[StreamHeard]() for who in range(4)}
    for who in range(4):
        begin(streams, str(who))
    for who in order:
        heard[who].append(feed(streams, str(who), pcm(who, len(heard[who]))))
    assert heard == {who: alone(who) for who in range(4)}
