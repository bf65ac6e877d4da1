import pytest

from parley.speech.media import Clip, PcmTrack
from parley.speech.span import Span, SpeakerTurn
from parley.speech.transcript import Segment, Transcript


def test_a_span_lasts_from_start_to_end() -> None:
    assert Span(1.5, 4.0).duration == 2.5


def test_a_span_seen_from_an_earlier_origin_lies_later() -> None:
    assert Span(1.5, 4.0).shifted(10) == Span(11.5, 14.0)
    assert Span(1.5, 4.0).shifted(10).shifted(-10) == Span(1.5, 4.0)


def test_spans_and_turns_are_ordered_by_time() -> None:
    assert sorted([Span(2, 3), Span(0, 9), Span(0, 1)]) == [Span(0, 1), Span(0, 9), Span(2, 3)]
    assert SpeakerTurn(0, 2, 1) < SpeakerTurn(1, 2, 0)


def test_samples_become_seconds() -> None:
    assert PcmTrack(path="a.pcm", samples=24_000).duration == 1.5
    assert Clip(path="a.pcm", first=8000, last=24_000).duration == 1.0


def test_the_text_of_a_transcript_is_its_sentences_in_lines() -> None:
    sentences = (Segment(start=0, end=1, text="One."), Segment(start=1, end=2, text="二。"))
    assert Transcript(duration=2, segments=sentences).text == "One.\n二。"
    assert Transcript(duration=2).text == ""


def test_nouns_are_values() -> None:
    with pytest.raises(AttributeError):
        Span(0, 1).start = 2  # pyright: ignore[reportAttributeAccessIssue]
