"""What time does: whatever is waited for, comes or is given up."""

from __future__ import annotations

from parley.assistant import turns
from parley.assistant.button_rules import end, start_playing
from parley.assistant.course import Course
from parley.assistant.events import State, Trouble
from parley.assistant.floor import Floor
from parley.assistant.happenings import StopAsked, TimePassed
from parley.errors import (
    AssistantError,
    LanguageModelSilent,
    ParleyError,
    RecognitionFailed,
    SessionIdle,
    SpeakingError,
)
from parley.signal.tokens import is_said


def time_passed(course: Course, event: TimePassed) -> None:
    """Look at the deadlines, the gravest first."""
    floor, now = course.floor, course.now
    if floor.lost_at is not None and now >= floor.lost_at + floor.limits.resume_s:
        end(course, StopAsked(error=AssistantError("The client did not come back; open a new conversation.")))
        return
    if floor.doubt is not None and now >= floor.doubt.until:
        turns.release(course)
    until = course.floor.until
    if until is not None and now >= until:
        _give_up(course)


def _give_up(course: Course) -> None:
    floor = course.floor
    if floor.is_resting:
        idle = f"Nobody said anything for {floor.limits.session_idle_s:g} seconds; open a new conversation."
        end(course, StopAsked(error=SessionIdle(idle)))
    elif floor.state in (State.LISTENING, State.FINALIZING):
        _give_up_hearing(course)
    elif floor.state is State.THINKING:
        turns.fail(course, _too_slow(course))
    else:
        _give_up_playing(course)


def _give_up_hearing(course: Course) -> None:
    was_shown = is_said(course.floor.partial)
    turns.forget_speech(course)
    if was_shown:
        course.tell(
            Trouble(error=RecognitionFailed("What was said could not be recognised in time; say it again."))
        )
    turns.conclude(course)


def _too_slow(course: Course) -> ParleyError:
    answer = course.floor.answer
    if answer is not None and answer.text:
        return SpeakingError("The answer was not spoken in time; ask again, or choose another voice.")
    return LanguageModelSilent("The language model gave no answer in time; ask again.")


def _give_up_playing(course: Course) -> None:
    answer = course.floor.answer
    if answer is None:
        return
    if answer.played < answer.sent:
        # A client that does not say what it plays is taken to play in real time.
        course.change(is_mute=True)
        course.change_answer(played=answer.sent, progress_at=course.now)
        start_playing(course)
        turns.go_on(course)
    else:
        stalled = SpeakingError("The answer did not go on; ask again, or choose another voice.")
        turns.fail(course, stalled)


def speaking_until(floor: Floor) -> float | None:
    """When Speaking is given up, or taken to be over."""
    answer = floor.answer
    if answer is None or floor.is_held:
        return None
    if answer.played >= answer.sent:
        return answer.progress_at + floor.limits.think_timeout_s
    if answer.anchor is None:
        return answer.progress_at + floor.limits.speak_silence_s
    remaining_s = (answer.sent - answer.anchor.sample) / floor.sample_rate_hz
    patience_s = 0.0 if floor.is_mute else floor.limits.speak_silence_s
    return answer.anchor.at + max(patience_s, remaining_s)
