"""What was found in a file: the sentences that warn of it, or the error that refuses it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from parley.engines.media import sniffing
from parley.engines.media.containers import RAW_SAMPLE_BYTES, announced_seconds, choose_sound
from parley.engines.media.frames import Frames
from parley.engines.media.timeline import Clock, Timeline
from parley.errors import InvalidOption, ParleyError, UndecodableMedia

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer

    from parley.engines.media.conversion import Conversion, Window
    from parley.engines.media.recording import Recording
    from parley.speech.media import DecodeOptions, RawFormat

_LACKING_S = 0.15
"""How much may lack before a file counts as broken off; the padding of codecs stays below it."""

_TOLD_SILENCE_S = 1.0


@dataclass(frozen=True, slots=True)
class Source:
    """An opened recording on its way through the engine."""

    recording: Recording
    container: InputContainer
    stream: AudioStream
    frames: Frames
    timeline: Timeline


def open_source(recording: Recording, container: InputContainer, options: DecodeOptions) -> Source:
    """The sound of a container, ready to be read; raises what `choose_sound` raises."""
    stream = choose_sound(container, options.max_channels)
    frames = Frames(container, stream)
    # None for many containers, whatever PyAV's types say.
    stamp = cast("int | None", container.start_time)
    start = None if stamp is None else stamp / 1_000_000
    return Source(recording, container, stream, frames, Timeline(frames, Clock(start)))


def nothing_found(source: Source) -> ParleyError:
    """Why there is not one block of audio."""
    if source.frames.damaged == 0:
        return UndecodableMedia("The file holds no audio samples.")
    return _all_damaged(source)


def check_findings(source: Source, conversion: Conversion, window: Window) -> None:
    """Raise UndecodableMedia if more was damaged than decoded, InvalidOption if the range lies outside."""
    if source.frames.damaged_inside > source.frames.decoded:
        raise _all_damaged(source)
    if conversion.position <= window.first:
        start, length = window.first / window.rate_hz, conversion.position / window.rate_hz
        raise InvalidOption(f"The range starts at {start:g} s, but the recording is {length:.3f} s long.")


def _all_damaged(source: Source) -> ParleyError:
    head = source.recording.peek()
    way_out = "" if sniffing.container_of(head) else f" {sniffing.RAW_HINT}"
    return UndecodableMedia(f"The sound of this file is damaged and cannot be decoded.{way_out}")


def remarks(
    source: Source, conversion: Conversion, window: Window, options: DecodeOptions
) -> tuple[str, ...]:
    """Sentences about what a user should know of the result."""
    return tuple(_remarks(source, conversion, window, options))


def _remarks(source: Source, conversion: Conversion, window: Window, options: DecodeOptions) -> Iterator[str]:
    sounds = source.container.streams.audio
    if len(sounds) > 1:
        yield f"The file has {len(sounds)} audio streams; number {sounds.index(source.stream)} was taken."
    inside = source.frames.damaged_inside
    if inside:
        yield f"{inside} damaged pieces of audio were stepped over."
    if source.timeline.clock.filled >= _TOLD_SILENCE_S:
        yield f"{source.timeline.clock.filled:.1f} s that are missing in the file were filled with silence."
    if conversion.complete:
        return
    yield from _about_the_end(source, options)
    if window.last is not None:
        wanted, length = window.last / window.rate_hz, conversion.position / window.rate_hz
        yield f"The range was to end at {wanted:g} s, but the recording is {length:.3f} s long."


def _about_the_end(source: Source, options: DecodeOptions) -> Iterator[str]:
    if options.raw is not None:
        yield from _leftover(source, options.raw)
        return
    if sniffing.leaves_its_length_open(source.recording.peek()):
        return
    announced = announced_seconds(source.container, source.stream, source.recording)
    decoded = source.timeline.clock.position
    if announced is not None and decoded < announced - _LACKING_S:
        yield f"The file breaks off: of {announced:.1f} s announced, {decoded:.1f} s could be decoded."
    elif source.frames.cut or _is_cut_ogg(source):
        yield f"The file breaks off after {decoded:.1f} s; what came before was decoded."


def _is_cut_ogg(source: Source) -> bool:
    return source.container.format.name == "ogg" and sniffing.lacks_last_ogg_page(source.recording)


def _leftover(source: Source, raw: RawFormat) -> Iterator[str]:
    width = RAW_SAMPLE_BYTES[raw.sample_format] * raw.channels
    left = source.recording.size_bytes % width
    if left:
        yield f"The last {left} bytes fill no sample; the raw format may be a different one."
