"""Live inputs in one worker: apart from each other, bounded, and gone after an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.engines.plugin import import_plugin
from parley.errors import EngineFailed, InvalidOption, OutOfMemory, ParleyError, StreamLost, WorkersBusy
from parley.speech.recognition import RecognitionOptions
from parley.speech.stream import StreamHeard
from parley.wire.frames import (
    MAX_STREAMS,
    CloseStream,
    FeedStream,
    FeedStreams,
    OpenStream,
    StreamFed,
    StreamsFed,
)
from parley.workers.streams import Streams

ECHOES: Any = import_plugin((Path(__file__).parents[2] / "plugins" / "echoes.py").resolve()).Echoes()
SECOND = np.full(16000, 8192, dtype="<i2").tobytes()


def begin(streams: Streams, name: str, engine: Any = ECHOES) -> None:
    streams.answer("echoes", engine, OpenStream(stream=name, options=RecognitionOptions(prompt=name)))


def feed(streams: Streams, name: str, pcm: bytes = SECOND, *, is_last: bool = False) -> StreamHeard:
    fed = streams.answer("echoes", ECHOES, FeedStream(stream=name, pcm=pcm, is_last=is_last))
    assert isinstance(fed, StreamFed)
    return fed.heard


def feed_together(streams: Streams, engine: Any = ECHOES, **pcm: bytes) -> StreamsFed:
    feeds = tuple(FeedStream(stream=name, pcm=said, is_last=False) for name, said in pcm.items())
    fed = streams.answer("echoes", engine, FeedStreams(feeds=feeds))
    assert isinstance(fed, StreamsFed)
    return fed


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


LOUD = np.array([-32768], dtype="<i2").tobytes()


def test_a_group_hears_what_each_would_have_heard_alone() -> None:
    streams, alone = Streams(), Streams()
    for name in "abc":
        begin(streams, name)
        begin(alone, name)
    fed = feed_together(streams, a=SECOND, b=SECOND[:100], c=b"")
    assert fed.heard == (feed(alone, "a"), feed(alone, "b", SECOND[:100]), feed(alone, "c", b""))
    assert fed.ended == (None, None, None)
    assert feed_together(streams) == StreamsFed(heard=(), ended=())


def test_one_broken_stream_in_a_group_is_gone_and_the_others_are_heard() -> None:
    streams = Streams()
    for name in ("good", "loud", "odd", "late"):
        begin(streams, name)
    fed = feed_together(streams, good=SECOND, loud=LOUD, lost=SECOND, odd=b"abc", late=SECOND)
    assert [heard is None for heard in fed.heard] == [False, True, True, True, False]
    assert [end.code if end else None for end in fed.ended] == [
        None, "engine_failed", "stream_lost", "invalid_option", None,
    ]  # fmt: skip
    assert not any("full scale" in end.message for end in fed.ended if end)
    # What was told as ended is not held any more, so that its name can be opened again.
    assert len(streams) == 2
    for name in ("loud", "odd"):
        begin(streams, name)
    again = feed_together(streams, good=SECOND, loud=SECOND, odd=SECOND, late=SECOND)
    assert all(heard is not None and len(heard.finals) == 1 for heard in again.heard)


class _Raising:
    """Streams that raise an error when they are told to by what they hear."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def open_stream(self, options: RecognitionOptions) -> Any:
        return self

    def feed(self, samples: Any, *, is_last: bool) -> StreamHeard:
        if len(samples) == 7:
            raise self._error
        return StreamHeard(partial=str(len(samples)))


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (MemoryError(), MemoryError),
        (OutOfMemory("no memory"), OutOfMemory),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), RuntimeError),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), RuntimeError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_what_is_no_matter_of_one_stream_ends_all_of_the_group(
    error: BaseException, raised: type[BaseException]
) -> None:
    """The caller hears nothing of those that were fed before, so they must not be fed on."""
    streams, engine = Streams(), _Raising(error)
    for name in ("before", "full", "behind", "elsewhere"):
        begin(streams, name, engine)
    with pytest.raises(raised):
        feed_together(streams, engine, before=bytes(2), full=bytes(14), behind=bytes(2))
    assert len(streams) == 1
    with pytest.raises(StreamLost):
        streams.answer("echoes", engine, FeedStream(stream="before", pcm=b""))
    streams.answer("echoes", engine, FeedStream(stream="elsewhere", pcm=b""))


def test_an_engine_that_ends_the_process_ends_one_stream_only() -> None:
    streams, engine = Streams(), _Raising(SystemExit(3))
    for name in ("a", "b"):
        begin(streams, name, engine)
    fed = feed_together(streams, engine, a=bytes(14), b=bytes(2))
    assert fed.heard[0] is None and fed.heard[1] == StreamHeard(partial="1")
    assert fed.ended[0] is not None and fed.ended[0].code == "engine_failed"


def test_no_sentence_of_a_lost_stream_tells_what_was_in_it() -> None:
    class Chatty(_Raising):
        def feed(self, samples: Any, *, is_last: bool) -> StreamHeard:
            raise ValueError("the patient said 'ouch' in /home/ann/visit.wav")

    streams = Streams()
    begin(streams, "a", Chatty(ValueError()))
    (end,) = feed_together(streams, Chatty(ValueError()), a=SECOND).ended
    assert end is not None and "ouch" not in end.message and "/home" not in end.message
    assert issubclass(EngineFailed, ParleyError) and end.code == EngineFailed.code


def test_an_engine_that_is_loaded_anew_has_no_streams_left_and_others_keep_theirs() -> None:
    streams = Streams()
    for engine in ("echoes", "other"):
        for name in ("a", "b"):
            streams.answer(engine, ECHOES, OpenStream(stream=name, options=RecognitionOptions()))
    streams.forget("echoes")
    streams.forget("nobody")
    assert len(streams) == 2
    fed = feed_together(streams, a=SECOND, b=SECOND)
    assert [end.code if end else None for end in fed.ended] == ["stream_lost", "stream_lost"]
    kept = streams.answer("other", ECHOES, FeedStreams(feeds=(FeedStream(stream="a", pcm=SECOND),)))
    assert isinstance(kept, StreamsFed) and kept.heard[0] is not None


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.sampled_from("abcd"), st.integers(0, 3000), min_size=1, max_size=4), max_size=12
    )
)
def test_however_feeds_are_grouped_each_stream_hears_its_own(groups: list[dict[str, int]]) -> None:
    def pcm(name: str, turn: int, size: int) -> bytes:
        return np.full(size, 100 * ord(name) + turn, dtype="<i2").tobytes()

    together, alone = Streams(), Streams()
    heard: dict[str, list[StreamHeard | None]] = {name: [] for name in "abcd"}
    expected: dict[str, list[StreamHeard | None]] = {name: [] for name in "abcd"}
    for name in "abcd":
        begin(together, name)
        begin(alone, name)
    for turn, group in enumerate(groups):
        said = {name: pcm(name, turn, size) for name, size in group.items()}
        for name, each in zip(said, feed_together(together, **said).heard, strict=True):
            heard[name].append(each)
    for name in "abcd":
        for turn, group in enumerate(groups):
            if name in group:
                expected[name].append(feed(alone, name, pcm(name, turn, group[name])))
    assert heard == expected
