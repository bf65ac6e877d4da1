"""The one table of transitions: what may happen in which state, and where it may lead.

A rule that is not here does not exist: the event changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from parley.assistant import answer_rules as answers
from parley.assistant import button_rules as buttons
from parley.assistant import speech_rules as speech
from parley.assistant import time_rules as times
from parley.assistant.course import Course
from parley.assistant.events import State
from parley.assistant.happenings import (
    AudioSent,
    ClauseMade,
    ClauseWhole,
    EarFailed,
    FinalHeard,
    FinalizePressed,
    InterruptPressed,
    LineBack,
    LineLost,
    ModelDone,
    ModelFailed,
    ModelWrote,
    Opened,
    PartialHeard,
    PlayedSamples,
    ResetAsked,
    SpeechBegan,
    SpeechStopped,
    SpeechWent,
    StopAsked,
    TimePassed,
    ToolMissing,
    ToolWished,
    Typed,
    VoiceDone,
    VoiceFailed,
)

_IDLE, _LISTENING, _FINALIZING = State.IDLE, State.LISTENING, State.FINALIZING
_THINKING, _SPEAKING = State.THINKING, State.SPEAKING
_RESTS = (_IDLE, _LISTENING)


@dataclass(frozen=True, slots=True)
class Rule:
    """What to do, and the other states in which that may end."""

    play: Callable[[Course, Any], None]
    leads_to: frozenset[State]


def _rule(play: Callable[[Course, Any], None], *leads_to: State) -> Rule:
    return Rule(play, frozenset(leads_to))


_ALWAYS: Mapping[type, Rule] = {
    Typed: _rule(buttons.typed, _THINKING),
    ResetAsked: _rule(buttons.reset_asked, *_RESTS),
    StopAsked: _rule(buttons.stop_asked, _IDLE),
    LineLost: _rule(buttons.line_lost),
}

_HEARING: Mapping[type, Rule] = {
    SpeechBegan: _rule(speech.speech_began, _LISTENING),
    SpeechStopped: _rule(speech.speech_stopped, _FINALIZING),
    PartialHeard: _rule(speech.partial, _LISTENING),
    FinalHeard: _rule(speech.final, *_RESTS, _THINKING, _SPEAKING),
    EarFailed: _rule(speech.ear_failed, *_RESTS, _THINKING, _SPEAKING),
    TimePassed: _rule(times.time_passed, *_RESTS, _THINKING, _SPEAKING),
    LineBack: _rule(buttons.line_back),
}

_SPECULATING: Mapping[type, Rule] = {
    ModelWrote: _rule(answers.model_wrote),
    ModelDone: _rule(answers.model_done),
    ModelFailed: _rule(answers.model_failed),
    ToolWished: _rule(answers.tool_wished),
    ToolMissing: _rule(answers.tool_missing),
    ClauseWhole: _rule(answers.clause_whole),
    ClauseMade: _rule(answers.clause_made),
    VoiceDone: _rule(answers.voice_done),
    VoiceFailed: _rule(answers.voice_failed),
}

_ANSWERING: Mapping[type, Rule] = {
    SpeechBegan: _rule(speech.possible_speech),
    SpeechWent: _rule(speech.doubt_went, _LISTENING, _FINALIZING),
    SpeechStopped: _rule(speech.doubt_stopped, _LISTENING, _FINALIZING),
    PartialHeard: _rule(speech.doubtful_partial, _LISTENING, _FINALIZING),
    FinalHeard: _rule(speech.doubtful_final, _LISTENING, _THINKING, _SPEAKING, _IDLE),
    EarFailed: _rule(speech.ear_failed, _SPEAKING, *_RESTS),
    TimePassed: _rule(times.time_passed, _SPEAKING, *_RESTS),
    LineBack: _rule(buttons.line_back, _SPEAKING, *_RESTS),
    FinalizePressed: _rule(buttons.finalize_only),
    InterruptPressed: _rule(buttons.interrupt_pressed, *_RESTS),
    ModelWrote: _rule(answers.model_wrote, *_RESTS),
    ModelDone: _rule(answers.model_done, *_RESTS),
    ModelFailed: _rule(answers.model_failed, *_RESTS),
    ToolWished: _rule(answers.tool_wished),
    ToolMissing: _rule(answers.tool_missing),
    ClauseWhole: _rule(answers.clause_whole),
    ClauseMade: _rule(answers.clause_made, _SPEAKING),
    VoiceDone: _rule(answers.voice_done, *_RESTS),
    VoiceFailed: _rule(answers.voice_failed, *_RESTS),
}

TABLE: Mapping[State, Mapping[type, Rule]] = {
    _IDLE: {
        **_ALWAYS,
        **_HEARING,
        Opened: _rule(buttons.opened, _LISTENING),
        SpeechStopped: _rule(speech.speech_stopped),
        EarFailed: _rule(speech.ear_failed),
        TimePassed: _rule(times.time_passed),
        FinalizePressed: _rule(buttons.finalize_only),
    },
    _LISTENING: {
        **_ALWAYS,
        **_HEARING,
        SpeechWent: _rule(speech.speech_went),
        **_SPECULATING,
        FinalizePressed: _rule(buttons.finalize_pressed, _FINALIZING),
    },
    _FINALIZING: {
        **_ALWAYS,
        **_HEARING,
        SpeechWent: _rule(speech.speech_went),
        **_SPECULATING,
        FinalizePressed: _rule(buttons.finalize_only),
    },
    _THINKING: {**_ALWAYS, **_ANSWERING},
    _SPEAKING: {
        **_ALWAYS,
        **_ANSWERING,
        PlayedSamples: _rule(buttons.played, *_RESTS),
        AudioSent: _rule(answers.audio_sent),
    },
}
"""By state, by kind of event."""
