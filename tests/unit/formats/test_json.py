import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from tests.unit.formats.strategies import transcripts

from parley.errors import InputError, StoreBroken
from parley.formats.clock import to_ms
from parley.formats.json import dumps, load_json, loads
from parley.formats.registry import FORMATS, render
from parley.speech.transcript import FailedSpan, Segment, Transcript, Word

FULL = Transcript(
    duration=12.3456,
    segments=(
        Segment(
            start=0.1234999,
            end=3.0005,
            text='他说："好" & <b>\n',
            speaker="王小明",
            words=(Word(text="他", start=0.1 + 0.2, end=0.5, confidence=0.9300000071525574),),
            language="zh",
            confidence=0.87654,
            raw_text="他说好",
            tags=("happy",),
            channel=1,
            overlap=True,
        ),
    ),
    speakers=("王小明",),
    language="zh",
    profile="embedded",
    diarized=True,
    failed=(FailedSpan(start=4, end=6, code="unit_poisoned", message="It is lost.", channel=0),),
    warnings=("Speakers are missing.",),
)


def changed(**fields: Any) -> str:
    return json.dumps(json.loads(render(FULL, "json")) | fields)


def test_times_are_whole_milliseconds_and_text_is_readable() -> None:
    shown = render(FULL, "json")
    assert json.loads(shown)["segments"][0]["words"] == [
        {"text": "他", "start": 0.3, "end": 0.5, "confidence": 0.93}
    ]
    assert '  "duration": 12.346,' in shown
    assert '"start": 0.123,' in shown and '"end": 3.001,' in shown
    assert '"speaker": "王小明"' in shown
    assert shown.endswith("}\n")


@given(transcripts())
def test_what_was_written_can_be_read(transcript: Transcript) -> None:
    read = load_json(render(transcript, "json"))
    assert [segment.text for segment in read.segments] == [segment.text for segment in transcript.segments]
    assert [to_ms(segment.start) for segment in read.segments] == [
        to_ms(segment.start) for segment in transcript.segments
    ]
    assert render(read, "json") == render(transcript, "json")


@given(transcripts())
def test_every_format_is_the_same_from_the_json_file(transcript: Transcript) -> None:
    read = load_json(render(transcript, "json"))
    assert all(render(read, name) == render(transcript, name) for name in FORMATS)


def test_the_stored_form_is_exact_and_compact() -> None:
    stored = dumps(FULL)
    assert loads(stored) == FULL
    assert b"\n" not in stored.replace(b"\\n", b"") and b": " not in stored


def test_unknown_fields_are_ignored() -> None:
    assert load_json(changed(mood="good")).speakers == FULL.speakers


@pytest.mark.parametrize("version", [0, 2, 99])
def test_another_schema_version_is_refused(version: int) -> None:
    with pytest.raises(InputError, match=f"schema version {version}"):
        load_json(changed(schema_version=version))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"duration": 1}',
        '{"schema_version": "1", "duration": 1}',
        '{"schema_version": 1}',
        '{"schema_version": 1, "duration": "1"}',
        '{"schema_version": 1, "duration": 1e400}',
        '{"schema_version": 1, "duration": NaN}',
        '{"schema_version": 1, "duration": 1, "segments": [{"start": 0, "end": 1}]}',
        '{"schema_version": 1, "duration": 1, "segments": {"start": 0}}',
        '{"schema_version": 1, "duration": 1} trailing',
        b"\xff\xfe",
        b'{"schema_version": 1, "duration": 1, "profile": "\xff"}',
    ],
)
def test_what_is_no_transcript_is_refused(text: str | bytes) -> None:
    with pytest.raises(InputError, match="not a transcript of Parley"):
        load_json(text)


@pytest.mark.parametrize(("start", "end"), [(-1, 1), (2, 1), (0, 1e9)])
def test_times_that_mean_nothing_are_refused(start: float, end: float) -> None:
    for broken in (
        replace(FULL, segments=(Segment(start=start, end=end, text=""),)),
        replace(FULL, failed=(FailedSpan(start=start, end=end, code="", message=""),)),
        replace(
            FULL, segments=(Segment(start=0, end=1, text="", words=(Word(text="", start=start, end=end),)),)
        ),
    ):
        with pytest.raises(InputError, match="times"):
            load_json(dumps(broken))


def test_a_damaged_store_says_so() -> None:
    with pytest.raises(StoreBroken):
        loads(dumps(FULL)[:-5])


def test_an_error_tells_nothing_of_the_text() -> None:
    with pytest.raises(InputError) as caught:
        load_json(changed(segments=[{"start": 0, "end": 1, "text": ["secret"]}]))
    assert "secret" not in caught.value.message
