"""Parts of the OpenAPI document that FastAPI cannot see, because we read the bodies ourselves."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

_COMPONENTS = "#/components/schemas/"

BODY_MODELS: dict[str, type[BaseModel]] = {}
"""What bodies are described by; `complete` puts them among the components."""


def reference(model: type[BaseModel]) -> dict[str, Any]:
    """A model by its name."""
    BODY_MODELS[model.__name__] = model
    return {"$ref": _COMPONENTS + model.__name__}


def json_body(model: type[BaseModel]) -> dict[str, Any]:
    """The `openapi_extra` of an operation that takes JSON."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": reference(model)}}}}


def schemas() -> dict[str, Any]:
    """The schemas of all bodies, and of what they refer to."""
    found: dict[str, Any] = {}
    for name, model in BODY_MODELS.items():
        schema = model.model_json_schema(ref_template=_COMPONENTS + "{model}")
        found |= schema.pop("$defs", {})
        found[name] = schema
    return found
