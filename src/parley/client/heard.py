"""What the server says on `/asr`, as nouns."""

from __future__ import annotations

from parley.client.failures import error_of
from parley.client.line import Message
from parley.speech.live import Done, Final, Level, LiveEvent, Partial, Received, Trouble, Voice
from parley.speech.transcript import Word
from parley.wire.speech.asr_server import (
    Ack,
    FinalText,
    LevelHeard,
    LiveProblem,
    PartialText,
    SessionDone,
    VadStatus,
)


def event_of(message: Message) -> LiveEvent | None:
    """The event that a message tells, None for one that tells none; raises what ends the session."""
    match message.type:
        case PartialText.TYPE:
            told = message.checked(PartialText)
            return Partial(
                utterance=told.utterance, start=told.start, text=told.text, stable_chars=told.stable_chars
            )
        case FinalText.TYPE:
            return _final(message.checked(FinalText))
        case VadStatus.TYPE:
            vad = message.checked(VadStatus)
            return Voice(status=vad.status, time=vad.time)
        case SessionDone.TYPE:
            done = message.checked(SessionDone)
            return Done(utterances=done.utterances, audio_seconds=done.audio_seconds, task_id=done.task_id)
        case LiveProblem.TYPE:
            return _trouble(message)
        case _:
            return _figure(message)


def _figure(message: Message) -> LiveEvent | None:
    match message.type:
        case Ack.TYPE:
            ack = message.checked(Ack)
            return Received(
                received_samples=ack.received_samples,
                lag_ms=ack.lag_ms,
                skipped_partials=ack.skipped_partials,
            )
        case LevelHeard.TYPE:
            return Level(dbfs=message.checked(LevelHeard).dbfs)
        case _:
            return None


def _final(told: FinalText) -> Final:
    words = told.words
    return Final(
        utterance=told.utterance,
        start=told.start,
        end=told.end,
        text=told.text,
        confidence=told.confidence,
        words=None
        if words is None
        else tuple(
            Word(text=word.text, start=word.start, end=word.end, confidence=word.confidence) for word in words
        ),
        language=told.language,
    )


def _trouble(message: Message) -> Trouble:
    """What the session survives; everything else is raised, an error of the line included."""
    error = error_of(message.data)
    if message.data.get("fatal") is not False:
        raise error
    return Trouble(error=error, utterance=message.checked(LiveProblem).utterance)
