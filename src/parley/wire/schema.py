"""The messages of a protocol as JSON Schema (2020-12)."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import JsonSchemaMode, models_json_schema

from parley.wire.catalogue import Direction, Entry, Protocol
from parley.wire.native.message import Data

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(protocol: Protocol) -> dict[str, Any]:
    """Every message that may stand in a text frame; `$defs` holds each under its name."""
    definitions = data_definitions(protocol)
    for entry in protocol.entries:
        definitions[entry.name] = envelope_schema(entry)
    for direction in Direction:
        names = [{"$ref": f"#/$defs/{entry.name}"} for entry in protocol.of(direction)]
        definitions[direction] = {"anyOf": names}
    return {
        "$schema": _DIALECT,
        "title": protocol.title,
        "description": "Text frames: what a client sends, or what the server sends.",
        "anyOf": [{"$ref": f"#/$defs/{direction}"} for direction in Direction],
        "$defs": definitions,
    }


def envelope_schema(entry: Entry) -> dict[str, Any]:
    """`type`, `data` and, from the server, `timestamp`."""
    properties: dict[str, Any] = {
        "type": {"const": entry.type},
        "data": {"$ref": f"#/$defs/{entry.model.__name__}"},
    }
    required = ["type"]
    if entry.direction is Direction.SERVER:
        properties["timestamp"] = {"type": "string", "description": "ISO 8601."}
        required += ["data", "timestamp"]
    elif any(field.is_required() for field in entry.model.model_fields.values()):
        required += ["data"]
    if entry.type == "auth":
        # Clients of the first generation put the token beside the type.
        properties["token"] = {"type": "string"}
        required = ["type"]
    return {
        "title": entry.type,
        "description": entry.summary,
        "type": "object",
        "properties": properties,
        "required": required,
    }


def data_definitions(protocol: Protocol) -> dict[str, Any]:
    """The `data` of every message and the values inside, by the names of their models."""
    received: list[tuple[type[Data], JsonSchemaMode]] = [
        (entry.model, _mode(entry)) for entry in protocol.entries
    ]
    _, described = models_json_schema(received, by_alias=True, ref_template="#/$defs/{model}")
    definitions: dict[str, Any] = described["$defs"]
    asked = {entry.model.__name__ for entry in protocol.of(Direction.CLIENT)}
    for name, definition in definitions.items():
        definition["description"] = " ".join(str(definition.get("description", "")).split())
        for field in definition.get("properties", {}).values():
            # Pydantic's title is the name again.
            field.pop("title", None)
        if name not in asked and "properties" in definition:
            # The server leaves no field out: what is not known is null.
            definition["required"] = list(definition["properties"])
    return definitions


def _mode(entry: Entry) -> JsonSchemaMode:
    return "validation" if entry.direction is Direction.CLIENT else "serialization"
