"""Frames are read the same however they are cut, and what breaks the protocol is refused."""

from __future__ import annotations

import itertools
import os
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.server.socket.frames import (
    PIECE_BYTES,
    SCRATCH_BYTES,
    CloseCode,
    Control,
    FrameError,
    FrameReader,
    Message,
    Opcode,
    close_payload,
    frame,
    read_close,
)

MIB = 1024 * 1024


def client_frame(
    opcode: int, payload: bytes, *, fin: bool = True, mask: bytes = b"\x12\x34\x56\x78"
) -> bytes:
    length = len(payload)
    head = bytes([(0x80 if fin else 0) | opcode])
    if length < 126:
        head += bytes([0x80 | length])
    elif length < 65536:
        head += bytes([0x80 | 126]) + struct.pack(">H", length)
    else:
        head += bytes([0x80 | 127]) + struct.pack(">Q", length)
    repeated = (mask * (length // 4 + 1))[:length]
    masked = int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")
    return head + mask + masked.to_bytes(length, "big")


def reader(most: int = 64 * MIB) -> FrameReader:
    return FrameReader(lambda size, continuing: True, most)


def read(frames: FrameReader, data: bytes, cuts: list[int] | None = None) -> list[Control | Message]:
    """What comes out when the data comes in pieces, each put where the reader wants it."""
    events: list[Control | Message] = []
    pieces = list(_cut(data, cuts or []))
    while pieces:
        piece = pieces.pop(0)
        if (room := frames.room()) is not None:
            taken = piece[: len(room)]
            room[: len(taken)] = taken
            frames.filled(len(taken))
        else:
            taken = piece[:SCRATCH_BYTES]
            frames.feed(taken)
        if len(taken) < len(piece):
            pieces.insert(0, piece[len(taken) :])
        while (event := frames.next_event()) is not None:
            events.append(event)
    return events


def _cut(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[first:last] for first, last in itertools.pairwise(edges)]


@given(
    payloads=st.lists(st.binary(max_size=300), min_size=1, max_size=5),
    cuts=st.lists(st.integers(0, 10_000), max_size=30),
    mask=st.binary(min_size=4, max_size=4),
)
def test_messages_survive_any_cut(payloads: list[bytes], cuts: list[int], mask: bytes):
    data = b"".join(client_frame(Opcode.BINARY, payload, mask=mask) for payload in payloads)
    events = read(reader(), data, cuts)
    assert [bytes(event.payload) for event in events] == payloads
    assert [event.charged for event in events if isinstance(event, Message)] == [len(p) for p in payloads]


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65535, 65536, SCRATCH_BYTES + 13, MIB + 3, 3 * MIB])
def test_large_payloads_are_unmasked_whatever_their_length(length: int):
    payload = os.urandom(length)
    data = client_frame(Opcode.BINARY, payload) + client_frame(Opcode.TEXT, b"next")
    for cuts in ([], [5], [300_001, 700_003], list(range(0, length, 100_003))):
        first, second = read(reader(), data, cuts)
        assert bytes(first.payload) == payload and bytes(second.payload) == b"next"


@pytest.mark.parametrize("length", [0, 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES + 5, MIB + 3])
@pytest.mark.parametrize("cuts", [[], [5], [PIECE_BYTES + 8, PIECE_BYTES + 14], list(range(0, MIB, 10_007))])
def test_large_binary_messages_can_be_given_on_in_pieces(length: int, cuts: list[int]):
    payload = os.urandom(length)
    data = (
        client_frame(Opcode.TEXT, b"t" * 70_000)
        + client_frame(Opcode.BINARY, payload, fin=False)
        + client_frame(Opcode.PING, b"?")
        + client_frame(Opcode.CONT, payload)
        + client_frame(Opcode.TEXT, b"ne", fin=False)
        + client_frame(Opcode.CONT, b"xt")
    )
    asked: list[tuple[int, bool]] = []
    frames = FrameReader(lambda size, continuing: not asked.append((size, continuing)), 4 * MIB)
    frames.in_pieces = True
    events = read(frames, data, cuts)
    messages = [event for event in events if isinstance(event, Message)]
    assert [bytes(each.payload) for each in messages if each.is_text] == [b"t" * 70_000, b"next"]
    pieces = [each for each in messages if not each.is_text]
    assert b"".join(bytes(each.payload) for each in pieces) == payload * 2
    assert all(each.charged == len(each.payload) <= PIECE_BYTES for each in pieces)
    assert sum(each.charged for each in messages) == sum(size for size, _ in asked)
    # Only the second half of the text was asked for by somebody who held memory already.
    assert [size for size, continuing in asked if continuing] == [2]
    assert sum(isinstance(event, Control) for event in events) == 1


