"""What the user's speech does: a turn is taken, goes on, and ends; or an answer is interrupted, or nearly."""

from __future__ import annotations

from dataclasses import replace

from parley.assistant import turns
from parley.assistant.course import Course
from parley.assistant.echo import is_echo
from parley.assistant.events import Heard, PlaybackOrder, State, Trouble
from parley.assistant.floor import MOST_DOUBT_S, VERDICT_S, Doubt, Speech
from parley.assistant.happenings import (
    EarFailed,
    FinalHeard,
    PartialHeard,
    SpeechBegan,
    SpeechStopped,
    SpeechWent,
)
from parley.assistant.history import around
from parley.signal.tokens import is_said

ECHO_BEFORE_S, ECHO_AHEAD_S = 4.0, 0.5
"""What the loudspeaker has said in so long a time may come back as an echo: a recogniser is late."""


def speech_began(course: Course, event: SpeechBegan) -> None:
    """Somebody may be speaking: it is the user's turn."""
    course.change(speech=Speech(began_s=event.time_s, is_on=True, is_open=True))
    course.go(State.LISTENING)
    course.tell(Heard(status="speech_start"))
    course.wait(course.floor.limits.final_timeout_s)


def possible_speech(course: Course, event: SpeechBegan) -> None:
    """Somebody may be interrupting: the answer is held, unless echo cancellation still learns."""
    floor = course.floor
    course.change(speech=Speech(began_s=event.time_s, is_on=True, is_open=True))
    course.tell(Heard(status="speech_start"))
    if floor.lost_at is not None:
        # Nothing sounds that could be interrupted; what is said will tell.
        return
    is_held = floor.doubt is not None and floor.doubt.is_held
    if not is_held and not _is_guarded(course):
        _hold(course)
        is_held = True
    limits = floor.limits
    doubt = Doubt(
        began_s=event.time_s,
        began_at=course.now,
        need_s=limits.barge_in_speech_s if is_held else limits.barge_in_guard_speech_s,
        is_held=is_held,
        until=course.now + VERDICT_S + limits.barge_in_guard_speech_s,
    )
    course.change(doubt=doubt)


def _is_guarded(course: Course) -> bool:
    answer, guard_s = course.floor.answer, course.floor.limits.barge_in_guard_s
    if course.floor.state is not State.SPEAKING or answer is None:
        return False
    return answer.begun_at is None or course.now - answer.begun_at < guard_s


def _hold(course: Course) -> None:
    answer = course.floor.answer
    if course.floor.state is State.SPEAKING and answer is not None:
        turns.hold_position(course)
        course.order(PlaybackOrder(turn=answer.turn, action="pause"))


def speech_went(course: Course, event: SpeechWent) -> None:
    """The user speaks on: a sign of life."""
    if course.floor.speech.is_open:
        course.wait(course.floor.limits.final_timeout_s)


def doubt_went(course: Course, event: SpeechWent) -> None:
    """Possible speech goes on; from some length on it is speech."""
    doubt = course.floor.doubt
    if doubt is None:
        return
    if event.seconds >= doubt.need_s and not doubt.is_echo:
        confirm(course)
    else:
        longest_s = max(MOST_DOUBT_S, 2 * doubt.need_s)
        until = min(course.now + VERDICT_S, doubt.began_at + longest_s)
        course.change(doubt=replace(doubt, until=until))


def speech_stopped(course: Course, event: SpeechStopped) -> None:
    """A pause: perhaps the end."""
    _note_stop(course, event)
    if course.floor.state is State.LISTENING and course.floor.speech.is_open:
        course.go(State.FINALIZING)
        course.wait(course.floor.limits.final_timeout_s)


def doubt_stopped(course: Course, event: SpeechStopped) -> None:
    """Possible speech has ended: it was an interruption if it was long enough; its words may still tell."""
    _note_stop(course, event)
    doubt = course.floor.doubt
    if doubt is None:
        return
    if event.time_s - doubt.began_s >= doubt.need_s and not doubt.is_echo:
        confirm(course)
    else:
        course.change(doubt=replace(doubt, until=course.now + VERDICT_S))


