"""The options of `parley transcribe` as those of a server's task."""

from __future__ import annotations

from typing import Any, Literal

from parley.client import Options
from parley.errors import InvalidOption, UnsupportedOption
from parley.speech.recognition import RecognitionOptions, SpeakerCount


def refuse_local(**options: Any) -> None:
    """Raise UnsupportedOption for the first option that was given and means nothing to a server."""
    for name, value in options.items():
        if value not in (None, False):
            flag = f"--{name.replace('_', '-')}"
            raise UnsupportedOption(f"{flag} is about this machine; with --server leave it out.")


def order(
    profile: str | None,
    recognition: RecognitionOptions,
    speakers: SpeakerCount | Literal["auto"] | None,
    channel: str,
    stretch: tuple[float, float | None],
    *,
    anew: bool,
) -> Options:
    """What the server is asked for, without what it does anyway; raises InvalidOption."""
    start, end = stretch
    options: Options = {
        "engine": profile,
        "language": recognition.language,
        "word_align": recognition.words or None,
        "hotwords": dict(recognition.hotwords) or None,
        "channel": _channel(channel),
        "task": _task(recognition.task),
        "prompt": recognition.prompt,
        "start": start,
        "end": end,
        "force_refresh": anew,
    }
    return {**options, **_voices(speakers)}


def _voices(count: SpeakerCount | Literal["auto"] | None) -> Options:
    if count is None:
        return {"diarize": False}
    if count == "auto":
        return {}
    if count.minimum == count.maximum:
        return {"num_speakers": count.minimum}
    return {"min_speakers": count.minimum, "max_speakers": count.maximum}


def _channel(text: str) -> Literal["mix", "split"] | int:
    if text in ("mix", "split"):
        return text
    if text.isdecimal():
        return int(text)
    raise InvalidOption(f"--channel is mix, split or a channel's number from 0, not '{text}'.")


def _task(text: str) -> Literal["transcribe", "translate"]:
    if text in ("transcribe", "translate"):
        return text
    raise InvalidOption(f"--task is transcribe or translate, not '{text}'.")
