from dataclasses import replace

from hypothesis import given
from tests.unit.formats.strategies import transcripts

from parley.formats.options import RenderOptions
from parley.formats.registry import render
from parley.formats.text import clean
from parley.speech.transcript import FailedSpan, Segment, Transcript


def said(start: float, end: float, text: str, speaker: str | None = None) -> Segment:
    return Segment(start=start, end=end, text=text, speaker=speaker)


def talk(*segments: Segment, diarized: bool = True) -> Transcript:
    return Transcript(duration=60, segments=segments, diarized=diarized)


def test_a_turn_is_a_line() -> None:
    transcript = talk(
        said(61.9, 63, "Hello there.", "Speaker1"),
        said(64, 65, "How are you?", "Speaker1"),
        said(65, 66, "Fine.", "Speaker2"),
        said(70, 71, "Good.", "Speaker2"),
        said(72, 73, "Hm.", None),
    )
    assert render(transcript, "txt") == (
        "[00:01:01] Speaker1: Hello there. How are you?\n"
        "[00:01:05] Speaker2: Fine.\n"
        "[00:01:10] Speaker2: Good.\n"
        "[00:01:12] Hm.\n"
    )


def test_without_speakers_a_pause_is_a_paragraph() -> None:
    transcript = talk(said(0, 1, "One."), said(2, 3, "Two."), said(6, 7, "Three."), diarized=False)
    assert render(transcript, "txt") == "One. Two.\nThree.\n"
    assert render(transcript, "txt", RenderOptions(merge_gap_s=1.0)) == "One.\nTwo.\nThree.\n"


def test_lost_seconds_stand_between_paragraphs() -> None:
    failed = FailedSpan(start=1.2, end=1.9, code="unit_poisoned", message="It is lost.")
    transcript = replace(talk(said(0, 1, "One."), said(2, 3, "Two."), diarized=False), failed=(failed,))
    assert render(transcript, "txt") == "One.\n[00:00:01-00:00:02 could not be transcribed]\nTwo.\n"
    assert render(transcript, "txt", RenderOptions(failed_notes=False)) == "One. Two.\n"


@given(transcripts())
def test_txt_keeps_every_word_and_one_line_a_paragraph(transcript: Transcript) -> None:
    lines = render(replace(transcript, diarized=False, failed=()), "txt").split("\n")[:-1]
    assert all(line and line == clean(line) for line in lines)
    wanted = "".join(clean(segment.text) for segment in transcript.segments)
    assert "".join("".join(lines).split()) == "".join(wanted.split())


def test_tsv_is_whispers_table_with_speakers() -> None:
    transcript = talk(said(0.0005, 1.2345, "a\tb\nc", "王\t小明"), said(2, 3, "  "), said(4, 5, '"quoted"'))
    assert render(transcript, "tsv") == (
        'start\tend\tspeaker\ttext\n1\t1235\t王 小明\ta b c\n4000\t5000\t\t"quoted"\n'
    )


@given(transcripts())
def test_tsv_has_four_fields_in_every_row(transcript: Transcript) -> None:
    rows = [line.split("\t") for line in render(transcript, "tsv").split("\n")[:-1]]
    assert all(len(row) == 4 for row in rows)
    assert all(int(start) <= int(end) for start, end, _, _ in rows[1:])
    assert len(rows) == 1 + sum(bool(clean(segment.text)) for segment in transcript.segments)
