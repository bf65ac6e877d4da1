import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.formats.registry import render
from parley.speech.transcript import Segment, Transcript, Word
from parley.storage.first_generation_results import NotReadable, read_result
from parley.wire.native.examples import JSON_RESULT

SRT = """1
00:00:00,120 --> 00:00:03,000
Speaker1:大家早上好。

2
00:00:03,400 --> 00:00:04,100
Speaker2:Good morning,
everybody.
"""


def test_a_json_result_is_read_with_its_speakers_and_words() -> None:
    transcript, is_whole = read_result(json.dumps(dict(JSON_RESULT)), None, 12.5)
    assert is_whole
    assert transcript == Transcript(
        duration=12.5,
        language="en",
        diarized=True,
        speakers=("Speaker1", "Speaker2"),
        segments=(
            Segment(
                start=0.12,
                end=3.0,
                text="Good morning, everybody.",
                speaker="Speaker1",
                words=(Word(text="Good", start=0.12, end=0.4, confidence=0.93),),
            ),
            Segment(start=3.4, end=4.1, text="Morning.", speaker="Speaker2"),
        ),
    )


@pytest.mark.parametrize(
    "stored", [SRT, SRT.replace("\n", "\r\n"), json.dumps({"format": "srt", "content": SRT})]
)
def test_a_subtitle_file_is_read_as_far_as_it_goes(stored: str) -> None:
    transcript, is_whole = read_result(stored, None, None)
    assert not is_whole
    assert [(s.start, s.end, s.speaker, s.text) for s in transcript.segments] == [
        (0.12, 3.0, "Speaker1", "大家早上好。"),
        (3.4, 4.1, "Speaker2", "Good morning, everybody."),
    ]
    assert transcript.duration == 4.1


def test_data_beside_a_subtitle_file_is_preferred() -> None:
    transcript, is_whole = read_result(SRT, json.dumps(dict(JSON_RESULT)), None)
    assert is_whole
    assert transcript.segments[0].text == "Good morning, everybody."


def test_an_empty_recording_is_a_result() -> None:
    assert read_result('{"segments": []}', None, 3.0) == (Transcript(duration=3.0), True)


def test_speakers_are_in_natural_order() -> None:
    segments = [
        {"start_time": n, "end_time": n + 1, "text": "a", "speaker": f"Speaker{n}"} for n in (10, 2, 1)
    ]
    transcript, _ = read_result(json.dumps({"segments": segments}), None, None)
    assert transcript.speakers == ("Speaker1", "Speaker2", "Speaker10")
    assert [segment.start for segment in transcript.segments] == [1, 2, 10]


@pytest.mark.parametrize(
    "segment",
    [
        {"text": "no times"},
        {"start_time": 2, "end_time": 1, "text": "backwards"},
        {"start_time": -1, "end_time": 1, "text": "before"},
        {"start_time": "nan", "end_time": 1, "text": "nan"},
        {"start_time": 0, "end_time": 1e300, "text": "for ever"},
        {"start_time": True, "end_time": 1, "text": "no number"},
        "text",
    ],
)
def test_times_that_make_no_sense_spoil_the_row(segment: Any) -> None:
    with pytest.raises(NotReadable):
        read_result(json.dumps({"segments": [segment]}), None, None)


def test_words_that_make_no_sense_are_left_out() -> None:
    segment = {"start_time": 0, "end_time": 1, "text": "a", "words": [{"word": "a", "start": 1, "end": 0}]}
    transcript, _ = read_result(json.dumps({"segments": [segment]}), None, None)
    assert transcript.segments[0].words is None


@pytest.mark.parametrize(
    "stored", [None, "", "{}", "null", "[1]", "just text", 7, b"\xff", '{"content": 3}', "[" * 9999]
)
def test_anything_else_is_no_transcript(stored: Any) -> None:
    with pytest.raises(NotReadable):
        read_result(stored, stored, None)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["segments", "start_time", "end_time", "text", "words", "speaker", "metadata", "start"]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@given(json_values, st.none() | st.floats(0, 100))
def test_whatever_is_stored_gives_a_transcript_or_nothing(stored: Any, duration: float | None) -> None:
    try:
        transcript, _ = read_result(json.dumps(stored), None, duration)
    except NotReadable:
        return
    assert all(0 <= segment.start <= segment.end for segment in transcript.segments)
    for format in ("json", "srt", "vtt", "txt", "tsv", "rttm"):
        render(transcript, format)


@given(st.text(alphabet="0123456789:,.->Speaker \n", max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_result(text, None, None)
    except NotReadable:
        return
