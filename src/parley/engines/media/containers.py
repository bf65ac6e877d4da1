"""Which containers are opened, how, and which of their streams is the sound."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NoReturn

from parley.engines.media import sniffing
from parley.errors import InvalidOption, MediaTooLarge, UndecodableMedia, UnsupportedMedia

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer

    from parley.engines.media.recording import Recording
    from parley.speech.media import DecodeOptions, RawFormat

DEMUXERS = (
    "wav", "w64", "aiff", "flac", "mp3", "aac", "mov", "matroska", "ogg", "asf", "avi", "mpegts", "mpeg",
    "flv", "amr", "ac3", "eac3", "caf", "au", "nistsphere", "wv", "tta", "ape",
)  # fmt: skip
"""FFmpeg's names of what we open. Opus and Speex come in `ogg`, WebM in `matroska`, MP4, M4A and
3GP in `mov`, MP2 in `mp3`. None of them is a list of other files, except that `mov` may refer to
some, which `_GUARDS` forbids. Plain GSM files have no signature, so they cannot be told from noise.
"""

_GUARDS = {
    "format_whitelist": ",".join(DEMUXERS),
    "protocol_whitelist": "none",
    "enable_drefs": "0",
    "use_absolute_path": "0",
}

RAW_SAMPLE_BYTES = {
    "s16le": 2, "s16be": 2, "s8": 1, "u8": 1, "s24le": 3, "s32le": 4, "f32le": 4, "f64le": 8,
    "mulaw": 1, "alaw": 1,
}  # fmt: skip
"""Sample formats of `--raw`, which are also the names of their demuxers, and their width."""

MIN_RATE_HZ, MAX_RATE_HZ = 1_000, 768_000
MAX_STREAMS = 64


def open_container(recording: Recording, options: DecodeOptions) -> InputContainer:
    """The recording as FFmpeg sees it, without any way to open something else.

    The demuxer is chosen by the bytes alone, except for headerless PCM, where `options.raw` names it.
    Raises UnsupportedMedia, UndecodableMedia or InvalidOption.
    """
    if options.raw is not None:
        return _open(recording, options.raw.sample_format, _raw_options(options.raw))
    sniffing.refuse_pointers(recording.peek())
    return _open(recording, None, _GUARDS)


def check_raw(raw: RawFormat, max_channels: int) -> None:
    """Raise InvalidOption for a raw format that means nothing."""
    if raw.sample_format not in RAW_SAMPLE_BYTES:
        known = ", ".join(RAW_SAMPLE_BYTES)
        raise InvalidOption(f"The raw sample format '{raw.sample_format}' is not known; use one of {known}.")
    if not MIN_RATE_HZ <= raw.sample_rate_hz <= MAX_RATE_HZ:
        raise InvalidOption(f"A raw sample rate lies between {MIN_RATE_HZ} and {MAX_RATE_HZ} Hz.")
    if not 1 <= raw.channels <= max_channels:
        raise InvalidOption(f"Raw audio has 1 to {max_channels} channels.")


def _raw_options(raw: RawFormat) -> dict[str, str]:
    return {"sample_rate": str(raw.sample_rate_hz), "ch_layout": f"{raw.channels}C"}


def _open(recording: Recording, demuxer: str | None, options: dict[str, str]) -> InputContainer:
    import av
    from av.error import FFmpegError

    options = {**options, "codec_whitelist": _audio_decoders()}
    try:
        return av.open(
            recording,
            "r",
            format=demuxer,
            options=options,
            metadata_errors="replace",  # titles in Latin-1 or GBK are common, and not our concern
            io_open=_refuse_reference,
        )
    except FFmpegError as error:
        raise sniffing.unopened(recording.peek()) from error


@cache
def _audio_decoders() -> str:
    """Names of all audio decoders: while FFmpeg looks at a video, no video decoder runs."""
    import av

    names = (name for name in sorted(av.codecs_available) if _decodes_audio(name))
    return ",".join(names)


def _decodes_audio(name: str) -> bool:
    from av.codec import Codec
    from av.codec.codec import UnknownCodecError

    try:
        return Codec(name, "r").type == "audio"
    except UnknownCodecError:
        return False


def _refuse_reference(url: str, flags: int, options: dict[str, str]) -> NoReturn:
    raise UnsupportedMedia("This file refers to another file for its sound; give that one instead.")


def choose_sound(container: InputContainer, max_channels: int) -> AudioStream:
    """The default audio stream, or the first one that can be decoded; every other one is switched off.

    Raises MediaTooLarge, UndecodableMedia when there is no sound, UnsupportedMedia for an unknown codec.
    """
    if len(container.streams) > MAX_STREAMS:
        raise MediaTooLarge(f"The file holds {len(container.streams)} streams; the limit is {MAX_STREAMS}.")
    sounds = container.streams.audio
    if not sounds:
        pictures = "pictures but no sound" if container.streams.video else "no sound"
        raise UndecodableMedia(f"The file holds {pictures}.")
    # PyAV gives no codec context where FFmpeg has no decoder, though its types say otherwise.
    known = [stream for stream in sounds if getattr(stream, "codec_context", None) is not None]
    if not known:
        raise UnsupportedMedia("The sound of this file is coded (or locked) in a way that cannot be decoded.")
    default = [stream for stream in known if stream.disposition & stream.disposition.default]
    chosen = (default or known)[0]
    _switch_off_others(container, chosen)
    _prepare(chosen, max_channels)
    return chosen


def _switch_off_others(container: InputContainer, chosen: AudioStream) -> None:
    from av.stream import Discard

    # FFmpeg then does not even read the pictures of an MP4; other containers drop them early.
    for stream in container.streams:
        if stream.index != chosen.index:
            stream.discard = Discard.all


def _prepare(stream: AudioStream, max_channels: int) -> None:
    context = stream.codec_context
    # Read once only: PyAV 17.1 to 18 frees a custom channel layout each time it is looked at, here
    # and with every frame, which kills the process (a CAF file with channels R, L is enough). An
    # unordered layout of the same width needs no freeing; we number channels and never name them.
    channels = context.channels
    if channels > max_channels:
        raise MediaTooLarge(f"The recording has {channels} channels; the limit is {max_channels}.")
    if channels > 0:
        context.layout = f"{channels}C"
    # Frame threads would spread the work over cores that other workers need.
    context.thread_count = 1


def announced_seconds(container: InputContainer, stream: AudioStream, recording: Recording) -> float | None:
    """How long the sound is by its header, None where that is unknown or only an estimate."""
    name = container.format.name
    if name in ("aac", "ac3", "eac3", "amr", "avi", "mpeg", "mpegts", "ogg"):
        return None
    if name == "mp3" and not sniffing.counts_its_frames(recording):
        return None
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    # The length of the whole file is the sound's only where nothing else is in it.
    alone = len(container.streams) == 1 and container.duration is not None
    return container.duration / 1_000_000 if alone and container.duration else None
