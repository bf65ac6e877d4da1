"""What holds for every message of every protocol, asked of the lists that documentation is made from."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest
from pydantic import ValidationError

from parley.errors import BY_CODE
from parley.wire.catalogue import Direction, Entry, Protocol
from parley.wire.native.catalogue import NATIVE
from parley.wire.native.message import envelope
from parley.wire.schema import schema
from parley.wire.speech.asr_catalogue import ASR
from parley.wire.speech.assistant_catalogue import ASSISTANT
from parley.wire.speech.tts_catalogue import TTS

PROTOCOLS = {"native": NATIVE, "asr": ASR, "tts": TTS, "assistant": ASSISTANT}
SCHEMAS = {name: schema(protocol) for name, protocol in PROTOCOLS.items()}
ENTRIES = [(name, entry) for name, protocol in PROTOCOLS.items() for entry in protocol.entries]
OF_SERVER = [(name, entry) for name, entry in ENTRIES if entry.direction is Direction.SERVER]


def each(entries: list[tuple[str, Entry]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("name", "entry"), [pytest.param(name, entry, id=f"{name}.{entry.name}") for name, entry in entries]
    )


every = each(ENTRIES)


def plain(example: Any) -> Any:
    return json.loads(json.dumps(example, default=dict))


def framed(entry: Entry, data: Any) -> dict[str, Any]:
    message = {"type": entry.type, "data": data}
    return (
        message
        if entry.direction is Direction.CLIENT
        else message | {"timestamp": "2025-06-01T08:30:00+00:00"}
    )


def judge_of(name: str, entry: Entry) -> Any:
    return jsonschema_rs.validator_for(SCHEMAS[name] | {"anyOf": [{"$ref": f"#/$defs/{entry.name}"}]})


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)
def test_no_message_is_there_twice(protocol: Protocol) -> None:
    assert len({entry.name for entry in protocol.entries}) == len(protocol.entries)


@every
def test_the_example_is_a_message_and_comes_back_as_it_was(name: str, entry: Entry) -> None:
    example = plain(entry.example)
    message = entry.model.model_validate(example)
    again = entry.model.model_validate_json(message.model_dump_json(by_alias=True))
    assert again == message
    written = message.model_dump(mode="json", by_alias=True)
    assert written | example == written


@every
def test_unknown_fields_are_ignored(name: str, entry: Entry) -> None:
    example = plain(entry.example)
    assert entry.model.model_validate(example | {"of_a_later_version": [1]}) == entry.model.model_validate(
        example
    )


@every
def test_what_is_required_cannot_be_left_out_or_null(name: str, entry: Entry) -> None:
    for each_name, field in entry.model.model_fields.items():
        if field.is_required():
            wire_name = field.alias or each_name
            with pytest.raises(ValidationError):
                entry.model.model_validate({k: v for k, v in plain(entry.example).items() if k != wire_name})
            with pytest.raises(ValidationError):
                entry.model.model_validate(plain(entry.example) | {wire_name: None})


@every
def test_fields_of_another_kind_are_refused(name: str, entry: Entry) -> None:
    for each_name, field in entry.model.model_fields.items():
        if field.annotation is Any:
            continue  # may come and is ignored, whatever it holds
        with pytest.raises(ValidationError):
            entry.model.model_validate(plain(entry.example) | {field.alias or each_name: object()})


@each(OF_SERVER)
def test_the_server_sends_every_field_also_those_that_are_null(name: str, entry: Entry) -> None:
    needed = {k: v for k, v in plain(entry.example).items() if entry.model.model_fields[k].is_required()}
    sent = envelope(entry.model.model_validate(needed)).model_dump(mode="json")
    assert set(sent) == {"type", "data", "timestamp"}
    assert set(sent["data"]) == set(entry.model.model_fields)
    assert sent["type"] == entry.type
    judge_of(name, entry).validate(sent)


@every
def test_the_schema_accepts_the_example(name: str, entry: Entry) -> None:
    message = framed(entry, plain(entry.example))
    judge_of(name, entry).validate(message)
    jsonschema_rs.validate(SCHEMAS[name], message)


@every
def test_the_schema_refuses_what_the_model_refuses_to_miss(name: str, entry: Entry) -> None:
    for each_name, field in entry.model.model_fields.items():
        if field.is_required() and entry.type != "auth":
            example = plain(entry.example)
            del example[field.alias or each_name]
            assert not judge_of(name, entry).is_valid(framed(entry, example))


@pytest.mark.parametrize("found", SCHEMAS.values(), ids=SCHEMAS)
def test_the_schema_is_one(found: Any) -> None:
    jsonschema_rs.meta.validate(found)


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)
def test_every_code_of_the_protocol_is_an_error_of_ours(protocol: Protocol) -> None:
    assert [code for code in protocol.error_codes if BY_CODE[code].code != code] == []
