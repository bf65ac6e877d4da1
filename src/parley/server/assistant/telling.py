"""What a conversation tells, as messages."""

from __future__ import annotations

from parley.assistant.contract import AssistantSession
from parley.assistant.events import (
    AnswerAudio,
    AnswerText,
    AssistantEvent,
    Heard,
    Loudness,
    Playback,
    PlaybackOrder,
    StateChanged,
    Trouble,
    TurnMetrics,
    UserText,
)
from parley.server.assistant.problems import problem_of
from parley.wire.native.message import Data
from parley.wire.speech.assistant_server import (
    AssistantReady,
    AssistantResponse,
    AssistantVad,
    AudioAhead,
    AudioLevel,
    Bye,
    PlaybackControl,
    PlaybackEnded,
    PlaybackStarted,
    StateShown,
    TurnMeasured,
    UserTranscript,
)

SAMPLE_BYTES = 2


def ready(session: AssistantSession) -> AssistantReady:
    """The conversation is open, open again, or a new one on the same line."""
    facts = session.facts
    return AssistantReady(
        session_id=facts.session_id,
        resume_token=facts.resume_token,
        conversation_id=facts.conversation_id,
        voice=facts.voice,
        language=facts.language,
        sample_rate=facts.sample_rate_hz,
        model=facts.model,
        parrot=facts.is_parrot,
        received_samples=session.received_samples,
    )


def message_of(event: AssistantEvent) -> Data:
    """An event in the words of the protocol; the audio itself follows its message as bytes."""
    match event:
        case UserText():
            return _user_text(event)
        case AnswerText():
            return AssistantResponse(
                content=event.content,
                is_complete=event.is_complete,
                turn=event.turn,
                revision=event.revision,
            )
        case AnswerAudio():
            return AudioAhead(
                turn=event.turn,
                sample_rate=event.sample_rate_hz,
                samples=len(event.pcm) // SAMPLE_BYTES,
                first_sample=event.first_sample,
                text=event.text,
            )
        case PlaybackOrder():
            return PlaybackControl(turn=event.turn, action=event.action, from_sample=event.from_sample)
        case TurnMetrics():
            return _measured(event)
        case _:
            return _sign(event)


def _sign(event: AssistantEvent) -> Data:
    """The short ones."""
    match event:
        case StateChanged():
            return StateShown(state=event.state.value)
        case Playback():
            return PlaybackStarted() if event.status == "started" else PlaybackEnded()
        case Heard():
            return AssistantVad(status=event.status)
        case Loudness():
            return AudioLevel(level=round(min(1.0, max(0.0, event.level)), 3))
        case Trouble():
            return problem_of(event.error, fatal=False)
        case _:
            return Bye()


def _user_text(event: UserText) -> UserTranscript:
    sure = event.confidence
    return UserTranscript(
        partial=None if event.is_final else event.text,
        final_text=event.text if event.is_final else None,
        confidence=None if sure is None else round(sure, 4),
        turn=event.turn,
        revision=event.revision,
        typed=event.typed,
    )


def _measured(event: TurnMetrics) -> TurnMeasured:
    return TurnMeasured(
        turn=event.turn,
        endpoint_ms=event.endpoint_ms,
        asr_final_ms=event.asr_final_ms,
        llm_first_token_ms=event.llm_first_token_ms,
        first_sentence_ms=event.first_sentence_ms,
        tts_first_audio_ms=event.tts_first_audio_ms,
        first_audio_sent_ms=event.first_audio_sent_ms,
        interrupted=event.interrupted,
    )
