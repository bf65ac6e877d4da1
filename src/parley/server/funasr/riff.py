"""RIFF headers inside PCM: pages and scripts send whole WAV files where samples are expected."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from parley.errors import InvalidOption
from parley.live.options import Encoding

_RIFF, _WAVE = b"RIFF", b"WAVE"
_START_BYTES = 12
_CHUNK_HEAD = struct.Struct("<4sI")
_MOST_FORMAT_BYTES = 1024

_PLACEHOLDER_BYTES = 0x7FFF_0000
"""Who writes to a pipe does not know how long the data will be, and writes 0 or a very large number."""

_TRAILERS = frozenset(
    {
        b"LIST",
        b"id3 ",
        b"ID3 ",
        b"bext",
        b"fact",
        b"cue ",
        b"smpl",
        b"iXML",
        b"_PMX",
        b"PEAK",
        b"JUNK",
        b"afsp",
    }
)
"""What may come after the data of a file."""

_EXTENSIBLE = 0xFFFE
_ENCODINGS: dict[tuple[int, int], Encoding] = {(1, 16): "pcm16", (3, 32): "float32", (7, 8): "mulaw"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveFormat:
    """What a header says of the samples."""

    encoding: Encoding
    channels: int
    sample_rate_hz: int


class Unwrapping:
    """Takes an input in pieces of any size and gives its samples, the same however it was cut.

    `format` is what a header at the very beginning says; headers further on are left out. Raises
    InvalidOption for a header at the beginning whose samples cannot be taken.
    """

    def __init__(self) -> None:
        self.format: WaveFormat | None = None
        self._held = bytearray()
        self._is_beginning = True
        self._in_header = False
        self._to_skip = 0
        self._data_left: int | None = None
        self._padding = 0

    def feed(self, data: bytes | bytearray | memoryview) -> bytes:
        """The samples among these bytes and those held back before."""
        self._held += data
        given = bytearray()
        while self._step(given):
            pass
        return bytes(given)

    def finish(self) -> bytes:
        """What was held back as the possible beginning of a header, and was none."""
        begin = bytes(self._held[self._padding : self._padding + 4])
        rest = b"" if self._in_header or begin in _TRAILERS else bytes(self._held)
        self._held.clear()
        return rest

    def _step(self, given: bytearray) -> bool:
        """Deal with some of what is held; False when more has to come first."""
        if self._to_skip:
            return self._skip()
        if self._in_header:
            return self._read_chunk()
        if self._data_left == 0:
            return self._look_for_trailer()
        return self._pass_on(given)

    def _skip(self) -> bool:
        size = min(self._to_skip, len(self._held))
        del self._held[:size]
        self._to_skip -= size
        return self._to_skip == 0

    def _read_chunk(self) -> bool:
        if len(self._held) < _CHUNK_HEAD.size:
            return False
        name, size = _CHUNK_HEAD.unpack_from(self._held)
        if name == b"fmt " and self._is_beginning and size <= _MOST_FORMAT_BYTES:
            if len(self._held) < _CHUNK_HEAD.size + size:
                return False
            self.format = _format(bytes(self._held[_CHUNK_HEAD.size : _CHUNK_HEAD.size + size]))
        del self._held[: _CHUNK_HEAD.size]
        if name == b"data":
            self._in_header = self._is_beginning = False
            self._data_left = size if 0 < size < _PLACEHOLDER_BYTES else None
            self._padding = size % 2
        else:
            self._to_skip = size + size % 2
        return True

    def _look_for_trailer(self) -> bool:
        """Behind the data of a file there may be more chunks, or samples after all."""
        begins = self._padding
        if len(self._held) < begins + _CHUNK_HEAD.size:
            return False
        name, size = _CHUNK_HEAD.unpack_from(self._held, begins)
        if name in _TRAILERS:
            self._to_skip = begins + _CHUNK_HEAD.size + size + size % 2
            self._padding = 0
        else:
            self._data_left, self._padding = None, 0
        return True

    def _pass_on(self, given: bytearray) -> bool:
        """Give samples up to the next header, holding back what may become one."""
        at, is_whole = _header_at(self._held)
        size = at if self._data_left is None else min(at, self._data_left)
        if size:
            given += self._held[:size]
            del self._held[:size]
            self._is_beginning = False
            if self._data_left is not None:
                self._data_left -= size
            return True
        if is_whole:
            del self._held[:_START_BYTES]
            self._in_header = True
        return is_whole


def _header_at(held: bytearray) -> tuple[int, bool]:
    """Where a header begins, and whether its start is all there; the end where none does."""
    at = held.find(_RIFF)
    while at >= 0:
        kind = bytes(held[at + 8 : at + _START_BYTES])
        if _WAVE.startswith(kind):
            return at, kind == _WAVE
        at = held.find(_RIFF, at + 1)
    for size in (3, 2, 1):
        if held.endswith(_RIFF[:size]):
            return len(held) - size, False
    return len(held), False


def _format(chunk: bytes) -> WaveFormat:
    if len(chunk) < 16:
        raise InvalidOption("The RIFF header does not say what the samples are; send PCM without a header.")
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if tag == _EXTENSIBLE and len(chunk) >= 26:
        (tag,) = struct.unpack_from("<H", chunk, 24)
    encoding = _ENCODINGS.get((tag, bits))
    if encoding is None:
        raise InvalidOption(
            f"The RIFF header announces {bits}-bit samples of kind {tag}; send 16-bit PCM, 32-bit float or "
            "mu-law."
        )
    return WaveFormat(encoding=encoding, channels=channels, sample_rate_hz=rate)
