"""Decodes whatever FFmpeg can, through PyAV, block by block."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from parley.engines.contract import CompactCopy, EngineSpec, Progress, Role
from parley.engines.media.containers import check_raw, open_container
from parley.engines.media.conversion import Conversion, Selection, Window
from parley.engines.media.findings import Source, check_findings, nothing_found, open_source, remarks
from parley.engines.media.opus import OpusFile
from parley.engines.media.recording import Recording
from parley.engines.media.timeline import Block
from parley.engines.media.tracks import Tracks
from parley.errors import MediaTooLarge
from parley.speech.media import DecodedMedia, DecodeOptions, PcmTrack

SPEC = EngineSpec(
    name="pyav",
    role=Role.MEDIA,
    factory="parley.engines.media.pyav:PyavEngine",
    revision="1",
    summary="decodes audio and video files with FFmpeg and resamples with soxr",
    licence="BSD-3-Clause (PyAV), LGPL-3.0 (the FFmpeg in its wheels), LGPL-2.1 (soxr)",
    requires=("av", "soxr"),
    install="pip install av soxr",
    compacts=True,
)

_BEAT_S = 0.25

_READ_S = 1e-12
"""What a byte counts as progress. Too little to see (a millisecond per gigabyte), enough to show
that a decoder without a sound yet still moves: on a slow disk, or past the pictures of a video."""


class Pulse:
    """Passes the seconds decoded on to `progress`, four times a second, also while FFmpeg only reads."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._last = time.monotonic()
        self._read_bytes = 0
        self.seconds = 0.0

    def read(self, total_bytes: int) -> None:
        """So many bytes were read in all."""
        self._read_bytes = total_bytes
        self.beat()

    def beat(self) -> None:
        """Report if it is time to."""
        now = time.monotonic()
        if now - self._last >= _BEAT_S:
            self._last = now
            self.end()

    def end(self) -> None:
        """Report how much it was in all."""
        self._progress(self.seconds + self._read_bytes * _READ_S)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The options, understood and found to make sense."""

    options: DecodeOptions
    selection: Selection
    window: Window

    @classmethod
    def of(cls, options: DecodeOptions) -> Self:
        if options.raw is not None:
            check_raw(options.raw, options.max_channels)
        window = Window.of(options.start, options.end, options.sample_rate_hz)
        return cls(options, Selection.of(options.channel), window)


class PyavEngine:
    """The media engine of the default install; needs no model."""

    def decode(self, source: Path, folder: Path, options: DecodeOptions, progress: Progress) -> DecodedMedia:
        """See MediaEngine; also raises FileNotFound and StorageError.

        `duration` is the length of the tracks, which is the recording's when no range is given.
        """
        wanted = _Wanted.of(options)
        pulse = Pulse(progress)
        with Recording(source, pulse.read) as recording, open_container(recording, options) as container:
            opened = open_source(recording, container, options)
            tracks, conversion = _write(opened, folder, wanted, pulse)
            return DecodedMedia(
                tracks=tracks,
                duration=tracks[0].samples / wanted.window.rate_hz,
                origin=wanted.window.first / wanted.window.rate_hz,
                container=container.format.name,
                codec=opened.stream.codec_context.codec.canonical_name,
                warnings=remarks(opened, conversion, wanted.window, options),
            )

    def compact(
        self, source: Path, target: Path, options: DecodeOptions, max_bytes: int, progress: Progress
    ) -> CompactCopy:
        """See CompactingEngine; Opus in Ogg, one channel. Also raises FileNotFound and StorageError."""
        wanted = _Wanted.of(options)
        pulse = Pulse(progress)
        with Recording(source, pulse.read) as recording, open_container(recording, options) as container:
            opened = open_source(recording, container, options)
            blocks = _limited(opened, options, pulse)
            first = next(blocks, None)
            if first is None:
                raise nothing_found(opened)
            with OpusFile(target, max_bytes) as file:
                conversion = Conversion((None,), wanted.window, file.write)
                _convert(conversion, first, blocks)
                check_findings(opened, conversion, wanted.window)
                pulse.end()
                duration, size_bytes = file.commit()
        return CompactCopy(duration=duration, size_bytes=size_bytes)


def _write(
    source: Source, folder: Path, wanted: _Wanted, pulse: Pulse
) -> tuple[tuple[PcmTrack, ...], Conversion]:
    blocks = _limited(source, wanted.options, pulse)
    first = next(blocks, None)
    if first is None:
        raise nothing_found(source)
    with Tracks(folder, wanted.selection.tracks(len(first.samples))) as tracks:
        conversion = Conversion(tracks.channels, wanted.window, tracks.write)
        _convert(conversion, first, blocks)
        check_findings(source, conversion, wanted.window)
        pulse.end()
        return tracks.commit(), conversion


def _convert(conversion: Conversion, first: Block, blocks: Iterator[Block]) -> None:
    conversion.feed(first)
    while not conversion.complete:
        block = next(blocks, None)
        if block is None:
            conversion.finish()
            return
        conversion.feed(block)


def _limited(source: Source, options: DecodeOptions, pulse: Pulse) -> Iterator[Block]:
    # Counted while decoding, because headers lie.
    for block in source.timeline.blocks():
        pulse.seconds += block.duration
        if pulse.seconds > options.max_duration_s:
            raise MediaTooLarge(f"The recording is longer than the limit of {options.max_duration_s:g} s.")
        if len(block.samples) > options.max_channels:
            raise MediaTooLarge(f"The recording has more than {options.max_channels} channels.")
        pulse.beat()
        yield block
