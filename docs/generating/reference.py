"""The reference of a protocol: prose from its head, a section for every message."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from parley.errors import BY_CODE
from parley.wire.catalogue import Direction, Entry, Protocol
from parley.wire.schema import data_definitions, schema


def schema_file(protocol: Protocol) -> str:
    """The JSON Schema of all messages as a file."""
    return json.dumps(schema(protocol), indent=2, ensure_ascii=False) + "\n"


def reference_page(protocol: Protocol, head: Path, about_errors: str) -> str:
    """The reference as Markdown; `about_errors` comes before the table of codes."""
    definitions = data_definitions(protocol)
    lines = [head.read_text("utf-8").rstrip(), "", "## What a client sends", ""]
    lines += _messages(protocol, Direction.CLIENT, definitions)
    lines += ["## What the server sends", ""]
    lines += _messages(protocol, Direction.SERVER, definitions)
    lines += ["## Values inside messages", "", *_values(protocol, definitions)]
    lines += ["## Errors", "", about_errors, "", *_errors(protocol)]
    return "\n".join(lines).rstrip() + "\n"


def _messages(protocol: Protocol, direction: Direction, definitions: dict[str, Any]) -> Iterator[str]:
    for entry in protocol.of(direction):
        yield from _message(entry, definitions[entry.model.__name__])


def _message(entry: Entry, definition: dict[str, Any]) -> Iterator[str]:
    yield f"### `{entry.type}`"
    yield ""
    since = " Unknown to servers and clients of the first generation." if entry.is_new else ""
    yield f"{entry.summary}{since}"
    yield ""
    yield from _fields(definition, says_default=entry.direction is Direction.CLIENT)
    yield "```json"
    yield json.dumps(_on_the_wire(entry), ensure_ascii=False, indent=2, default=dict)
    yield "```"
    yield ""


def _on_the_wire(entry: Entry) -> dict[str, Any]:
    message: dict[str, Any] = {"type": entry.type}
    if entry.example or entry.direction is Direction.SERVER:
        message["data"] = dict(entry.example)
    if entry.direction is Direction.SERVER:
        message["timestamp"] = entry.example.get("timestamp", "2025-06-01T08:30:00.120000+00:00")
    return message


def _fields(definition: dict[str, Any], *, says_default: bool) -> Iterator[str]:
    properties = definition.get("properties", {})
    if not properties:
        yield "It has no `data`."
        yield ""
        return
    yield "| field | type | default | meaning |" if says_default else "| field | type | meaning |"
    yield "|---|---|---|---|" if says_default else "|---|---|---|"
    for name, field in properties.items():
        needed = name in definition.get("required", ())
        default = "required" if needed else f"`{json.dumps(field.get('default'))}`"
        shown = f" {default} |" if says_default else ""
        yield f"| `{name}` | {type_of(field)} |{shown} {field.get('description', '')} |"
    yield ""


def _values(protocol: Protocol, definitions: dict[str, Any]) -> Iterator[str]:
    messages = {entry.model.__name__ for entry in protocol.entries}
    for name, definition in definitions.items():
        if name not in messages:
            yield f"### {name}"
            yield ""
            yield definition["description"]
            yield ""
            yield from _fields(definition, says_default=False)


def _errors(protocol: Protocol) -> Iterator[str]:
    yield "| code | HTTP | try again | meaning |"
    yield "|---|---|---|---|"
    for code in protocol.error_codes:
        kind = BY_CODE[code]
        again = "no" if kind.permanent else "yes"
        yield f"| `{code}` | {kind.http_status} | {again} | {(kind.__doc__ or '').split(chr(10))[0]} |"


def type_of(field: dict[str, Any]) -> str:
    """A schema in a few words, such as `string or null`."""
    if "const" in field or "enum" in field:
        return ", ".join(f"`{json.dumps(value)}`" for value in field.get("enum", [field.get("const")]))
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(type_of(choice) for choice in field["anyOf"]))
    if field.get("type") == "array":
        return f"list of {_items_of(field)}"
    if "additionalProperties" in field and isinstance(field["additionalProperties"], dict):
        return f"object of {type_of(field['additionalProperties'])}"
    return f"{field.get('type', 'any')}{_bounds(field)}"


def _items_of(field: dict[str, Any]) -> str:
    if "prefixItems" in field:
        return "[" + ", ".join(type_of(item) for item in field["prefixItems"]) + "]"
    return type_of(field.get("items", {}))


def _bounds(field: dict[str, Any]) -> str:
    low, high = field.get("minimum"), field.get("maximum")
    if low is not None and high is not None:
        return f", {low:g} to {high:g}"
    return f", at least {low:g}" if low is not None else ""
