"""Recordings made for a test: tones in any container, boxes of a MOV rewritten."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]


def speechlike(seconds: float, rate: int = 44_100, channels: int = 2, seed: int = 7) -> Samples:
    """Noise bursts and tones that differ by channel, shape (channels, n)."""
    count = round(seconds * rate)
    generator = np.random.default_rng(seed)
    time = np.arange(count) / rate
    loudness = 0.5 + 0.5 * np.sin(2 * np.pi * 1.3 * time)
    rows = [
        0.3 * loudness * np.sin(2 * np.pi * (220 + 110 * row) * time)
        + 0.05 * generator.standard_normal(count)
        for row in range(channels)
    ]
    return np.stack(rows).astype(np.float32)


@dataclass
class Making:
    """How a file is made: codec, container, rate, and what happens to the time stamps."""

    codec: str
    container: str
    rate: int = 44_100
    channels: int = 2
    sample_format: str | None = None
    options: dict[str, str] = field(default_factory=dict)
    mux_options: dict[str, str] = field(default_factory=dict)
    holes: tuple[tuple[float, float], ...] = ()
    """Seconds of sound after which so many seconds are missing."""
    pictures: bool = False
    disposition: str | None = None


FORMATS = {
    "wav": Making("pcm_s16le", "wav"),
    "wav-float": Making("pcm_f32le", "wav"),
    "wav-mulaw": Making("pcm_mulaw", "wav", rate=8000),
    "w64": Making("pcm_s24le", "w64"),
    "aiff": Making("pcm_s16be", "aiff"),
    "au": Making("pcm_s16be", "au"),
    "caf": Making("pcm_s16le", "caf"),
    "flac": Making("flac", "flac", sample_format="s16"),
    "mp3": Making("libmp3lame", "mp3"),
    "m4a": Making("aac", "ipod"),
    "alac": Making("alac", "ipod"),
    "adts": Making("aac", "adts"),
    "mkv": Making("aac", "matroska"),
    "webm": Making("libopus", "webm", rate=48_000),
    "opus": Making("libopus", "ogg", rate=48_000),
    "vorbis": Making("vorbis", "ogg", options={"strict": "-2"}),
    "oga": Making("flac", "ogg", sample_format="s16"),
    "wma": Making("wmav2", "asf", options={"b": "128000"}),
    "avi": Making("libmp3lame", "avi"),
    "mpegts": Making("aac", "mpegts", rate=48_000),
    "mpeg": Making("mp2", "mpeg", rate=48_000),
    "flv": Making("aac", "flv"),
    "ac3": Making("ac3", "ac3", rate=48_000),
    "eac3": Making("eac3", "eac3", rate=48_000),
    "wavpack": Making("wavpack", "wv"),
    "tta": Making("tta", "tta"),
    "mp2": Making("mp2", "mp2", rate=48_000),
    "amr": Making("libopencore_amrnb", "amr", rate=8000, channels=1, sample_format="s16"),
    "3gp": Making("libopencore_amrnb", "3gp", rate=8000, channels=1, sample_format="s16"),
}


def make(path: Path, making: Making, seconds: float = 3.0) -> Path:
    """Write a recording and answer its path."""
    write(path, making, speechlike(seconds, making.rate, making.channels))
    return path


def make_long(path: Path, making: Making, minutes: float) -> Path:
    """Write a recording that repeats ten seconds of sound, without holding all of it."""
    piece = speechlike(10.0, making.rate, making.channels)
    write(path, making, *[piece] * round(6 * minutes))
    return path


def write(path: Path, making: Making, *pieces: Samples) -> None:
    """Encode pieces of shape (channels, n), one after the other."""
    with av.open(path, "w", format=making.container, options=making.mux_options) as container:
        layout = {1: "mono", 2: "stereo"}.get(making.channels, f"{making.channels}c")
        stream = container.add_stream(making.codec, rate=making.rate, layout=layout, options=making.options)
        if making.sample_format:
            stream.format = making.sample_format
        if making.pictures:
            _add_pictures(container, sum(piece.shape[1] for piece in pieces) / making.rate)
        for packet in _packets(stream, pieces, making, layout):
            _shift(packet, making.holes)
            container.mux(packet)


def _packets(stream: Any, pieces: tuple[Samples, ...], making: Making, layout: str) -> Iterator[Any]:
    resampler = av.AudioResampler(format=stream.format.name, layout=layout, rate=making.rate)
    position = 0
    for samples in pieces:
        for first in range(0, samples.shape[1], 4096):
            piece = np.ascontiguousarray(samples[:, first : first + 4096])
            frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = making.rate, position, Fraction(1, making.rate)
            position += piece.shape[1]
            for resampled in resampler.resample(frame):
                yield from stream.encode(resampled)
    for resampled in resampler.resample(None):
        yield from stream.encode(resampled)
    yield from stream.encode(None)


def _shift(packet: Any, holes: tuple[tuple[float, float], ...]) -> None:
    seconds = float(packet.pts * packet.time_base)
    for after, missing in holes:
        if seconds >= after:
            packet.pts += round(missing / packet.time_base)
            packet.dts += round(missing / packet.time_base)


def _add_pictures(container: Any, seconds: float) -> None:
    video = container.add_stream("mpeg4", rate=5)
    video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
    for index in range(max(1, round(seconds * 5))):
        frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), index % 255, np.uint8), format="rgb24")
        frame.pts, frame.time_base = index, Fraction(1, 5)
        for packet in video.encode(frame):
            container.mux(packet)
    for packet in video.encode(None):
        container.mux(packet)


def wav(
    samples: npt.NDArray[Any], rate: int = 16_000, *, tag: int | None = None, size: int | None = None
) -> bytes:
    """A WAV file of samples (n, channels) as they are; `size` is what the header claims of the data."""
    data = samples.tobytes()
    width, channels = samples.dtype.itemsize, samples.shape[1]
    kind = tag if tag is not None else (3 if samples.dtype.kind == "f" else 1)
    head = struct.pack("<HHIIHH", kind, channels, rate, rate * channels * width, channels * width, 8 * width)
    claimed = len(data) if size is None else size
    body = b"WAVEfmt " + struct.pack("<I", len(head)) + head + b"data" + struct.pack("<I", claimed) + data
    return b"RIFF" + struct.pack("<I", min(len(body), 2**32 - 1)) + body


def caf(samples: npt.NDArray[np.int16], labels: list[int], rate: int = 16_000) -> bytes:
    """A CAF file of samples (n, channels) whose channels carry labels (1 left, 2 right) in this order."""
    channels = len(labels)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack(">q", len(body)) + body

    described = struct.pack(">d4sIIIII", float(rate), b"lpcm", 2, 2 * channels, 1, channels, 16)
    named = b"".join(struct.pack(">IIfff", label, 0, 0, 0, 0) for label in labels)
    layout = struct.pack(">III", 0, 0, channels) + named
    data = struct.pack(">I", 0) + samples.astype("<i2").tobytes()
    return (
        b"caff"
        + struct.pack(">HH", 1, 0)
        + chunk(b"desc", described)
        + chunk(b"chan", layout)
        + chunk(b"data", data)
    )


class _Bits:
    """Bits as Shorten writes them (Robinson 1994): Rice codes of any width."""

    def __init__(self) -> None:
        self._bits: list[int] = []

    def rice(self, value: int, width: int) -> None:
        self._bits += [0] * (value >> width) + [1]
        self._bits += [(value >> place) & 1 for place in range(width - 1, -1, -1)]

    def number(self, value: int) -> None:
        self.rice(value.bit_length(), 2)
        self.rice(value, value.bit_length())

    def signed(self, value: int, width: int) -> None:
        self.rice((~value << 1 | 1) if value < 0 else value << 1, width + 1)

    def packed(self) -> bytes:
        return np.packbits(np.array(self._bits + [0] * (-len(self._bits) % 32), np.uint8)).tobytes()


def sphere(body: bytes, coding: str, samples: int) -> bytes:
    """A NIST SPHERE file of 16 kHz mono."""
    fields = [
        "sample_rate -i 16000",
        "channel_count -i 1",
        "sample_n_bytes -i 2",
        "sample_byte_format -s2 01",
    ]
    fields += [f"sample_count -i {samples}", f"sample_coding -s{len(coding)} {coding}", "end_head"]
    return "\n".join(["NIST_1A", "   1024", *fields, ""]).encode().ljust(1024, b"\0") + body


def shortened(samples: npt.NDArray[np.int16]) -> bytes:
    """Samples compressed by Shorten, as the Wall Street Journal corpora have them inside SPHERE."""
    bits = _Bits()
    for field_value in (5, 1, 256, 0, 0, 0):  # little-endian 16 bit, channels, block, no prediction
        bits.number(field_value)
    for first in range(0, len(samples), 256):
        bits.rice(0, 2)
        bits.rice(9, 3)
        for value in samples[first : first + 256]:
            bits.signed(int(value), 9)
    bits.rice(4, 2)
    return b"ajkg\x02" + bits.packed()


_PARENTS = (b"moov", b"trak", b"mdia", b"minf", b"dinf")


def with_external_sound(mov: bytes, path: str) -> bytes:
    """A MOV whose tracks say, by an alias in `dref`, that their samples lie in another file."""
    return b"".join(_rewritten(kind, body, path) for kind, body in _boxes(mov))


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    while len(data) >= 8:
        size, kind = struct.unpack(">I4s", data[:8])
        yield kind, data[8:size]
        data = data[size:]


def _rewritten(kind: bytes, body: bytes, path: str) -> bytes:
    if kind in _PARENTS:
        body = b"".join(_rewritten(inner, content, path) for inner, content in _boxes(body))
    elif kind == b"dref":
        alias = _alias(path)
        body = struct.pack(">II", 0, 1) + struct.pack(">I4sI", len(alias) + 12, b"alis", 0) + alias
    return struct.pack(">I4s", len(body) + 8, kind) + body


def _alias(path: str) -> bytes:
    name = path.encode() + b"\0" * (len(path) % 2)
    record = bytes(10) + bytes([0]) + bytes(27) + bytes(12) + bytes([0]) + bytes(63) + bytes(16)
    record += struct.pack(">hh", -1, -1) + bytes(16)
    record += struct.pack(">HH", 2, len(path)) + name + struct.pack(">hH", -1, 0)
    return record.ljust(200, b"\0")
