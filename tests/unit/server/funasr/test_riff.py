"""RIFF headers inside PCM, cut anywhere."""

from __future__ import annotations

import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.errors import InvalidOption
from parley.server.funasr.riff import Unwrapping, WaveFormat


def header(
    size: int,
    *,
    rate: int = 16000,
    channels: int = 1,
    tag: int = 1,
    bits: int = 16,
    before: bytes = b"",
    extra: bytes = b"",
) -> bytes:
    frame = channels * bits // 8
    chunk = struct.pack("<HHIIHH", tag, channels, rate, rate * frame, frame, bits) + extra
    start = b"RIFF" + struct.pack("<I", (36 + size) % 2**32) + b"WAVE"
    return (
        start + before + b"fmt " + struct.pack("<I", len(chunk)) + chunk + b"data" + struct.pack("<I", size)
    )


def chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def unwrap(pieces: list[bytes]) -> tuple[bytes, WaveFormat | None]:
    unwrapping = Unwrapping()
    given_out = b"".join(unwrapping.feed(piece) for piece in pieces) + unwrapping.finish()
    return given_out, unwrapping.format


def cut(data: bytes, places: list[int]) -> list[bytes]:
    borders = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[first:last] for first, last in itertools.pairwise(borders)]


samples = st.binary(max_size=300)
cuts = st.lists(st.integers(min_value=0), max_size=12)


@given(samples, cuts)
def test_samples_alone_pass_as_they_are(pcm: bytes, places: list[int]):
    assert unwrap(cut(pcm, places)) == (pcm, None)


@given(st.text(alphabet="RIFWAVE ", max_size=60).map(str.encode), cuts)
def test_what_only_resembles_a_header_passes_too(pcm: bytes, places: list[int]):
    whole = unwrap([pcm])[0]
    assert unwrap(cut(pcm, places))[0] == whole
    if b"WAVE" not in pcm:
        assert whole == pcm


@given(samples, cuts, st.sampled_from([8000, 16000, 44100]), st.integers(1, 2), st.booleans(), st.booleans())
def test_a_header_at_the_beginning_is_read_and_left_out(
    pcm: bytes, places: list[int], rate: int, channels: int, is_placeholder: bool, has_more: bool
):
    size = 0xFFFFFFFF if is_placeholder else len(pcm)
    before = chunk(b"LIST", b"INFO of 17 bytes!") + chunk(b"JUNK", bytes(28)) if has_more else b""
    file = header(size, rate=rate, channels=channels, before=before) + pcm
    expected = WaveFormat(encoding="pcm16", channels=channels, sample_rate_hz=rate)
    assert unwrap(cut(file, places)) == (pcm, expected)


@given(samples, samples, cuts)
def test_a_header_further_on_is_left_out_and_changes_nothing(first: bytes, second: bytes, places: list[int]):
    files = header(len(first)) + first + header(len(second), rate=8000) + second
    assert unwrap(cut(files, places)) == (
        first + second,
        WaveFormat(encoding="pcm16", channels=1, sample_rate_hz=16000),
    )
    after_samples = b"\1\2" + files
    assert unwrap(cut(after_samples, places)) == (b"\1\2" + first + second, None)


@given(st.binary(min_size=1, max_size=100), cuts, st.sampled_from([b"LIST", b"id3 ", b"bext"]))
def test_what_follows_the_data_of_a_file_is_no_sound(pcm: bytes, places: list[int], name: bytes):
    file = (
        header(len(pcm))
        + pcm
        + bytes(len(pcm) % 2)
        + chunk(name, b"about the file")
        + chunk(b"LIST", b"more")
    )
    assert unwrap(cut(file, places))[0] == pcm


def test_samples_beyond_the_size_in_the_header_are_kept():
    pcm = bytes(range(100))
    assert unwrap([header(10) + pcm])[0] == pcm


@pytest.mark.parametrize(("tag", "bits", "encoding"), [(1, 16, "pcm16"), (3, 32, "float32"), (7, 8, "mulaw")])
def test_kinds_of_samples(tag: int, bits: int, encoding: str):
    assert unwrap([header(8, tag=tag, bits=bits) + bytes(8)])[1] == WaveFormat(
        encoding=encoding, channels=1, sample_rate_hz=16000
    )
    extensible = struct.pack("<HHIH", 22, bits, 0, tag) + bytes(14)
    found = unwrap([header(8, tag=0xFFFE, bits=bits, extra=extensible) + bytes(8)])[1]
    assert found is not None
    assert found.encoding == encoding


@pytest.mark.parametrize(("tag", "bits"), [(1, 24), (1, 8), (6, 8), (0x55, 0), (3, 64)])
def test_other_kinds_are_refused(tag: int, bits: int):
    with pytest.raises(InvalidOption, match="send 16-bit PCM"):
        Unwrapping().feed(header(8, tag=tag, bits=bits))


def test_half_a_header_is_no_sound():
    assert unwrap([header(100)[:30]]) == (b"", None)
    assert unwrap([b"RIF"])[0] == b"RIF"
