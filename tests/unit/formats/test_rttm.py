from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from pyannote.database.util import load_rttm
from tests.unit.formats.strategies import transcripts

from parley.errors import InputError
from parley.formats.clock import span_ms, to_ms
from parley.formats.options import RenderOptions
from parley.formats.registry import render
from parley.formats.rttm import read_rttm
from parley.speech.transcript import Segment, Transcript


def said(start: float, end: float, speaker: str | None, channel: int | None = None) -> Segment:
    return Segment(start=start, end=end, text="Yes.", speaker=speaker, channel=channel)


def written(*segments: Segment, diarized: bool = True, file_id: str = "talk") -> str:
    transcript = Transcript(duration=60, segments=segments, diarized=diarized)
    return render(transcript, "rttm", RenderOptions(file_id=file_id))


def test_touching_segments_are_one_turn() -> None:
    text = written(said(0.1, 2, "A"), said(2, 3.5, "A"), said(3, 4, "B"), said(3.501, 5, "A"))
    assert text.splitlines() == [
        "SPEAKER talk 1 0.100 3.400 <NA> <NA> A <NA> <NA>",
        "SPEAKER talk 1 3.000 1.000 <NA> <NA> B <NA> <NA>",
        "SPEAKER talk 1 3.501 1.499 <NA> <NA> A <NA> <NA>",
    ]


def test_channels_count_from_one() -> None:
    turns = read_rttm(written(said(0, 1, "A", 0), said(0, 1, "B", 1)))
    assert [(turn.speaker, turn.channel) for turn in turns] == [("A", 1), ("B", 2)]


def test_undiarized_is_speech_and_unnamed_is_unknown() -> None:
    assert {turn.speaker for turn in read_rttm(written(said(0, 1, None), diarized=False))} == {"speech"}
    assert {turn.speaker for turn in read_rttm(written(said(0, 1, None)))} == {"unknown"}


def test_names_become_one_field_and_stay_different() -> None:
    labels = ["王 小明", "a b", "a_b", "a\tb\n", '"Q"', "<NA>", "NA"]
    turns = read_rttm(written(*(said(place, place + 0.5, label) for place, label in enumerate(labels))))
    assert [turn.speaker for turn in turns] == ["王_小明", "a_b", "a_b_", "a_b", "'Q'", "NA", "NA_"]


def test_a_file_id_has_no_spaces_and_is_never_empty() -> None:
    assert read_rttm(written(said(0, 1, "A"), file_id="my talk.m4a"))[0].file_id == "my_talk.m4a"
    assert read_rttm(written(said(0, 1, "A"), file_id=" "))[0].file_id == "recording"


def test_other_lines_are_left_out() -> None:
    text = ";; comment\nSPKR-INFO talk 1 <NA> <NA> <NA> A\n\nSPEAKER talk 1 1.5 2 <NA> <NA> A <NA>\n"
    assert [(turn.start, turn.end) for turn in read_rttm(text)] == [(1.5, 3.5)]


@pytest.mark.parametrize(
    "line",
    [
        "SPEAKER talk",
        "SPEAKER t 1 x 2 <NA> <NA> A",
        "SPEAKER t 1 0 -2 <NA> <NA> A",
        "SPEAKER t 1 nan 2 <NA> <NA> A",
    ],
)
def test_a_broken_line_is_named(line: str) -> None:
    with pytest.raises(InputError, match="Line 2"):
        read_rttm(f"\n{line}\n")


@given(transcripts())
def test_speaking_time_survives_the_round_trip(transcript: Transcript) -> None:
    turns = read_rttm(render(transcript, "rttm"))
    spoken: dict[int, set[int]] = defaultdict(set)
    for segment in transcript.segments:
        start, end = span_ms(segment.start, segment.end)
        if end > start:
            spoken[(segment.channel or 0) + 1] |= {start, end}
    for channel, borders in spoken.items():
        mine = [turn for turn in turns if turn.channel == channel]
        assert to_ms(min(turn.start for turn in mine)) == min(borders)
        assert to_ms(max(turn.end for turn in mine)) == max(borders)
    assert len(turns) <= len(transcript.segments)


@given(transcripts())
def test_pyannote_reads_the_same(tmp_path_factory: pytest.TempPathFactory, transcript: Transcript) -> None:
    path: Path = tmp_path_factory.getbasetemp() / "turns.rttm"
    path.write_text(render(transcript, "rttm"), "utf-8")
    turns = read_rttm(path.read_text("utf-8"))
    if not turns:
        return
    read = load_rttm(path)["recording"]
    assert sorted((turn.start, turn.speaker) for turn in turns) == sorted(
        (round(part.start, 3), label) for part, _, label in read.itertracks(yield_label=True)
    )
