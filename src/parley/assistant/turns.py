"""How a turn is asked, revised, heard and closed; what the rules of the table are made of."""

from __future__ import annotations

from parley.assistant.course import Course
from parley.assistant.echo import same_words
from parley.assistant.effects import AskModel, DropModel, DropVoice, LetSound, Measure
from parley.assistant.events import (
    AnswerText,
    Playback,
    PlaybackOrder,
    State,
    Trouble,
    UserText,
)
from parley.assistant.floor import MOST_SPECULATED, Anchor, Answer, Marks, Speech
from parley.errors import LanguageModelError, ParleyError
from parley.signal.tokens import is_said, join_texts


def rest(course: Course) -> None:
    """Nobody has the floor, unless somebody speaks already."""
    floor = course.floor
    if floor.speech.is_open:
        course.go(State.LISTENING)
        course.wait(floor.limits.final_timeout_s)
        return
    course.go(State.LISTENING if floor.hands_free else State.IDLE)
    course.wait(floor.limits.session_idle_s)


def tell_user(course: Course, *, is_final: bool, confidence: float | None = None) -> None:
    """What the user has said in this turn."""
    floor = course.floor
    course.tell(
        UserText(
            turn=floor.turn,
            revision=floor.revision,
            text=join_texts([*floor.said, floor.partial]),
            is_final=is_final,
            confidence=confidence,
            typed=floor.is_typed,
        )
    )


def conclude(course: Course) -> None:
    """The user has said everything: have it answered, if it is anything."""
    floor = course.floor
    question = join_texts(floor.said)
    if not question:
        drop_answer(course)
        rest(course)
        return
    if floor.state in (State.IDLE, State.LISTENING) and not floor.is_typed:
        course.go(State.LISTENING)
        course.go(State.FINALIZING)
    if floor.answer is None or not same_words(floor.answer.question, question):
        drop_answer(course)
        ask(course, question, stands=True)
    _stand(course)


def ask(course: Course, question: str, *, stands: bool) -> None:
    """Have an answer written."""
    floor = course.floor
    message = course.message(is_user=True, text=question)
    answer = Answer(
        turn=floor.turn,
        revision=floor.revision,
        question=question,
        has_voice=floor.has_voice,
        stands=stands,
        first_sample=floor.sounded,
        sent=floor.sounded,
        played=floor.sounded,
        progress_at=course.now,
    )
    course.change(answer=answer)
    course.mark(first_token_at=None, first_clause_at=None, first_audio_at=None, first_sent_at=None)
    course.do(
        AskModel(
            turn=floor.turn,
            revision=floor.revision,
            history=(*floor.history, message),
            with_voice=floor.has_voice,
            first_sample=floor.sounded,
        )
    )


def speculate(course: Course, *, is_whole: bool) -> None:
    """Ask before the text is sure, if that is wanted, it is all that was said, and nobody speaks."""
    floor = course.floor
    question = join_texts([*floor.said, floor.partial])
    if floor.answer is not None and not same_words(floor.answer.question, question):
        drop_answer(course)
    floor = course.floor
    is_quiet = floor.state is State.FINALIZING and not floor.speech.is_on
    may = floor.limits.speculates and is_whole and is_quiet
    if may and floor.answer is None and floor.speculated < MOST_SPECULATED and is_said(floor.partial):
        course.change(speculated=floor.speculated + 1)
        ask(course, question, stands=False)


def _stand(course: Course) -> None:
    """The answer that is being written is the one that is told."""
    course.go(State.THINKING)
    course.wait(course.floor.limits.think_timeout_s)
    answer = course.change_answer(stands=True)
    if answer.text:
        tell_answer(course, answer.text)
    go_on(course)


def tell_answer(course: Course, content: str, *, is_complete: bool = False) -> None:
    """The answer so far."""
    answer = course.floor.answer
    if answer is not None:
        course.tell(
            AnswerText(turn=answer.turn, revision=answer.revision, content=content, is_complete=is_complete)
        )


def go_on(course: Course) -> None:
    """Take the next step of an answer, if it is time for one: speak, or be done."""
    floor, answer = course.floor, course.floor.answer
    if answer is None or not answer.stands:
        return
    if floor.state is State.THINKING and answer.clauses and not floor.is_held:
        course.go(State.SPEAKING)
        course.change_answer(progress_at=course.now)
        course.do(LetSound(turn=answer.turn, revision=answer.revision))
    elif answer.is_written and not answer.text.strip():
        fail(course, _nothing_written(answer))
    elif answer.is_over and (floor.state is State.SPEAKING or not answer.clauses):
        close(course)
        rest(course)


def _nothing_written(answer: Answer) -> ParleyError:
    if answer.wished_tool:
        return LanguageModelError(
            "The language model asked for a tool, and there are none here; ask in another way."
        )
    return LanguageModelError("The language model gave an empty answer; ask again, or use another model.")


