"""Whatever comes through the pipe is a frame, an end, or a FrameError."""

from __future__ import annotations

import contextlib
import io
import types
import typing
from dataclasses import fields, is_dataclass
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley.speech.media import DecodeOptions
from parley.speech.recognition import SpeakerCount
from parley.wire import frames
from parley.wire.frames import Frame, FromWorker, ToWorker
from parley.wire.framing import (
    LENGTH,
    MAX_FRAME_BYTES,
    FrameError,
    body_length,
    decode_from_worker,
    decode_to_worker,
    encode,
    read_body,
)

SIMPLE: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=20),
    bytes: st.binary(max_size=20),
    int: st.integers(-(2**63), 2**64 - 1),
    float: st.floats(allow_nan=False),
    bool: st.booleans(),
    types.NoneType: st.none(),
    # Refuses what makes no sense.
    SpeakerCount: st.tuples(st.integers(1, 50), st.none() | st.integers(0, 50)).map(
        lambda pair: SpeakerCount(minimum=pair[0], maximum=None if pair[1] is None else sum(pair))
    ),
}


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Any value that a field of this type may hold."""
    if kind in SIMPLE:
        return SIMPLE[kind]
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in {types.UnionType, typing.Union}:
        return st.one_of(*(values_of(argument) for argument in arguments))
    if origin is dict:
        return st.dictionaries(values_of(arguments[0]), values_of(arguments[1]), max_size=3)
    if origin is tuple:
        if arguments[-1] is Ellipsis:
            return st.lists(values_of(arguments[0]), max_size=3).map(tuple)
        return st.tuples(*(values_of(argument) for argument in arguments))
    hints = typing.get_type_hints(kind)
    names = [f.name for f in fields(kind)] if is_dataclass(kind) else list(kind.__struct_fields__)
    return st.builds(kind, **{name: values_of(hints[name]) for name in names})


@st.composite
def streams(draw: st.DrawFn) -> list[Frame]:
    return draw(st.lists(st.deferred(lambda: values_of(ToWorker)), max_size=4))


TO_WORKER = typing.get_args(ToWorker)
FROM_WORKER = typing.get_args(FromWorker)
slow_to_build = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=50)


@pytest.mark.parametrize("kind", TO_WORKER + typing.get_args(frames.Request))
def test_every_frame_to_a_worker_comes_back_the_same(kind: type[Frame]) -> None:
    @slow_to_build
    @given(values_of(kind))
    def check(frame: Any) -> None:
        sent = frame
        if kind not in TO_WORKER:
            sent = frames.Call(call_id=1, engine="e", request=frame)
        assert decode_to_worker(encode(sent)[LENGTH.size :]) == sent

    check()


@pytest.mark.parametrize("kind", FROM_WORKER + typing.get_args(frames.Reply))
def test_every_frame_from_a_worker_comes_back_the_same(kind: type[Frame]) -> None:
    @slow_to_build
    @given(values_of(kind))
    def check(frame: Any) -> None:
        sent = frame
        if kind not in FROM_WORKER:
            sent = frames.Result(call_id=1, reply=frame, cpu_s=0.5)
        assert decode_from_worker(encode(sent)[LENGTH.size :]) == sent

    check()


def test_every_frame_belongs_to_a_direction() -> None:
    known = {*TO_WORKER, *FROM_WORKER, *typing.get_args(frames.Request), *typing.get_args(frames.Reply)}
    assert set(Frame.__subclasses__()) == known


def frame_or_error(body: bytes) -> None:
    for decode in (decode_to_worker, decode_from_worker):
        with contextlib.suppress(FrameError):
            assert isinstance(decode(body), Frame)


@given(st.binary(max_size=200))
def test_random_bodies_are_frames_or_errors(body: bytes) -> None:
    frame_or_error(body)


@slow_to_build
@given(values_of(FromWorker), st.data())
def test_damaged_bodies_are_frames_or_errors(frame: Frame, data: st.DataObject) -> None:
    body = bytearray(encode(frame)[LENGTH.size :])
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    frame_or_error(bytes(body))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x81\xa4typ\xff\xa5Hello",
        b"\x82\xa4type\xa9Heartbeat\xa1x" + b"\x91" * 100_000 + b"\xc0",
        msgspec.msgpack.encode({"type": "Heartbeat"}),
        msgspec.msgpack.encode({"type": "Heartbeat", "rss_bytes": "many"}),
    ],
)
def test_bodies_that_are_no_frames(body: bytes) -> None:
    with pytest.raises(FrameError):
        decode_from_worker(body)


def test_what_a_value_refuses_to_be_is_no_frame() -> None:
    request = {"type": "ClusterVoices", "batches": [], "count": {"minimum": 3, "maximum": 2}}
    call = {"type": "Call", "call_id": 1, "engine": "e", "request": request}
    with pytest.raises(FrameError):
        decode_to_worker(msgspec.msgpack.encode(call))


@given(st.binary(max_size=200))
def test_random_streams_end_or_are_refused(data: bytes) -> None:
    stream = io.BytesIO(data)
    try:
        while (body := read_body(stream)) is not None:
            frame_or_error(body)
    except FrameError:
        pass


@slow_to_build
@given(streams(), st.data())
def test_a_stream_cut_anywhere_gives_whole_frames_and_then_none(
    sent: list[Frame], data: st.DataObject
) -> None:
    encoded = [encode(frame) for frame in sent]
    whole = b"".join(encoded)
    cut = data.draw(st.integers(0, len(whole)))
    stream, received = io.BytesIO(whole[:cut]), list[Frame]()
    while (body := read_body(stream)) is not None:
        received.append(decode_to_worker(body))
    assert received == sent[: len(received)]
    assert sum(map(len, encoded[: len(received)])) <= cut
    assert len(received) == len(sent) or sum(map(len, encoded[: len(received) + 1])) > cut


def test_too_long_is_refused_on_both_sides() -> None:
    with pytest.raises(FrameError):
        encode(frames.Punctuate(texts=("x" * (MAX_FRAME_BYTES + 1),), language=None))
    with pytest.raises(FrameError):
        body_length(LENGTH.pack(MAX_FRAME_BYTES + 1))
    with pytest.raises(FrameError):
        read_body(io.BytesIO(LENGTH.pack(MAX_FRAME_BYTES + 1) + b"x"))
    assert body_length(LENGTH.pack(MAX_FRAME_BYTES)) == MAX_FRAME_BYTES


@pytest.mark.parametrize("text", ["\udcff", "a\ud800"])
def test_what_cannot_be_said_is_a_frame_error(text: str) -> None:
    with pytest.raises(FrameError):
        encode(frames.DecodeMedia(source=b"", folder=text, options=DecodeOptions()))
    with pytest.raises(FrameError):
        encode(frames.Heartbeat(rss_bytes=2**70))
