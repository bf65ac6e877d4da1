"""What the machine takes to have been played, and what it measures, event by event."""

from __future__ import annotations

from parley.assistant.effects import AskModel, Effect, Measure, Remember, Rewind
from parley.assistant.events import State
from parley.assistant.floor import Floor
from parley.assistant.happenings import (
    AudioSent,
    ClauseMade,
    FinalHeard,
    Happening,
    InterruptPressed,
    LineBack,
    LineLost,
    ModelDone,
    ModelWrote,
    Opened,
    PlayedSamples,
    SpeechBegan,
    SpeechStopped,
    Typed,
    VoiceDone,
)
from parley.assistant.machine import step
from parley.assistant.options import AssistantLimits

RATE = 24_000
TEXT = "One two three four five."
KEY = {"turn": 1, "revision": 0}


def after(*events: tuple[float, Happening]) -> tuple[Floor, list[Effect]]:
    """What comes of it, and all that is wanted."""
    floor, wanted = Floor(limits=AssistantLimits()), list[Effect]()
    for at, event in events:
        floor, more = step(floor, event, at)
        wanted += more
    return floor, wanted


ASKED: tuple[tuple[float, Happening], ...] = (
    (0.0, Opened()),
    (1.0, SpeechBegan(time_s=0.8)),
    (2.5, SpeechStopped(time_s=2.0, at=2.1)),
    (3.0, FinalHeard(text="count", end_s=2.0, at=2.1, decided_at=2.7)),
)
SPEAKING = (
    *ASKED,
    (3.2, ModelWrote(**KEY, text=TEXT)),
    (3.2, ModelDone(**KEY)),
    (3.5, ClauseMade(**KEY, text=TEXT, samples=5 * RATE)),
    (3.5, VoiceDone(**KEY)),
    (4.0, AudioSent(**KEY, until=5 * RATE)),
)


def test_stages_are_counted_from_the_end_of_speech() -> None:
    _, wanted = after(*SPEAKING, (4.5, PlayedSamples(turn=1, samples=5 * RATE)))
    [measured] = [effect.metrics for effect in wanted if isinstance(effect, Measure)]
    assert (measured.endpoint_ms, measured.asr_final_ms) == (600, 900)
    assert (measured.llm_first_token_ms, measured.tts_first_audio_ms) == (1100, 1400)
    assert (measured.first_audio_sent_ms, measured.interrupted) == (1900, False)


def test_what_was_asked_is_remembered_as_soon_as_the_answer_is_heard() -> None:
    told = (4.5, PlayedSamples(turn=1, samples=100))
    kept = [
        [effect.message.text for effect in after(*events)[1] if isinstance(effect, Remember)]
        for events in (SPEAKING, (*SPEAKING, told))
    ]
    assert kept == [[], ["count"]]


def test_what_is_reported_of_another_turn_means_nothing() -> None:
    floor, _ = after(*SPEAKING, (4.5, PlayedSamples(turn=0, samples=5 * RATE)))
    assert floor.answer is not None and floor.answer.played == 0 and not floor.reports
    floor, _ = after(*SPEAKING, (4.5, PlayedSamples(turn=2, samples=5 * RATE)))
    assert floor.state is State.SPEAKING


def test_samples_are_counted_on_where_nothing_of_an_answer_was_heard() -> None:
    silent = (4.0, PlayedSamples(turn=1, samples=0))
    floor, wanted = after(*SPEAKING, silent, (4.5, Typed(text="to five")))
    [_, asked] = [effect for effect in wanted if isinstance(effect, AskModel)]
    assert (asked.turn, asked.revision, asked.first_sample) == (1, 1, 5 * RATE)
    assert asked.history[-1].text == "count to five"
    assert floor.position(5.0) == 5 * RATE


def test_a_report_that_goes_back_means_nothing() -> None:
    reports = [
        (4.5 + at / 10, PlayedSamples(turn=1, samples=samples)) for at, samples in enumerate((RATE, 5))
    ]
    floor, _ = after(*SPEAKING, *reports)
    assert floor.position(5.0) == RATE


def test_nothing_is_played_while_the_line_is_lost() -> None:
    floor, wanted = after(*SPEAKING, (5.0, LineLost()), (8.0, LineBack()))
    assert Rewind(turn=1, sample=RATE) in wanted
    assert floor.state is State.SPEAKING


def test_a_client_that_tells_nothing_has_heard_what_the_clock_says() -> None:
    floor, wanted = after(*SPEAKING, (6.0, InterruptPressed()))
    [_, answer] = [effect.message for effect in wanted if isinstance(effect, Remember)]
    assert answer.interrupted and answer.text == "One two"
    assert floor.state is State.LISTENING
