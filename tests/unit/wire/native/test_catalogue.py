"""What holds for every message, asked of the catalogue that documentation is made from."""

import json
from typing import Any

import jsonschema_rs
import pytest
from pydantic import ValidationError

from parley.errors import BY_CODE
from parley.wire.native.catalogue import CATALOGUE, ERROR_CODES, Direction, Entry
from parley.wire.native.client import CLIENT_MESSAGES
from parley.wire.native.examples import JSON_RESULT, TEXT_RESULT
from parley.wire.native.message import envelope
from parley.wire.native.result import JsonResult, TextResult
from parley.wire.native.schema import definition_name, schema
from parley.wire.native.server import SERVER_MESSAGES

every = pytest.mark.parametrize("entry", CATALOGUE, ids=definition_name)
of_server = [entry for entry in CATALOGUE if entry.direction is Direction.SERVER]
SCHEMA = schema()
JUDGE = jsonschema_rs.validator_for(SCHEMA)


def plain(example: Any) -> Any:
    return json.loads(json.dumps(example, default=dict))


def framed(entry: Entry, data: Any) -> dict[str, Any]:
    message = {"type": entry.type, "data": data}
    return (
        message
        if entry.direction is Direction.CLIENT
        else message | {"timestamp": "2025-06-01T08:30:00+00:00"}
    )


def judge_of(entry: Entry) -> Any:
    return jsonschema_rs.validator_for(SCHEMA | {"anyOf": [{"$ref": f"#/$defs/{definition_name(entry)}"}]})


def test_every_message_is_in_the_catalogue_once() -> None:
    assert [entry.model for entry in CATALOGUE] == [*CLIENT_MESSAGES, *SERVER_MESSAGES]
    assert len({definition_name(entry) for entry in CATALOGUE}) == len(CATALOGUE)


@every
def test_the_example_is_a_message_and_comes_back_as_it_was(entry: Entry) -> None:
    example = plain(entry.example)
    message = entry.model.model_validate(example)
    again = entry.model.model_validate_json(message.model_dump_json(by_alias=True))
    assert again == message
    written = message.model_dump(mode="json", by_alias=True)
    assert written | example == written


@every
def test_unknown_fields_are_ignored(entry: Entry) -> None:
    example = plain(entry.example)
    assert entry.model.model_validate(example | {"of_a_later_version": [1]}) == entry.model.model_validate(
        example
    )


@every
def test_what_is_required_cannot_be_left_out_or_null(entry: Entry) -> None:
    for name, field in entry.model.model_fields.items():
        if field.is_required():
            wire_name = field.alias or name
            with pytest.raises(ValidationError):
                entry.model.model_validate({k: v for k, v in plain(entry.example).items() if k != wire_name})
            with pytest.raises(ValidationError):
                entry.model.model_validate(plain(entry.example) | {wire_name: None})


@every
def test_fields_of_another_kind_are_refused(entry: Entry) -> None:
    for name, field in entry.model.model_fields.items():
        if field.annotation is Any:
            continue  # may come and is ignored, whatever it holds
        with pytest.raises(ValidationError):
            entry.model.model_validate(plain(entry.example) | {field.alias or name: object()})


@pytest.mark.parametrize("entry", of_server, ids=definition_name)
def test_the_server_sends_every_field_also_those_that_are_null(entry: Entry) -> None:
    needed = {k: v for k, v in plain(entry.example).items() if entry.model.model_fields[k].is_required()}
    sent = envelope(entry.model.model_validate(needed)).model_dump(mode="json")
    assert set(sent) == {"type", "data", "timestamp"}
    assert set(sent["data"]) == set(entry.model.model_fields)
    assert sent["type"] == entry.type
    judge_of(entry).validate(sent)


@every
def test_the_schema_accepts_the_example(entry: Entry) -> None:
    message = framed(entry, plain(entry.example))
    judge_of(entry).validate(message)
    JUDGE.validate(message)


@every
def test_the_schema_refuses_what_the_model_refuses_to_miss(entry: Entry) -> None:
    for name, field in entry.model.model_fields.items():
        if field.is_required() and entry.type != "auth":
            example = plain(entry.example)
            del example[field.alias or name]
            assert not judge_of(entry).is_valid(framed(entry, example))


def test_the_schema_is_one() -> None:
    jsonschema_rs.meta.validate(SCHEMA)


def test_results_are_the_shapes_that_old_clients_know() -> None:
    as_json = JsonResult.model_validate(plain(JSON_RESULT)).model_dump(mode="json")
    assert as_json == plain(JSON_RESULT)
    assert TextResult.model_validate(plain(TEXT_RESULT)).model_dump(mode="json") == plain(TEXT_RESULT)


@pytest.mark.parametrize("code", ERROR_CODES)
def test_every_code_of_the_protocol_is_an_error_of_ours(code: str) -> None:
    assert BY_CODE[code].code == code
