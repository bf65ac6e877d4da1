"""What a client's `start` wishes of the conversation."""

from __future__ import annotations

from parley.assistant.options import AssistantWish
from parley.speech.recognition import language_of
from parley.wire.speech.assistant_client import AssistantStart


def wish_of(start: AssistantStart) -> AssistantWish:
    """The wish as the room takes it."""
    return AssistantWish(
        language=language_of(start.language),
        voice=start.voice,
        profile=start.profile,
        instructions=start.instructions,
        conversation_id=start.conversation_id,
        hands_free=start.hands_free,
        sample_rate_hz=start.sample_rate,
        speed=start.speed,
    )
