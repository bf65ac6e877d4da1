"""What the language model, the voice and the loudspeaker do. Of another answer than the one there is nothing
counts."""

from __future__ import annotations

from parley.assistant import turns
from parley.assistant.button_rules import start_playing
from parley.assistant.course import Course
from parley.assistant.effects import CallTool, DropModel, DropVoice, EndText, SpeakText
from parley.assistant.events import State, Trouble
from parley.assistant.floor import Anchor, Answer
from parley.assistant.happenings import (
    AudioSent,
    ClauseMade,
    ClauseWhole,
    ModelDone,
    ModelFailed,
    ModelWrote,
    ToolMissing,
    ToolWished,
    VoiceDone,
    VoiceFailed,
)
from parley.assistant.history import Clause

_OfAnswer = (
    AudioSent
    | ClauseMade
    | ClauseWhole
    | ModelDone
    | ModelFailed
    | ModelWrote
    | ToolMissing
    | ToolWished
    | VoiceDone
    | VoiceFailed
)


def _meant(course: Course, event: _OfAnswer) -> Answer | None:
    """The answer there is, if the event is of that one."""
    answer = course.floor.answer
    if answer is None or (answer.turn, answer.revision) != (event.turn, event.revision):
        return None
    return answer


def model_wrote(course: Course, event: ModelWrote) -> None:
    """More text: for the client, and for the voice."""
    answer = _meant(course, event)
    if answer is None or answer.is_written:
        return
    room = course.floor.limits.max_answer_chars - len(answer.text)
    piece = event.text[:room]
    if course.floor.marks.first_token_at is None:
        course.mark(first_token_at=course.now)
    answer = course.change_answer(text=answer.text + piece)
    if answer.stands:
        turns.tell_answer(course, answer.text)
    if answer.has_voice:
        course.do(SpeakText(text=piece))
    _think_on(course)
    if len(event.text) >= room:
        course.do(DropModel())
        _written(course)


def _think_on(course: Course) -> None:
    if course.floor.state is State.THINKING:
        course.wait(course.floor.limits.think_timeout_s)


def model_done(course: Course, event: ModelDone) -> None:
    """The answer is written."""
    answer = _meant(course, event)
    if answer is not None and not answer.is_written:
        _written(course)


def _written(course: Course) -> None:
    answer = course.change_answer(is_written=True)
    if not answer.stands and not answer.text.strip():
        # It was asked too early anyway: it is asked again once the text is sure.
        turns.drop_answer(course)
        return
    if answer.has_voice and not answer.is_voiced:
        course.do(EndText())
    turns.go_on(course)


def model_failed(course: Course, event: ModelFailed) -> None:
    """The answer breaks off."""
    answer = _meant(course, event)
    if answer is None or answer.is_written:
        return
    if not answer.stands:
        turns.drop_answer(course)
    else:
        turns.fail(course, event.error)


def tool_wished(course: Course, event: ToolWished) -> None:
    """A tool is asked for."""
    answer = _meant(course, event)
    if answer is not None and not answer.is_written:
        course.do(CallTool(turn=answer.turn, revision=answer.revision, wish=event.wish))


def tool_missing(course: Course, event: ToolMissing) -> None:
    """It does not exist; what the language model says beside it is the answer."""
    if _meant(course, event) is not None:
        course.change_answer(wished_tool=True)


def clause_whole(course: Course, event: ClauseWhole) -> None:
    """The voice may begin."""
    if _meant(course, event) is not None and course.floor.marks.first_clause_at is None:
        course.mark(first_clause_at=course.now)


def clause_made(course: Course, event: ClauseMade) -> None:
    """Audio waits to be told."""
    answer = _meant(course, event)
    if answer is None or answer.is_voiced or not answer.has_voice or event.samples <= 0:
        return
    clause = Clause(text=event.text, first_sample=answer.made, samples=event.samples)
    course.change_answer(clauses=(*answer.clauses, clause), progress_at=course.now)
    if course.floor.marks.first_audio_at is None:
        course.mark(first_audio_at=course.now)
    _think_on(course)
    turns.go_on(course)


def voice_done(course: Course, event: VoiceDone) -> None:
    """The whole answer is audio."""
    answer = _meant(course, event)
    if answer is not None and answer.is_written and answer.has_voice:
        course.change_answer(is_voiced=True, progress_at=course.now)
        turns.go_on(course)


def voice_failed(course: Course, event: VoiceFailed) -> None:
    """The answer falls silent: it ends, or goes on as text where nothing of it was to be heard yet."""
    answer = _meant(course, event)
    if answer is None or answer.is_voiced or not answer.has_voice:
        return
    if not answer.stands:
        turns.drop_answer(course)
    elif course.floor.state is State.SPEAKING:
        turns.fail(course, event.error)
    else:
        course.tell(Trouble(error=event.error))
        course.do(DropVoice())
        course.change_answer(has_voice=False, clauses=())
        turns.go_on(course)


def audio_sent(course: Course, event: AudioSent) -> None:
    """The client has more to play."""
    answer = _meant(course, event)
    floor = course.floor
    if answer is None or floor.is_held or not answer.sent < event.until <= answer.made:
        return
    position = floor.position(course.now)
    anchor = answer.anchor
    if anchor is None or position >= answer.sent:
        # It had nothing to play until now.
        anchor = Anchor(sample=position, at=course.now)
    course.change_answer(
        sent=event.until,
        played=position,
        anchor=anchor,
        progress_at=course.now,
        begun_at=answer.begun_at if answer.begun_at is not None else course.now,
    )
    if floor.marks.first_sent_at is None:
        course.mark(first_sent_at=course.now)
    start_playing(course)
