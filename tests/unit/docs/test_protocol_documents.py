"""The generated documents are complete and their references lead somewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from docs.generating.asyncapi import asyncapi, asyncapi_file
from docs.generating.native import native_page, type_of

from parley.wire.native.catalogue import CATALOGUE, ERROR_CODES, Direction, Entry
from parley.wire.native.schema import definition_name

DOCUMENT: dict[str, Any] = json.loads(asyncapi_file())
MESSAGES: dict[str, Any] = DOCUMENT["components"]["messages"]


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def resolve(reference: str) -> Any:
    found: Any = DOCUMENT
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return resolve(found["$ref"]) if isinstance(found, dict) and set(found) == {"$ref"} else found


def test_it_has_what_asyncapi_requires() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert DOCUMENT["info"]["title"]
    assert DOCUMENT["info"]["version"]
    for server in DOCUMENT["servers"].values():
        assert {"host", "protocol"} <= set(server)
    for operation in DOCUMENT["operations"].values():
        assert operation["action"] in {"send", "receive"}
        assert operation["channel"]["$ref"].removeprefix("#/channels/") in DOCUMENT["channels"]


def test_every_reference_leads_somewhere() -> None:
    found = set(references(asyncapi()))
    assert found
    for reference in found:
        assert resolve(reference)


def test_messages_of_an_operation_are_those_of_its_channel() -> None:
    for operation in DOCUMENT["operations"].values():
        named = [*operation["messages"], *operation.get("reply", {}).get("messages", [])]
        assert named
        assert all(message["$ref"].startswith("#/channels/native/messages/") for message in named)


def test_every_message_is_sent_or_received_by_an_operation() -> None:
    used = {
        reference.rpartition("/")[2]
        for operation in DOCUMENT["operations"].values()
        for reference in references(operation)
    }
    assert set(MESSAGES) <= used
    assert set(MESSAGES) == {definition_name(entry) for entry in CATALOGUE} | {"chunk"}


@pytest.mark.parametrize("name", [name for name in MESSAGES if name != "chunk"])
def test_the_example_fits_the_payload(name: str) -> None:
    message = MESSAGES[name]
    payload = message["payload"] | {"components": DOCUMENT["components"]}
    [example] = message["examples"]
    jsonschema_rs.validate(payload, example["payload"])


@pytest.mark.parametrize("entry", CATALOGUE, ids=definition_name)
def test_the_reference_names_every_message_and_field(entry: Entry) -> None:
    page = native_page()
    side = page.index("## What the server sends")
    part = page[:side] if entry.direction is Direction.CLIENT else page[side:]
    _, _, after = part.partition(f"### `{entry.type}`\n")
    section = after.partition("\n### ")[0]
    for name, field in entry.model.model_fields.items():
        assert f"| `{field.alias or name}` |" in section


def test_the_reference_names_every_code() -> None:
    page = native_page()
    assert [code for code in ERROR_CODES if f"| `{code}` |" not in page] == []


def test_types_are_told_in_words() -> None:
    assert type_of({"type": "integer", "minimum": 1, "maximum": 50}) == "integer, 1 to 50"
    assert type_of({"anyOf": [{"type": "string"}, {"type": "null"}]}) == "string or null"
    assert type_of({"const": "x"}) == '`"x"`'
