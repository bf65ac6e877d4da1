"""The voices that can be chosen, in the words that all doors have for them."""

from __future__ import annotations

from parley.errors import VoicesNotInstalled, VoiceUnknown
from parley.speech.voice import VoiceFacts
from parley.synthesis.contract import SynthesisRoom
from parley.wire.speech.tts_server import VoiceShown


def shown(voice: VoiceFacts) -> VoiceShown:
    """A voice as its user sees it."""
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


async def voices_for(room: SynthesisRoom, user: str) -> tuple[tuple[VoiceShown, ...], str | None]:
    """All of them, and the id of the one that speaks where nobody is named."""
    known = await room.voices(user)
    try:
        default = (await room.default_voice(user, None)).voice_id
    except (VoicesNotInstalled, VoiceUnknown):
        default = None
    return tuple(shown(voice) for voice in known), default
