"""The generated documents are complete and their references lead somewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from docs.generating.asr import CHANNEL as ASR_CHANNEL
from docs.generating.asr import asr_page
from docs.generating.assistant import CHANNEL as ASSISTANT_CHANNEL
from docs.generating.assistant import assistant_page
from docs.generating.asyncapi import Channel, asyncapi, asyncapi_file, key_of
from docs.generating.native import CHANNEL as NATIVE_CHANNEL
from docs.generating.native import native_page
from docs.generating.reference import type_of
from docs.generating.tts import CHANNEL as TTS_CHANNEL
from docs.generating.tts import tts_page

from parley.wire.catalogue import Direction, Entry

CHANNELS = (NATIVE_CHANNEL, ASR_CHANNEL, TTS_CHANNEL, ASSISTANT_CHANNEL)
PAGES = {"native": native_page(), "asr": asr_page(), "tts": tts_page(), "assistant": assistant_page()}
DOCUMENTS: dict[str, Any] = {channel.name: json.loads(asyncapi_file(channel)) for channel in CHANNELS}

every = pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.name)
entries = pytest.mark.parametrize(
    ("channel", "entry"),
    [
        pytest.param(channel, entry, id=f"{channel.name}.{entry.name}")
        for channel in CHANNELS
        for entry in channel.protocol.entries
    ],
)


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def resolve(document: Any, reference: str) -> Any:
    found = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return resolve(document, found["$ref"]) if isinstance(found, dict) and set(found) == {"$ref"} else found


@every
def test_it_has_what_asyncapi_requires(channel: Channel) -> None:
    document = DOCUMENTS[channel.name]
    assert document["asyncapi"] == "3.0.0"
    assert document["info"]["title"]
    assert document["info"]["version"]
    for server in document["servers"].values():
        assert {"host", "protocol"} <= set(server)
    for operation in document["operations"].values():
        assert operation["action"] in {"send", "receive"}
        assert operation["channel"]["$ref"].removeprefix("#/channels/") in document["channels"]


@every
def test_every_reference_leads_somewhere(channel: Channel) -> None:
    found = set(references(asyncapi(channel)))
    assert found
    for reference in found:
        assert resolve(DOCUMENTS[channel.name], reference)


@every
def test_messages_of_an_operation_are_those_of_its_channel(channel: Channel) -> None:
    for operation in DOCUMENTS[channel.name]["operations"].values():
        named = [*operation["messages"], *operation.get("reply", {}).get("messages", [])]
        assert named
        ours = f"#/channels/{channel.name}/messages/"
        assert all(message["$ref"].startswith(ours) for message in named)


@every
def test_every_message_is_sent_or_received_by_an_operation(channel: Channel) -> None:
    document = DOCUMENTS[channel.name]
    used = {
        reference.rpartition("/")[2]
        for operation in document["operations"].values()
        for reference in references(operation)
    }
    messages = set(document["components"]["messages"])
    assert messages <= used
    assert messages == {key_of(entry.name) for entry in channel.protocol.entries} | {
        binary.name for binary in channel.binaries
    }
    assert all(re.fullmatch(r"[\w.-]+", name) for name in messages)


@entries
def test_the_example_fits_the_payload(channel: Channel, entry: Entry) -> None:
    document = DOCUMENTS[channel.name]
    message = document["components"]["messages"][key_of(entry.name)]
    payload = message["payload"] | {"components": document["components"]}
    [example] = message["examples"]
    jsonschema_rs.validate(payload, example["payload"])


@entries
def test_the_reference_names_every_message_and_field(channel: Channel, entry: Entry) -> None:
    page = PAGES[channel.name]
    side = page.index("## What the server sends")
    part = page[:side] if entry.direction is Direction.CLIENT else page[side:]
    _, _, after = part.partition(f"### `{entry.type}`\n")
    section = after.partition("\n### ")[0]
    for name, field in entry.model.model_fields.items():
        assert f"| `{field.alias or name}` |" in section


@every
def test_the_reference_names_every_code(channel: Channel) -> None:
    page = PAGES[channel.name]
    assert [code for code in channel.protocol.error_codes if f"| `{code}` |" not in page] == []


def test_types_are_told_in_words() -> None:
    assert type_of({"type": "integer", "minimum": 1, "maximum": 50}) == "integer, 1 to 50"
    assert type_of({"anyOf": [{"type": "string"}, {"type": "null"}]}) == "string or null"
    assert type_of({"const": "x"}) == '`"x"`'