def fail(course: Course, error: ParleyError) -> None:
    """An answer cannot go on; what was heard of it stays."""
    course.tell(Trouble(error=error))
    close(course, is_cut=True)
    course.go(State.IDLE)
    rest(course)


def drop_answer(course: Course) -> None:
    """Throw an answer away of which nothing was heard; the turn has another revision."""
    answer = course.floor.answer
    if answer is None:
        return
    _silence(course, answer)
    course.change(answer=None, doubt=None, revision=answer.revision + 1, sounded=answer.sent)


def _silence(course: Course, answer: Answer) -> None:
    """No more of it is written or heard."""
    _flush(course, answer)
    if not answer.is_written:
        course.do(DropModel())
    if answer.has_voice:
        course.do(DropVoice())


def _flush(course: Course, answer: Answer) -> None:
    """The loudspeaker forgets what it has, and that it was told to hold."""
    is_held = course.floor.state is State.SPEAKING and course.floor.is_held
    if answer.sent > answer.played or is_held:
        course.order(PlaybackOrder(turn=answer.turn, action="flush", from_sample=answer.sent))


def close(course: Course, *, is_cut: bool = False, by_user: bool = False) -> None:
    """The turn is over: what was heard of its answer is told and remembered. Where it was cut, by the user
    or a failure, the rest is thrown away."""
    floor, answer = course.floor, course.floor.answer
    heard = ""
    if answer is not None:
        heard = _hear_out(course, answer, is_cut=is_cut)
    elif not floor.said:
        return
    keep_question(course)
    if is_said(heard):
        course.keep(course.message(is_user=False, text=heard, interrupted=is_cut))
    course.tell(AnswerText(turn=floor.turn, revision=floor.revision, content=heard, is_complete=True))
    if answer is not None and answer.is_started:
        course.tell(Playback(turn=answer.turn, status="ended"))
    metrics = floor.marks.metrics(floor.turn, interrupted=by_user)
    course.tell(metrics)
    course.do(Measure(metrics=metrics))
    course.change(**_next_turn(floor.turn))


def _hear_out(course: Course, answer: Answer, *, is_cut: bool) -> str:
    """What was heard of an answer that goes no further."""
    floor = course.floor
    position = floor.position(course.now)
    answer = course.change_answer(played=position)
    if is_cut:
        _silence(course, answer)
    elif floor.state is State.SPEAKING and floor.is_held:
        _flush(course, answer)
    return answer.heard(position)


def _next_turn(turn: int) -> dict[str, object]:
    return {
        "turn": turn + 1,
        "revision": 0,
        "said": (),
        "is_typed": False,
        "is_kept": False,
        "speculated": 0,
        "sounded": 0,
        "answer": None,
        "doubt": None,
        "marks": Marks(),
    }


def keep_question(course: Course) -> None:
    """What the user said is remembered once it cannot change any more."""
    if not course.floor.is_kept:
        course.change(is_kept=True)
        course.keep(course.message(is_user=True, text=join_texts(course.floor.said)))


def take_the_floor(course: Course) -> None:
    """The user goes on or interrupts: an answer of which something was heard is a turn of its own, any
    other is thrown away, and what comes belongs to the same turn."""
    floor, answer = course.floor, course.floor.answer
    if answer is None:
        return
    if is_anything_heard(course, answer):
        close(course, is_cut=True, by_user=True)
    else:
        drop_answer(course)
    course.change(doubt=None, speech=floor.speech)


def is_anything_heard(course: Course, answer: Answer) -> bool:
    """Whether the user has got something of the answer."""
    if not answer.has_voice:
        return answer.stands and is_said(answer.text)
    return course.floor.position(course.now) > answer.first_sample


def hold_position(course: Course) -> None:
    """The loudspeaker halts: what the clock says was played was played."""
    if course.floor.answer is not None:
        position = course.floor.position(course.now)
        course.change_answer(played=position, anchor=None)


def release(course: Course) -> None:
    """It was nothing: the answer goes on at the first sample that was not played."""
    floor, answer = course.floor, course.floor.answer
    was_held = floor.doubt is not None and floor.doubt.is_held
    course.change(doubt=None)
    if answer is None or course.floor.is_held:
        return
    if floor.state is State.SPEAKING and was_held:
        resumed_at = Anchor(sample=answer.played, at=course.now)
        course.change_answer(anchor=resumed_at, progress_at=course.now)
        course.order(PlaybackOrder(turn=answer.turn, action="resume", from_sample=answer.played))
    go_on(course)


def forget_speech(course: Course) -> None:
    """Nobody knows any more what the user was saying."""
    course.change(speech=Speech(), partial="")
