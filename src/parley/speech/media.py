"""What decoding takes and gives."""

from __future__ import annotations

from dataclasses import dataclass

SAMPLE_RATE_HZ = 16_000
SAMPLE_BYTES = 2
"""Rate of every PCM file and sample array inside Parley."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawFormat:
    """How to read headerless PCM: `--raw 16000,s16le,1`."""

    sample_rate_hz: int
    sample_format: str
    channels: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeOptions:
    """Which part of a recording is wanted.

    `channel` is "mix", "split" or a channel number counted from 0. `start` and `end` are seconds
    of the recording; an `end` of None means to its end. The limits bound what a file may cost.
    `sample_rate_hz` is another rate than Parley's for who learns a voice; nothing else takes such PCM.
    """

    channel: str = "mix"
    start: float = 0.0
    end: float | None = None
    raw: RawFormat | None = None
    max_duration_s: float = 24 * 3600.0
    max_channels: int = 16
    sample_rate_hz: int = SAMPLE_RATE_HZ


@dataclass(frozen=True, slots=True, kw_only=True)
class PcmTrack:
    """One decoded PCM file: 16 kHz mono s16le, `samples` long; `channel` is None for a mix."""

    path: str
    samples: int
    channel: int | None = None

    @property
    def duration(self) -> float:
        """Seconds of audio in the file."""
        return self.samples / SAMPLE_RATE_HZ


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedMedia:
    """What a media engine found and wrote.

    `origin` is the second of the recording at which the PCM files begin (the `start` asked for);
    `warnings` are sentences for the user, such as a file that breaks off in the middle.
    """

    tracks: tuple[PcmTrack, ...]
    duration: float
    origin: float = 0.0
    container: str = ""
    codec: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """Audio by reference: samples `first` up to `last` (exclusive) of a PCM file."""

    path: str
    first: int
    last: int

    @property
    def duration(self) -> float:
        """Seconds of audio in the clip."""
        return (self.last - self.first) / SAMPLE_RATE_HZ
