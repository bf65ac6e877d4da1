"""Names of enrolled speakers, and what becomes of them in transcripts."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.errors import InvalidOption
from parley.formats.options import RenderOptions
from parley.formats.registry import render
from parley.formats.rttm import read_rttm
from parley.speech.enrolment import MOST_CHARACTERS, clean_speaker_name
from parley.speech.transcript import Segment, Transcript

HOSTILE = [
    "<script>alert(1)</script>",
    "a --> b",
    "{\\an8}<b>Ann</b>",
    "Ann & Bob <v Eve>",
    "00:00:01.000 --> 00:00:09.000",
    "王 小明",
    '"Q" \\',
    "<NA>",
]


@pytest.mark.parametrize(
    "name",
    ["", "  ", "a\x00b", "\x1b[31mred", "a\u202eb", "\ud800", "x" * (MOST_CHARACTERS + 1), "Speaker 2"],
)
def test_what_cannot_stand_in_a_transcript_is_refused(name: str) -> None:
    with pytest.raises(InvalidOption):
        clean_speaker_name(name)


def test_space_and_composition_make_no_other_name() -> None:
    assert clean_speaker_name("  王\u3000小明\n") == "王 小明"
    assert clean_speaker_name("Rene\u0301") == clean_speaker_name("Ren\u00e9")


@given(st.text(min_size=1, max_size=100))
def test_a_clean_name_is_clean(name: str) -> None:
    try:
        cleaned = clean_speaker_name(name)
    except InvalidOption:
        return
    assert cleaned.isprintable() and 0 < len(cleaned) <= MOST_CHARACTERS
    assert clean_speaker_name(cleaned) == cleaned


def written(name: str, kind: str) -> str:
    called = clean_speaker_name(name)
    segments = (
        Segment(start=1.0, end=2.0, text="Yes.", speaker=called),
        Segment(start=3.0, end=4.0, text="No.", speaker="Speaker1"),
    )
    return render(
        Transcript(duration=60, segments=segments, diarized=True, speakers=(called, "Speaker1")),
        kind,
        RenderOptions(file_id="talk"),
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_subtitles_stay_subtitles(name: str) -> None:
    srt = written(name, "srt")
    assert srt.count(" --> ") == 2, "one time line for each block"
    assert not any(tag in srt for tag in ("<b>", "<script>", "<v", "{\\an8"))
    vtt = written(name, "vtt")
    assert vtt.count("-->") == 2
    tags: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            tags.append(tag)

    Reader().feed(vtt)
    assert tags == ["v", "v"]


@pytest.mark.parametrize("name", HOSTILE)
def test_tables_keep_their_columns(name: str) -> None:
    turns = read_rttm(written(name, "rttm"))
    assert len(turns) == len({turn.speaker for turn in turns}) == 2
    assert all(len(line.split()) == 10 for line in written(name, "rttm").splitlines())
    assert all(line.count("\t") == 3 for line in written(name, "tsv").splitlines())
