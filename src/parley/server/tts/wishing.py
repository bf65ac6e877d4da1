"""What a client wishes of a voice, and the voices there are, between the words of both sides."""

from __future__ import annotations

from parley.speech.recognition import language_of
from parley.speech.voice import VoiceFacts
from parley.synthesis.options import SpeakingWish
from parley.wire.speech.tts_client import SpeakStart, Synthesize
from parley.wire.speech.tts_server import VoiceShown


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


def shown(voice: VoiceFacts) -> VoiceShown:
    """A voice in the words of the protocol."""
    return VoiceShown(
        id=voice.voice_id,
        name=voice.name,
        kind=voice.kind,
        engine=voice.engine,
        model=voice.model,
        languages=voice.languages,
        summary=voice.summary,
        created_at=voice.created_at,
    )