def test_a_message_in_pieces_is_continued_and_bounded_like_any_other():
    begun = client_frame(Opcode.BINARY, b"ab", fin=False)
    for wrong in (client_frame(Opcode.BINARY, b"cd"), client_frame(Opcode.CONT, bytes(MIB + 1))):
        frames = reader(MIB)
        frames.in_pieces = True
        assert [bytes(event.payload) for event in read(frames, begun)] == [b"ab"]
        with pytest.raises(FrameError):
            read(frames, wrong)


def test_what_is_left_of_a_message_in_pieces_is_dropped_after_the_goodbye():
    frames = reader()
    frames.in_pieces = True
    data = client_frame(Opcode.BINARY, os.urandom(3 * PIECE_BYTES)) + client_frame(Opcode.CLOSE, b"")
    assert len(read(frames, data[: PIECE_BYTES + 1000])) == 1
    assert frames.drain().feed(data[PIECE_BYTES + 1000 :])


def test_pieces_make_one_message_with_pings_between():
    data = (
        client_frame(Opcode.TEXT, b"he", fin=False)
        + client_frame(Opcode.PING, b"?")
        + client_frame(Opcode.CONT, b"", fin=False)
        + client_frame(Opcode.CONT, b"llo")
    )
    ping, message = read(reader(), data)
    assert ping == Control(Opcode.PING, b"?")
    assert isinstance(message, Message)
    assert (message.is_text, bytes(message.payload), message.charged) == (True, b"hello", 5)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (client_frame(Opcode.CONT, b"x"), CloseCode.PROTOCOL_ERROR),
        (
            client_frame(Opcode.TEXT, b"x", fin=False) + client_frame(Opcode.TEXT, b"y"),
            CloseCode.PROTOCOL_ERROR,
        ),
        (client_frame(Opcode.PING, b"x" * 126), CloseCode.PROTOCOL_ERROR),
        (client_frame(Opcode.PING, b"x", fin=False), CloseCode.PROTOCOL_ERROR),
        (client_frame(3, b"x"), CloseCode.PROTOCOL_ERROR),
        (b"\x81\x01x", CloseCode.PROTOCOL_ERROR),
        (b"\xc1\x81\0\0\0\0x", CloseCode.PROTOCOL_ERROR),
        (client_frame(Opcode.BINARY, b"x" * 1001), CloseCode.TOO_BIG),
        (
            client_frame(Opcode.BINARY, b"x" * 600, fin=False) + client_frame(Opcode.CONT, b"x" * 600),
            CloseCode.TOO_BIG,
        ),
        (b"\x82\xff" + struct.pack(">Q", 2**63) + b"\0\0\0\0", CloseCode.TOO_BIG),
    ],
)
def test_what_breaks_the_protocol_is_refused(data: bytes, code: CloseCode):
    with pytest.raises(FrameError) as caught:
        read(reader(1000), data)
    assert caught.value.code is code


def test_nothing_is_kept_of_a_payload_before_there_is_memory_for_it():
    granted: list[int] = []
    frames = FrameReader(lambda size, continuing: bool(granted), 64 * MIB)
    frames.feed(client_frame(Opcode.BINARY, b"x" * 50_000)[:100])
    assert frames.next_event() is None and frames.is_waiting and frames.charged == 0
    frames.feed(b"")
    assert frames.next_event() is None
    frames.admit()
    assert frames.charged == 50_000
    frames.feed(client_frame(Opcode.BINARY, b"x" * 50_000)[100:])
    message = frames.next_event()
    assert isinstance(message, Message) and bytes(message.payload) == b"x" * 50_000
    assert frames.charged == 0


@given(payload=st.binary(max_size=70_000))
def test_frames_of_the_server_are_whole_and_not_masked(payload: bytes):
    written = frame(Opcode.TEXT, payload)
    assert written[0] == 0x81 and not written[1] & 0x80 and written.endswith(payload)
    assert len(written) - len(payload) == (2 if len(payload) < 126 else 4 if len(payload) < 65536 else 10)


@given(data=st.binary(max_size=400), cuts=st.lists(st.integers(0, 400), max_size=5))
def test_random_bytes_are_frames_or_an_error(data: bytes, cuts: list[int]):
    try:
        read(reader(1000), data, cuts)
    except FrameError as error:
        assert error.code in CloseCode


def test_close_codes():
    assert read_close(b"") == (1005, "")
    assert read_close(close_payload(1000, "bye")) == (1000, "bye")
    assert len(close_payload(1000, "字" * 100)) <= 125
    assert read_close(close_payload(1000, "字" * 100))[1].startswith("字")
    for payload in (b"x", struct.pack(">H", 999), struct.pack(">H", 1005), struct.pack(">H", 2000)):
        with pytest.raises(FrameError):
            read_close(payload)
    with pytest.raises(FrameError):
        read_close(struct.pack(">H", 1000) + b"\xff")
