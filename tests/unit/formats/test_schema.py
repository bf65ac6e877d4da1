import json
from dataclasses import fields
from pathlib import Path

from hypothesis import given
from tests.unit.formats.strategies import transcripts

from parley.formats.descriptions import DESCRIPTIONS
from parley.formats.json import schema
from parley.formats.registry import render
from parley.speech.transcript import Transcript

COMMITTED = Path(__file__).parents[3] / "docs" / "formats" / "transcript.schema.json"


def test_every_field_is_described_and_no_other() -> None:
    for noun, sentences in DESCRIPTIONS.items():
        assert set(sentences) == {field.name for field in fields(noun)}


def test_every_noun_in_the_schema_is_described() -> None:
    assert set(schema()["$defs"]) == {noun.__name__ for noun in DESCRIPTIONS}


def test_the_version_is_required() -> None:
    required = schema()["$defs"]["Transcript"]["required"]
    assert required == ["duration", "schema_version"]


def test_the_committed_schema_is_the_one_of_the_code() -> None:
    assert json.loads(COMMITTED.read_text("utf-8")) == json.loads(json.dumps(schema()))


@given(transcripts())
def test_written_fields_are_those_of_the_schema(transcript: Transcript) -> None:
    written = json.loads(render(transcript, "json"))
    defined = schema()["$defs"]
    assert set(written) == set(defined["Transcript"]["properties"])
    for segment in written["segments"]:
        assert set(segment) == set(defined["Segment"]["properties"])
        assert all(set(word) == set(defined["Word"]["properties"]) for word in segment["words"] or ())
