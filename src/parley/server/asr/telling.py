"""What a session tells, as messages."""

from __future__ import annotations

from parley.live.contract import LiveSession
from parley.server.asr.problems import problem_of
from parley.speech.live import Done, Failed, Final, Level, LiveEvent, Partial, Received, Trouble, Voice
from parley.speech.transcript import Word
from parley.wire.native.message import Data
from parley.wire.speech.asr_server import (
    Ack,
    FinalText,
    LevelHeard,
    PartialText,
    Ready,
    SessionDone,
    VadStatus,
    WordHeard,
)


def ready(session: LiveSession) -> Ready:
    """The session is open, or open again."""
    facts = session.facts
    return Ready(
        session_id=facts.session_id,
        resume_token=facts.resume_token,
        sample_rate=facts.sample_rate_hz,
        profile=facts.profile,
        streaming=facts.streaming,
        received_samples=session.received_samples,
    )


def acknowledgement(session: LiveSession, last: Received) -> Ack:
    """How far the audio has arrived by now, and how late the session was when it said so last."""
    return Ack(
        received_samples=max(session.received_samples, last.received_samples),
        lag_ms=last.lag_ms,
        skipped_partials=last.skipped_partials,
    )


def message_of(event: LiveEvent, session: LiveSession) -> Data:
    """An event in the words of the protocol."""
    match event:
        case Voice():
            return VadStatus(status=event.status, time=_rounded(event.time))
        case Partial():
            return PartialText(
                utterance=event.utterance,
                start=_rounded(event.start),
                text=event.text,
                stable_chars=event.stable_chars,
            )
        case Final():
            return _final(event)
        case Received():
            return acknowledgement(session, event)
        case Level():
            return LevelHeard(dbfs=round(event.dbfs, 1))
        case Trouble():
            return problem_of(event.error, fatal=False, utterance=event.utterance)
        case Done():
            return SessionDone(
                utterances=event.utterances,
                audio_seconds=_rounded(event.audio_seconds),
                task_id=event.task_id,
            )
        case Failed():
            return problem_of(event.error, fatal=True)


def _final(event: Final) -> FinalText:
    return FinalText(
        utterance=event.utterance,
        start=_rounded(event.start),
        end=_rounded(event.end),
        text=event.text,
        confidence=_sure(event.confidence),
        words=None if event.words is None else tuple(_word(word) for word in event.words),
        language=event.language,
    )


def _word(word: Word) -> WordHeard:
    return WordHeard(
        text=word.text,
        start=_rounded(word.start),
        end=_rounded(word.end),
        confidence=_sure(word.confidence),
    )


def _rounded(time: float) -> float:
    """To milliseconds: no engine knows more."""
    return round(time, 3)


def _sure(confidence: float | None) -> float | None:
    return None if confidence is None else round(confidence, 4)
