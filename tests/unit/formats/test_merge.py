from dataclasses import replace

import pytest
from hypothesis import given
from tests.unit.formats.strategies import transcripts

from parley.formats.merge import merge_segments
from parley.speech.transcript import Segment, Transcript, Word


def said(start: float, end: float, text: str = "Yes.", speaker: str | None = "Speaker1") -> Segment:
    return Segment(start=start, end=end, text=text, speaker=speaker)


def borders(*segments: Segment, gap_s: float = 3.0) -> list[tuple[float, float]]:
    return [(segment.start, segment.end) for segment in merge_segments(segments, gap_s)]


def test_a_gap_under_three_seconds_joins() -> None:
    assert borders(said(0, 1), said(3.999, 5)) == [(0, 5)]


@pytest.mark.parametrize("end", [7.1, 1.1, 0.3])
def test_a_gap_of_three_seconds_parts_whatever_floats_say(end: float) -> None:
    assert len(borders(said(0, end), said(round(end + 3, 3), 20))) == 2


def test_another_speaker_in_between_parts() -> None:
    assert len(borders(said(0, 1), said(1, 2, speaker="Speaker2"), said(2, 3))) == 3


def test_another_channel_parts() -> None:
    assert len(merge_segments([said(0, 1), replace(said(1, 2), channel=1)])) == 2


def test_a_sentence_inside_another_does_not_shorten_it() -> None:
    assert borders(said(0, 9), said(1, 2), said(11, 12)) == [(0, 12)]


def test_zero_gap_joins_nothing_that_does_not_overlap() -> None:
    assert len(borders(said(0, 1), said(1, 2), gap_s=0)) == 2


def test_texts_join_by_script() -> None:
    assert merge_segments([said(0, 1, "你好。"), said(1, 2, "再见。")])[0].text == "你好。再见。"
    assert merge_segments([said(0, 1, "Hello. "), said(1, 2, " Bye.")])[0].text == "Hello. Bye."
    assert merge_segments([said(0, 1, "  "), said(1, 2, "Bye.")])[0].text == "Bye."


def test_what_a_merged_segment_knows() -> None:
    word = Word(text="Yes", start=0, end=1)
    first = replace(said(0, 1), words=(word,), confidence=1.0, language="en", tags=("happy",), raw_text="yes")
    second = replace(
        said(1, 4), words=(), confidence=0.6, language="en", tags=("happy", "music"), overlap=True
    )
    merged = merge_segments([first, second])[0]
    assert merged.words == (word,)
    assert merged.confidence == pytest.approx(0.7)
    assert merged.language == "en"
    assert merged.tags == ("happy", "music")
    assert merged.raw_text == "yes Yes."
    assert merged.overlap


def test_what_one_part_does_not_know_the_whole_does_not() -> None:
    first = replace(said(0, 1), words=(), confidence=1.0, language="en")
    merged = merge_segments([first, said(1, 2)])[0]
    assert (merged.words, merged.confidence, merged.language, merged.raw_text) == (None, None, None, None)


def test_parts_without_words_become_phrases() -> None:
    pause = (Word(text="Well,", start=0, end=1), Word(text="yes.", start=2, end=3))
    merged = merge_segments([replace(said(0, 3, "Well, yes."), phrases=pause), said(4, 5, "No.")])[0]
    assert merged.phrases == (*pause, Word(text="No.", start=4, end=5))


@given(transcripts())
def test_merging_keeps_every_letter_and_is_idempotent(transcript: Transcript) -> None:
    merged = merge_segments(transcript.segments)
    assert merge_segments(merged) == merged
    assert "".join("".join(segment.text.split()) for segment in merged) == "".join(transcript.text.split())
