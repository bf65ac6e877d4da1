"""A protocol as an AsyncAPI 3.0 document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from parley import __version__
from parley.wire.catalogue import Direction, Entry, Protocol
from parley.wire.schema import data_definitions, envelope_schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """Frames that are no text: what they hold, and what may answer them. `is_sent`: by the server."""

    name: str
    title: str
    summary: str
    operation: str
    answers: tuple[str, ...]
    is_sent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """What the messages of a protocol do not say: where they are sent, and which answer which.

    `unasked` is what the server sends without being asked in that moment; `back` are frames that go the
    other way than those of `binary`.
    """

    protocol: Protocol
    name: str
    address: str
    about: str
    description: str
    answers: Mapping[str, tuple[str, ...]]
    unasked: tuple[str, ...]
    binary: Binary
    back: Binary | None = None

    @property
    def binaries(self) -> tuple[Binary, ...]:
        """Frames of both ways."""
        return (self.binary,) if self.back is None else (self.binary, self.back)


def key_of(name: str) -> str:
    """The name of a message as a key: AsyncAPI takes no colon there."""
    return name.replace(":", ".")


def asyncapi_file(channel: Channel) -> str:
    """The document as JSON."""
    return json.dumps(asyncapi(channel), indent=2, ensure_ascii=False, default=dict) + "\n"


def asyncapi(channel: Channel) -> dict[str, Any]:
    """The document, written from the server's side: it receives what clients send."""
    messages = {key_of(entry.name): _message(entry) for entry in channel.protocol.entries}
    messages |= {binary.name: _binary(binary) for binary in channel.binaries}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": channel.protocol.title,
            "version": __version__,
            "description": channel.about,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"local": {"host": "127.0.0.1:8767", "protocol": "ws", "security": _security()}},
        "channels": {
            channel.name: {
                "address": channel.address,
                "description": channel.description,
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
                "bindings": {"ws": {"method": "GET", "query": _query(), "bindingVersion": "0.1.0"}},
            }
        },
        "operations": _operations(channel),
        "components": {
            "messages": messages,
            "schemas": _moved(data_definitions(channel.protocol)),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "A JWT or an API key."},
                "query": {"type": "httpApiKey", "name": "token", "in": "query"},
            },
        },
    }


def _security() -> list[dict[str, str]]:
    return [{"$ref": f"#/components/securitySchemes/{name}"} for name in ("bearer", "query")]


def _query() -> dict[str, Any]:
    token = {"type": "string", "description": "Where a header cannot be set."}
    return {"type": "object", "properties": {"token": token}}


def _operations(channel: Channel) -> dict[str, Any]:
    operations = {
        entry.type: _operation(channel, "receive", entry.summary, [entry.name], channel.answers[entry.type])
        for entry in channel.protocol.of(Direction.CLIENT)
    }
    for binary in channel.binaries:
        action = "send" if binary.is_sent else "receive"
        operations[binary.name] = _operation(channel, action, binary.operation, [binary.name], binary.answers)
    unasked = [f"{Direction.SERVER}.{kind}" for kind in channel.unasked]
    operations["tell"] = _operation(channel, "send", "What the server sends of its own accord.", unasked, ())
    return operations


def _operation(
    channel: Channel, action: str, summary: str, messages: list[str], answers: tuple[str, ...]
) -> dict[str, Any]:
    where = {"$ref": f"#/channels/{channel.name}"}
    operation: dict[str, Any] = {
        "action": action,
        "channel": where,
        "summary": summary,
        "messages": [_in_channel(channel, name) for name in messages],
    }
    if answers:
        named = [_in_channel(channel, f"{Direction.SERVER}.{kind}") for kind in answers]
        operation["reply"] = {"channel": where, "messages": named}
    return operation


def _in_channel(channel: Channel, name: str) -> dict[str, str]:
    return {"$ref": f"#/channels/{channel.name}/messages/{key_of(name)}"}


def _message(entry: Entry) -> dict[str, Any]:
    payload: dict[str, Any] = {"type": entry.type, "data": entry.example}
    if entry.direction is Direction.SERVER:
        payload["timestamp"] = "2025-06-01T08:30:00.120000+00:00"
    return {
        "name": entry.type,
        "title": entry.type,
        "summary": entry.summary,
        "payload": _moved(envelope_schema(entry)),
        "examples": [{"name": entry.type, "payload": payload}],
    }


def _binary(binary: Binary) -> dict[str, Any]:
    return {
        "name": binary.name,
        "title": binary.title,
        "summary": binary.summary,
        "contentType": "application/octet-stream",
        "payload": {"type": "string", "format": "binary"},
    }


def _moved(value: Any) -> Any:
    """A schema whose references point to where AsyncAPI keeps schemas."""
    if isinstance(value, dict):
        return {key: _moved(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_moved(inner) for inner in value]
    if isinstance(value, str) and value.startswith("#/$defs/"):
        return value.replace("#/$defs/", "#/components/schemas/")
    return value
