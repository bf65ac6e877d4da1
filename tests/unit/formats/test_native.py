"""Results in the shapes of the native protocol."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from tests.unit.formats.strategies import transcripts

from parley.errors import InvalidOption
from parley.formats.native import TaskFacts, json_result, result_of, stored_name
from parley.formats.registry import FORMATS
from parley.speech.transcript import Segment, Transcript, Word
from parley.wire.native.result import JsonResult, TextResult

MD5 = "0123456789abcdef0123456789abcdef"


def facts(**changes: Any) -> TaskFacts:
    known: dict[str, Any] = {
        "task_id": "t", "file_name": "talk.M4A", "md5": MD5, "created_at": 0.0, "processing_s": 1.874,
        "profile": "embedded", "diarize": True, "words": False,
    }  # fmt: skip
    return TaskFacts(**known | changes)


def segment(start: float, end: float, text: str, speaker: str | None = "Speaker1", **more: Any) -> Segment:
    return Segment(start=start, end=end, text=text, speaker=speaker, **more)


def transcript(*segments: Segment, **more: Any) -> Transcript:
    speakers = tuple(dict.fromkeys(it.speaker for it in segments if it.speaker))
    return Transcript(duration=12.504, segments=segments, **{"speakers": speakers, "diarized": True} | more)


def test_every_field_of_the_json_result() -> None:
    words = (Word(text="hi", start=0.12345, end=0.4, confidence=0.93456),)
    found = transcript(segment(0.12345, 0.4, "hi", words=words), language="en", warnings=("w",))
    assert json_result(found, facts(words=True)).model_dump() == {
        "task_id": "t",
        "file_name": "talk.M4A",
        "stored_name": f"{MD5}.m4a",
        "file_hash": MD5,
        "duration": 12.5,
        "segments": [
            {
                "start_time": 0.12,
                "end_time": 0.4,
                "text": "hi",
                "speaker": "Speaker1",
                "words": [{"text": "hi", "start": 0.12, "end": 0.4, "confidence": 0.935}],
            }
        ],
        "speakers": ["Speaker1"],
        "created_at": "1970-01-01T00:00:00+00:00",
        "processing_time": 1.87,
        "error": None,
        "metadata": {
            "engine": "embedded",
            "diarize": True,
            "word_align": True,
            "language": "en",
            "projected": False,
            "warnings": ["w"],
        },
    }


def test_sentences_closer_than_three_seconds_are_one_segment() -> None:
    found = transcript(
        segment(0, 1, "One."),
        segment(3.999, 5, "Two."),
        segment(8.0, 9, "Three."),
        segment(9, 10, "Four.", "Speaker2"),
    )
    result = json_result(found, facts())
    assert [it.text for it in result.segments] == ["One. Two.", "Three.", "Four."]
    assert [
        it.text
        for it in json_result(transcript(segment(0, 1, "你好"), segment(1, 2, "世界")), facts()).segments
    ] == ["你好世界"]


def test_words_are_null_unless_asked_for() -> None:
    found = transcript(segment(0, 1, "hi", words=(Word(text="hi", start=0, end=1),)))
    assert json_result(found, facts()).segments[0].words is None
    assert json_result(transcript(segment(0, 1, "hi")), facts(words=True)).segments[0].words is None


def test_without_diarization_nobody_is_named() -> None:
    found = transcript(segment(0, 1, "hi", None), speakers=(), diarized=False)
    result = json_result(found, facts(diarize=False))
    assert result.segments[0].speaker is None and result.speakers == []
    subtitles = result_of(found, facts(diarize=False), "srt")
    assert isinstance(subtitles, TextResult) and subtitles.content == "1\n00:00:00,000 --> 00:00:01,000\nhi\n"


def test_speakers_are_in_natural_order() -> None:
    names = [f"Speaker{number}" for number in (10, 2, 1)]
    found = transcript(*(segment(place, place + 0.5, "x", name) for place, name in enumerate(names)))
    assert json_result(found, facts()).speakers == ["Speaker1", "Speaker2", "Speaker10"]
    odd = transcript(segment(0, 1, "x", "9" * 5000), segment(1, 2, "x", "²"), segment(2, 3, "x", "Ann"))
    assert len(json_result(odd, facts()).speakers) == 3


def test_subtitles_keep_the_sentences_apart_and_name_who_speaks() -> None:
    found = transcript(segment(0.1234, 1, "One."), segment(1.5, 2.9996, "Two.", "Speaker2"))
    result = result_of(found, facts(), "srt")
    assert isinstance(result, TextResult)
    assert result.content == (
        "1\n00:00:00,123 --> 00:00:01,000\nSpeaker1:One.\n\n2\n00:00:01,500 --> 00:00:03,000\nSpeaker2:Two.\n"
    )
    assert (result.format, result.file_hash, result.stored_name) == ("srt", MD5, f"{MD5}.m4a")


def test_a_long_sentence_is_one_block_of_one_line() -> None:
    sentence = "word " * 80 + "end.\nNext line"
    result = result_of(transcript(segment(0, 40, sentence)), facts(), "srt")
    assert isinstance(result, TextResult)
    [number, times, line] = result.content.splitlines()
    assert (number, times) == ("1", "00:00:00,000 --> 00:00:40,000")
    assert line == "Speaker1:" + "word " * 80 + "end. Next line"


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("a.mp3", ".mp3"),
        ("a", ""),
        ("../../x.wav", ".wav"),
        ("a.b/c", ""),
        ("a.wäv", ""),
        ("a.\nx", ""),
        (".m4a", ""),
    ],
)
def test_the_stored_name_is_harmless(name: str, suffix: str) -> None:
    assert stored_name(facts(file_name=name)) == MD5 + suffix


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(InvalidOption):
        result_of(transcript(), facts(), "docx")


@given(transcripts())
def test_any_transcript_has_a_result_in_every_format(found: Transcript) -> None:
    for name in FORMATS:
        result = result_of(found, facts(diarize=found.diarized), name)
        assert isinstance(result, JsonResult if name == "json" else TextResult)
        if isinstance(result, TextResult) and name == "srt":
            numbers = re.findall(r"^(\d+)\n\d+:\d\d:\d\d,\d{3} --> ", result.content, re.MULTILINE)
            assert numbers == [str(number) for number in range(1, len(numbers) + 1)]
