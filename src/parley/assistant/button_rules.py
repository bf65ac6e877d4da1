"""What the user's hands do, and the line."""

from __future__ import annotations

from parley.assistant import turns
from parley.assistant.course import Course
from parley.assistant.effects import End, FinalizeRecognition, ForgetAll, Rewind, TellFirst
from parley.assistant.events import Playback, PlaybackOrder, State, StateChanged
from parley.assistant.floor import NOTHING_SAID_S, Anchor, Marks
from parley.assistant.happenings import (
    FinalizePressed,
    InterruptPressed,
    LineBack,
    LineLost,
    Opened,
    PlayedSamples,
    ResetAsked,
    StopAsked,
    Typed,
)
from parley.signal.tokens import join_texts


def opened(course: Course, event: Opened) -> None:
    """Say where it begins."""
    course.tell(StateChanged(state=course.floor.state))
    turns.rest(course)


def finalize_pressed(course: Course, event: FinalizePressed) -> None:
    """No pause is waited for; speech that nobody noticed yet may still turn up."""
    course.do(FinalizeRecognition())
    if course.floor.state is State.LISTENING:
        course.go(State.FINALIZING)
        limits = course.floor.limits
        course.wait(limits.final_timeout_s if course.floor.speech.is_open else NOTHING_SAID_S)


def finalize_only(course: Course, event: FinalizePressed) -> None:
    """The utterance that is going on, or is about to be noticed, ends here."""
    course.do(FinalizeRecognition())


def typed(course: Course, event: Typed) -> None:
    """A typed turn; what was said and not answered is part of it."""
    turns.take_the_floor(course)
    course.change(said=(*course.floor.said, event.text.strip()), is_typed=True, partial="", doubt=None)
    course.change(marks=Marks(spoke_until=course.now, decided_at=course.now, final_at=course.now))
    turns.tell_user(course, is_final=True)
    turns.conclude(course)


def interrupt_pressed(course: Course, event: InterruptPressed) -> None:
    """The user wants to hear no more of it."""
    turns.close(course, is_cut=True, by_user=True)
    turns.rest(course)


def played(course: Course, event: PlayedSamples) -> None:
    """The loudspeaker is further on; it never was where nothing was sent."""
    answer = course.floor.answer
    if answer is None or answer.turn != event.turn or course.floor.state is not State.SPEAKING:
        return
    course.change(reports=True, is_mute=False)
    samples = min(answer.sent, event.samples)
    if samples <= answer.played:
        return
    anchor = None if course.floor.is_held else Anchor(sample=samples, at=course.now)
    course.change_answer(played=samples, anchor=anchor, progress_at=course.now)
    start_playing(course)
    turns.go_on(course)


def start_playing(course: Course) -> None:
    """Something was heard: say so, once."""
    answer = course.floor.answer
    if answer is not None and not answer.is_started and answer.played > answer.first_sample:
        course.change_answer(is_started=True)
        course.tell(Playback(turn=answer.turn, status="started"))
        turns.keep_question(course)


def reset_asked(course: Course, event: ResetAsked) -> None:
    """What was heard is kept with the old conversation; nothing of it is known in the new one."""
    _leave_off(course)
    course.change(history=())
    course.do(ForgetAll())
    course.go(State.IDLE)
    turns.rest(course)


def stop_asked(course: Course, event: StopAsked) -> None:
    """The end."""
    end(course, event)


def end(course: Course, event: StopAsked) -> None:
    """Close what is open, and say farewell."""
    _leave_off(course)
    course.go(State.IDLE)
    course.change(is_over=True, until=None)
    course.do(End(error=event.error))


def _leave_off(course: Course) -> None:
    answer = course.floor.answer
    if answer is not None and not answer.stands:
        turns.drop_answer(course)
    turns.close(course, is_cut=True, by_user=True)
    turns.forget_speech(course)


def line_lost(course: Course, event: LineLost) -> None:
    """Nobody hears anything: the answer is held, but goes on being made."""
    if course.floor.lost_at is None:
        turns.hold_position(course)
        course.change(lost_at=course.now, doubt=None)


def line_back(course: Course, event: LineBack) -> None:
    """Somebody hears again: the state, then the turn's texts, then the audio that was not played."""
    turns.hold_position(course)
    course.change(lost_at=None, doubt=None)
    floor, answer = course.floor, course.floor.answer
    if answer is not None and floor.state is State.SPEAKING:
        course.change_answer(sent=answer.played, progress_at=course.now)
        course.order(PlaybackOrder(turn=answer.turn, action="flush", from_sample=answer.played))
        course.do(Rewind(turn=answer.turn, sample=answer.played))
    course.do(TellFirst(event=StateChanged(state=floor.state)))
    if join_texts(floor.said):
        turns.tell_user(course, is_final=not floor.speech.is_open)
    if answer is not None and answer.stands and answer.text:
        turns.tell_answer(course, answer.text)
    turns.go_on(course)
