"""What a client wishes of a voice."""

from __future__ import annotations

from parley.speech.recognition import language_of
from parley.synthesis.options import SpeakingWish
from parley.wire.speech.tts_client import SpeakStart, Synthesize


def wish_of(message: Synthesize | SpeakStart) -> SpeakingWish:
    """The wish as the room takes it."""
    return SpeakingWish(
        voice=message.voice or None,
        language=language_of(message.language),
        engine=message.engine or None,
        speed=message.speed,
        sample_rate_hz=message.sample_rate,
        instruct=message.instruct,
        paced=message.paced,
    )
