"""What a live session may be asked for, checked before anything is sent."""

from __future__ import annotations

from typing import Literal, TypedDict

from pydantic import ValidationError

from parley.client.options import problem_of, require_known
from parley.wire.speech.asr_client import Start


class LiveOptions(TypedDict, total=False):
    """Options of a live session: how the audio comes (16 kHz, 16 bits, mono unless said otherwise), and
    what is wanted. `hotwords` are phrases, or phrases with weights; `endpoint_silence_ms` is the silence
    that ends an utterance; `levels` asks how loud it is; `record` keeps the audio as a task of its own.
    """

    sample_rate: int
    encoding: Literal["pcm16", "float32", "mulaw"]
    channels: int
    language: str | None
    profile: str | None
    hotwords: list[str] | dict[str, float] | None
    partials: bool
    endpoint_silence_ms: int | None
    words: bool
    levels: bool
    record: bool


SAMPLE_BYTES = {"pcm16": 2, "float32": 4, "mulaw": 1}


def start_of(options: LiveOptions) -> Start:
    """The message that opens the session; raises InvalidOption for an option that means nothing."""
    require_known(options, LiveOptions)
    try:
        return Start.model_validate(dict(options))
    except ValidationError as error:
        raise problem_of(error) from error


def frame_bytes(start: Start) -> int:
    """Bytes of one sample of all channels."""
    return SAMPLE_BYTES[start.encoding] * start.channels
