"""How frames go through a pipe: 4 bytes little-endian length, then msgpack."""

from __future__ import annotations

import struct
from typing import BinaryIO, TypeVar

import msgspec

from parley.errors import ParleyError
from parley.wire.frames import Frame, FromWorker, ToWorker

_T = TypeVar("_T")

MAX_FRAME_BYTES = 64 * 1024 * 1024
"""Half an hour of live PCM fits (55 MiB), and 40,000 voices of 512 dimensions (40 MiB).

The voices of a long recording are more than that: whoever sends them thins them first.
"""

LENGTH = struct.Struct("<I")


class FrameError(Exception):
    """The peer sent something that is not a frame of this protocol."""


_encoder = msgspec.msgpack.Encoder()
_to_worker: msgspec.msgpack.Decoder[ToWorker] = msgspec.msgpack.Decoder(ToWorker)
_from_worker: msgspec.msgpack.Decoder[FromWorker] = msgspec.msgpack.Decoder(FromWorker)


def encode(frame: Frame) -> bytes:
    """The bytes of a frame, length first; raises FrameError when it is too long or cannot be said.

    What cannot be said: text that is not UTF-8 (a lone surrogate), a number beyond 64 bits.
    """
    try:
        body = _encoder.encode(frame)
    except (msgspec.MsgspecError, TypeError, UnicodeError, OverflowError) as error:
        raise FrameError(str(error)) from error
    if len(body) > MAX_FRAME_BYTES:
        raise FrameError(f"frame of {len(body)} bytes exceeds {MAX_FRAME_BYTES}")
    return LENGTH.pack(len(body)) + body


def body_length(header: bytes) -> int:
    """Length announced by a 4-byte header; raises FrameError when it is beyond the maximum."""
    (length,) = LENGTH.unpack(header)
    if length > MAX_FRAME_BYTES:
        raise FrameError(f"frame of {length} bytes announced")
    return length


def decode_to_worker(body: bytes) -> ToWorker:
    """A parent's frame from its body; raises FrameError."""
    return _decode(_to_worker, body)


def decode_from_worker(body: bytes) -> FromWorker:
    """A worker's frame from its body; raises FrameError."""
    return _decode(_from_worker, body)


def _decode(decoder: msgspec.msgpack.Decoder[_T], body: bytes) -> _T:
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ParleyError) as error:
        # The last three escape from msgspec as they are: a key that is not UTF-8, a nest 1000 deep,
        # a value that its own class refuses.
        raise FrameError(str(error)) from error


def read_body(stream: BinaryIO) -> bytes | None:
    """Body of the next frame of a blocking stream, or None when the peer is gone, even half-way."""
    header = stream.read(LENGTH.size)
    if len(header) < LENGTH.size:
        return None
    length = body_length(header)
    body = stream.read(length)
    return body if len(body) == length else None