def _note_stop(course: Course, event: SpeechStopped) -> None:
    speech = course.floor.speech
    if speech.is_on:
        course.change(speech=replace(speech, is_on=False))
        course.tell(Heard(status="speech_end"))
    if course.floor.answer is None or not course.floor.answer.stands:
        course.mark(spoke_until=event.at)


def confirm(course: Course) -> None:
    """It is the user's turn."""
    turns.take_the_floor(course)
    course.go(State.LISTENING)
    if course.floor.speech.is_open and not course.floor.speech.is_on:
        course.go(State.FINALIZING)
    course.wait(course.floor.limits.final_timeout_s)
    if is_said(course.floor.partial):
        turns.tell_user(course, is_final=False)


def partial(course: Course, event: PartialHeard) -> None:
    """What the user is saying."""
    if course.floor.state is State.IDLE:
        course.go(State.LISTENING)
    if not course.floor.speech.is_open:
        course.change(speech=replace(course.floor.speech, is_open=True))
    course.change(partial=event.text)
    course.wait(course.floor.limits.final_timeout_s)
    turns.tell_user(course, is_final=False)
    turns.speculate(course, is_whole=event.is_whole)


def doubtful_partial(course: Course, event: PartialHeard) -> None:
    """A word that the assistant does not say itself is an interruption, however short."""
    if not is_said(event.text):
        return
    if is_echo(event.text, _playing(course)):
        if course.floor.doubt is not None:
            course.change(doubt=replace(course.floor.doubt, is_echo=True))
        return
    course.change(partial=event.text, speech=replace(course.floor.speech, is_open=True))
    confirm(course)


def _playing(course: Course) -> str:
    floor, answer = course.floor, course.floor.answer
    if floor.state is not State.SPEAKING or answer is None:
        return ""
    before, ahead = (round(seconds * floor.sample_rate_hz) for seconds in (ECHO_BEFORE_S, ECHO_AHEAD_S))
    return around(answer.clauses, floor.position(course.now), before, ahead)


def final(course: Course, event: FinalHeard) -> None:
    """The last word of an utterance; the turn's, unless somebody speaks already again."""
    was_shown = is_said(course.floor.partial)
    _close_utterance(course, event)
    text = event.text.strip()
    course.change(partial="")
    if is_said(text):
        course.mark(spoke_until=event.at, decided_at=event.decided_at, final_at=course.now)
        course.change(said=(*course.floor.said, text))
    if is_said(text) or was_shown:
        turns.tell_user(course, is_final=True, confidence=event.confidence)
    if course.floor.speech.is_open:
        course.go(State.LISTENING)
        course.wait(course.floor.limits.final_timeout_s)
    else:
        turns.conclude(course)


def _close_utterance(course: Course, event: FinalHeard) -> None:
    speech = course.floor.speech
    if speech.began_s < event.end_s:
        course.change(speech=replace(speech, is_on=False, is_open=False))


def doubtful_final(course: Course, event: FinalHeard) -> None:
    """The last word on a doubt: an interruption if it is a word, and not the assistant's own."""
    if is_said(event.text) and not is_echo(event.text, _playing(course)):
        confirm(course)
        final(course, event)
        return
    _close_utterance(course, event)
    if not course.floor.speech.is_open:
        turns.release(course)


def ear_failed(course: Course, event: EarFailed) -> None:
    """What was being said is lost; what was said before is not."""
    was_open = course.floor.speech.is_open
    turns.forget_speech(course)
    course.tell(Trouble(error=event.error))
    if course.floor.answer is not None and course.floor.answer.stands:
        turns.release(course)
    elif was_open or course.floor.state is State.FINALIZING:
        turns.conclude(course)
