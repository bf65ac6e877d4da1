"""Which final tells of what, and how long it had to be waited for."""

from __future__ import annotations

import pytest

from parley.bench.live.journal import Journal
from parley.bench.live.matching import beyond, spoken, together, waits
from parley.bench.live.script import Said, SaidWord
from parley.speech.span import Span


def journal(*messages: tuple[float, str, dict[str, object]]) -> Journal:
    made = Journal(began=100.0)
    for at, kind, data in messages:
        made.hear({"type": kind, "data": data}, 100.0 + at)
    return made


def final(
    at: float, utterance: int, start: float, end: float, text: str
) -> tuple[float, str, dict[str, object]]:
    return at, "final", {"utterance": utterance, "start": start, "end": end, "text": text}


def partial(at: float, utterance: int, text: str) -> tuple[float, str, dict[str, object]]:
    return at, "partial", {"utterance": utterance, "start": 0.0, "text": text}


def test_the_last_final_of_what_was_said_counts() -> None:
    said = [Said(speech=Span(1.0, 2.0)), Said(speech=Span(4.0, 6.0)), Said(speech=Span(9.0, 10.0))]
    heard = journal(
        final(2.9, 0, 0.9, 2.1, "one"), final(5.5, 1, 3.9, 4.8, "two"), final(7.0, 2, 5.0, 6.2, "three")
    )
    found = waits(said, heard)
    assert found.finals == pytest.approx((0.9, 1.0))
    assert found.without_final == 1
    assert together([found, found]).without_final == 2


def test_a_word_is_seen_where_it_stands_among_the_others() -> None:
    words = tuple(
        SaidWord(text=text, end=end)
        for text, end in (("four", 1.5), ("two", 2.0), ("nine", 2.5), ("one", 3.0), ("six", 3.5))
    )
    heard = journal(
        partial(1.4, 0, "For"),
        partial(2.0, 0, "Four"),
        partial(2.4, 0, "42"),
        partial(3.3, 0, "4, 2, 1."),
        final(4.4, 0, 1.0, 3.6, "Four two one six."),
    )
    found = waits([Said(speech=Span(1.0, 3.5), words=words)], heard)
    # "one" is in a partial, "six" in the final only, and nobody heard "nine".
    assert found.words == pytest.approx((0.5, 0.4, 0.3))
    assert (found.only_final, found.misheard) == (1, 1)


def test_what_was_said_may_come_in_two_utterances() -> None:
    words = (SaidWord(text="four", end=1.5), SaidWord(text="two", end=3.0))
    heard = journal(
        partial(1.6, 0, "four"),
        final(2.6, 0, 1.0, 1.6, "Four."),
        partial(3.2, 1, "two"),
        final(4.0, 1, 2.5, 3.1, "Two."),
    )
    found = waits([Said(speech=Span(1.0, 3.0), words=words)], heard)
    assert found.words == pytest.approx((0.1, 0.2))
    assert found.finals == pytest.approx((1.0,))


def test_finals_of_utterances_that_were_cut_say_nothing_of_lag() -> None:
    heard = journal(
        final(3.0, 0, 1.0, 2.0, "a"),
        final(12.0, 1, 4.0, 9.0, "cut, speech goes on"),
        final(15.0, 2, 9.1, 14.0, "b"),
        final(30.0, 3, 20.0, 29.0, "too late to count"),
    )
    assert beyond(heard, 0.7, since=100.0, until=120.0) == pytest.approx([0.3, 0.3])


def test_digits_are_words() -> None:
    assert spoken("4 oh 12, it's") == ["four", "zero", "one", "two", "it's"]


def test_what_ends_a_session_is_written_down() -> None:
    heard = journal(
        (1.0, "ack", {"received_samples": 16000, "lag_ms": 120, "skipped_partials": 3}),
        (1.1, "error", {"error": "recognition_failed", "message": "", "fatal": False}),
        (1.2, "level", {"dbfs": -20}),
    )
    assert (heard.skipped, heard.acks[0].lag_ms, heard.problem, heard.is_done) == (3, 120, "", False)
    heard.hear({"type": "error", "data": {"error": "idle_timeout", "message": "", "fatal": True}}, 1.0)
    heard.hear({"type": "done", "data": {}}, 1.0)
    assert (heard.problem, heard.is_done) == ("idle_timeout", True)
