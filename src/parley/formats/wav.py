"""The header of a WAV file: mono, 16 bits, little-endian."""

from __future__ import annotations

import struct

HEADER_BYTES = 44
SAMPLE_BYTES = 2

_UNKNOWN = 0xFFFFFFFF
_AFTER_THE_LENGTH = HEADER_BYTES - 8


def wav_header(sample_rate_hz: int, data_bytes: int | None = None) -> bytes:
    """What stands before the samples; None is for a stream whose length nobody knows yet."""
    total = _UNKNOWN if data_bytes is None else data_bytes + _AFTER_THE_LENGTH
    is_known = total < _UNKNOWN
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        total if is_known else _UNKNOWN,
        b"WAVE",
        b"fmt ",
        16,
        1,
        1,
        sample_rate_hz,
        SAMPLE_BYTES * sample_rate_hz,
        SAMPLE_BYTES,
        8 * SAMPLE_BYTES,
        b"data",
        total - _AFTER_THE_LENGTH if is_known else _UNKNOWN,
    )
