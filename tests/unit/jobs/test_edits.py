"""Corrections laid over a transcript."""

from __future__ import annotations

import pytest

from parley.errors import InvalidOption
from parley.jobs.edits import Edits, applied, check, dumps, loads, merged
from parley.speech.transcript import Segment, Transcript, Word

TRANSCRIPT = Transcript(
    duration=9.0,
    segments=(
        Segment(
            start=0.0, end=1.0, text="helo", speaker="Speaker1", words=(Word(text="helo", start=0, end=1),)
        ),
        Segment(start=2.0, end=3.0, text="yes", speaker="Speaker2"),
    ),
    speakers=("Speaker1", "Speaker2"),
    diarized=True,
)


def test_names_and_texts_are_replaced() -> None:
    edited = applied(Edits(speakers={"Speaker1": "Ann"}, texts={0: "hello"}), TRANSCRIPT)
    assert edited.speakers == ("Ann", "Speaker2")
    assert [(it.text, it.speaker) for it in edited.segments] == [("hello", "Ann"), ("yes", "Speaker2")]
    assert edited.segments[0].words is None
    assert applied(Edits(), TRANSCRIPT) is TRANSCRIPT


def test_two_speakers_may_turn_out_to_be_one() -> None:
    edited = applied(Edits(speakers={"Speaker1": "Ann", "Speaker2": "Ann"}), TRANSCRIPT)
    assert edited.speakers == ("Ann",)


def test_later_edits_come_over_earlier_ones_and_an_empty_one_takes_back() -> None:
    edits = merged(Edits(texts={0: "a", 1: "b"}), Edits(texts={0: "c", 1: " "}, speakers={"Speaker1": "Ann"}))
    assert edits == Edits(texts={0: "c"}, speakers={"Speaker1": "Ann"})
    assert loads(dumps(edits)) == edits
    assert loads(None) == Edits() and not Edits()


@pytest.mark.parametrize(
    "edits",
    [
        Edits(texts={2: "x"}),
        Edits(texts={-1: "x"}),
        Edits(speakers={"Speaker3": "x"}),
        Edits(texts={0: "x" * 10_001}),
    ],
)
def test_edits_of_what_is_not_there_are_refused(edits: Edits) -> None:
    with pytest.raises(InvalidOption):
        check(edits, TRANSCRIPT)
