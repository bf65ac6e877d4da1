"""An answer that was asked for before the text was sure, when the text turns out."""

from __future__ import annotations

import pytest

from parley.assistant.effects import AskModel, DropModel, DropVoice, Effect, Tell
from parley.assistant.events import AnswerText, State
from parley.assistant.floor import Floor
from parley.assistant.happenings import (
    FinalHeard,
    Happening,
    ModelWrote,
    Opened,
    PartialHeard,
    SpeechBegan,
    SpeechStopped,
)
from parley.assistant.machine import step
from parley.assistant.options import AssistantLimits


def after(*events: Happening, speculates: bool = True) -> tuple[Floor, list[Effect]]:
    """What comes of it, and what is wanted last."""
    floor, wanted = Floor(limits=AssistantLimits(speculates=speculates)), ()
    for at, event in enumerate(events):
        floor, wanted = step(floor, event, float(at))
    return floor, list(wanted)


PAUSE = (Opened(), SpeechBegan(time_s=0.5), SpeechStopped(time_s=1.0, at=1.0))
EARLY = (*PAUSE, PartialHeard(text="set an alarm for two", is_whole=True))


def final(text: str) -> FinalHeard:
    return FinalHeard(text=text, end_s=1.0, at=1.0, decided_at=1.5)


def questions(wanted: list[Effect]) -> list[str]:
    return [effect.history[-1].text for effect in wanted if isinstance(effect, AskModel)]


def test_it_is_asked_once_the_text_is_whole_and_not_before() -> None:
    assert questions(after(*EARLY)[1]) == ["set an alarm for two"]
    assert questions(after(*PAUSE, PartialHeard(text="set an alarm for two"))[1]) == []
    assert questions(after(*EARLY, speculates=False)[1]) == []


@pytest.mark.parametrize("text", ["set an alarm for two", "Set an alarm for two."])
def test_it_is_the_answer_where_the_words_are_the_same(text: str) -> None:
    early = ModelWrote(turn=1, revision=0, text="Very well.")
    floor, wanted = after(*EARLY, early, final(text))
    assert questions(wanted) == [] and floor.state is State.THINKING
    assert floor.answer is not None and floor.answer.stands
    told = [effect.event for effect in wanted if isinstance(effect, Tell)]
    assert [each.content for each in told if isinstance(each, AnswerText)] == ["Very well."]


@pytest.mark.parametrize("text", ["set an alarm for ten", "set an alarm for two thirty"])
def test_other_words_are_asked_anew(text: str) -> None:
    floor, wanted = after(*EARLY, ModelWrote(turn=1, revision=0, text="Very well."), final(text))
    assert questions(wanted) == [text] and floor.state is State.THINKING
    assert DropModel() in wanted and DropVoice() in wanted
    assert floor.answer is not None and (floor.answer.revision, floor.answer.text) == (1, "")


def test_nobody_is_answered_who_said_nothing_after_all() -> None:
    floor, wanted = after(*EARLY, final(""))
    assert questions(wanted) == [] and DropModel() in wanted
    assert floor.state is State.LISTENING and floor.answer is None
