"""The OpenAPI document: what FastAPI finds out, and what it cannot see because we read bodies ourselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

_COMPONENTS = "#/components/schemas/"
_METHODS = {"get", "put", "post", "delete", "options", "head", "patch"}
_OPEN = {"/", "/docs", "/health", "/ready", "/v1/login", "/v1/logout"}

_models: dict[str, type[BaseModel]] = {}

_DESCRIPTION = """\
Self-hosted transcription. The same jobs can be made and watched over WebSocket at the same port; both say
the same things in the same words. Errors are problem documents (RFC 9457) whose `code` is stable.
"""

_TAGS = [
    {"name": "jobs", "description": "Recordings become transcripts."},
    {"name": "uploads", "description": "Recordings that arrive in pieces, by tus 1.0.0 (https://tus.io)."},
    {"name": "voices", "description": "Text becomes speech, in voices of the house or one's own."},
    {"name": "conversations", "description": "What was said with the assistant."},
    {"name": "operations", "description": "For whoever runs the server."},
    {"name": "login", "description": "A cookie for the page."},
]

_SECURITY: dict[str, dict[str, str]] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A JWT or an API key."},
    "query": {
        "type": "apiKey",
        "in": "query",
        "name": "token",
        "description": "Without headers.",
    },
    "cookie": {"type": "apiKey", "in": "cookie", "name": "parley_session", "description": "By /v1/login."},
}


def reference(model: type[BaseModel]) -> dict[str, Any]:
    """A model by its name; the document will hold it."""
    _models[model.__name__] = model
    return {"$ref": _COMPONENTS + model.__name__}


def json_body(model: type[BaseModel]) -> dict[str, Any]:
    """The `openapi_extra` of an operation that takes JSON."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": reference(model)}}}}


def document_of(
    app: FastAPI, everywhere: Mapping[int | str, Any], at_login: Mapping[int | str, Any], *, secured: bool
) -> Callable[[], dict[str, Any]]:
    """What replaces `app.openapi`: `everywhere` are answers that every operation may give,
    `at_login` more of that one; `secured` says whether tokens are asked for.
    """
    usual, login = (
        {str(status): answer for status, answer in some.items()} for some in (everywhere, at_login)
    )

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(app, usual, login, secured=secured)
        return app.openapi_schema

    return document


def _completed(
    app: FastAPI, usual: dict[str, Any], login: dict[str, Any], *, secured: bool
) -> dict[str, Any]:
    made = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=_DESCRIPTION,
        routes=app.routes,
        tags=_TAGS,
    )
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    schemas |= _schemas()
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    made["components"]["securitySchemes"] = _SECURITY
    for path, operation in _operations(made):
        # What FastAPI says of requests that mean nothing; ours are 400.
        if operation["responses"].get("422", {}).get("description") == "Validation Error":
            del operation["responses"]["422"]
        more = login if path == "/v1/login" else {}
        operation["responses"] = {**usual, **more, **operation["responses"]}
        if secured and path not in _OPEN:
            operation["security"] = [{name: []} for name in _SECURITY]
    return made


def _operations(made: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in made["paths"].items():
        for method, operation in item.items():
            if method in _METHODS:
                yield path, operation


def _schemas() -> dict[str, Any]:
    """The schemas of all models referred to, and of what they refer to."""
    found: dict[str, Any] = {}
    for name, model in _models.items():
        schema = model.model_json_schema(ref_template=_COMPONENTS + "{model}")
        found |= schema.pop("$defs", {})
        found[name] = schema
    return found


def form_schema(model: type[BaseModel], file_name: str, *, is_needed: bool = True) -> dict[str, Any]:
    """A multipart form: the file, and the fields of a model, none of which can be null there."""
    described = model.model_json_schema()
    required = [*([file_name] if is_needed else []), *described.get("required", [])]
    properties = {name: _without_null(field) for name, field in described["properties"].items()}
    file = {"type": "string", "format": "binary", "description": "The recording; its name is taken too."}
    return {"type": "object", "required": required, "properties": {file_name: file, **properties}}


def _without_null(field: dict[str, Any]) -> dict[str, Any]:
    choices = [choice for choice in field.get("anyOf", []) if choice != {"type": "null"}]
    rest = {
        key: value for key, value in field.items() if key != "anyOf" and (key, value) != ("default", None)
    }
    if len(choices) == 1:
        return {**choices[0], **rest}
    return {**rest, "anyOf": choices} if choices else rest
