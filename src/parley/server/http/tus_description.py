"""What the OpenAPI document says of tus: its headers in and out."""

from __future__ import annotations

from typing import Any

from parley.server.http.tus_words import ALGORITHMS, CONTENT_TYPE, VERSION

_TEXT: dict[str, Any] = {"type": "string"}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}


def _header(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "schema": schema}


_VERSION = {"Tus-Resumable": _header("The version spoken.", {"type": "string", "enum": [VERSION]})}
_OFFSET = {"Upload-Offset": _header("Bytes that have arrived.", _COUNT)}
_EXPIRES = {"Upload-Expires": _header("When the upload goes if nothing comes.", _TEXT)}
_JOB = {"Parley-Job": _header("The job, once all bytes have arrived: /v1/jobs/ and this.", _TEXT)}
_LOCATION = {"Location": _header("Where the bytes go.", _TEXT)}

ANSWERED: dict[int | str, dict[str, Any]] = {
    204: {
        "description": "What this server can do.",
        "headers": {
            **_VERSION,
            "Tus-Version": _header("Versions.", _TEXT),
            "Tus-Extension": _header("Extensions.", _TEXT),
            "Tus-Max-Size": _header("Most bytes of a recording.", _COUNT),
            "Tus-Checksum-Algorithm": _header("For Upload-Checksum.", _TEXT),
        },
    }
}
CREATED: dict[int | str, dict[str, Any]] = {
    201: {
        "description": "The upload may go on at Location.",
        "headers": {**_VERSION, **_LOCATION, **_OFFSET, **_EXPIRES, **_JOB},
    }
}
STANDS: dict[str, Any] = {
    "description": "How far it is.",
    "headers": {
        **_VERSION,
        **_OFFSET,
        "Upload-Length": _header("Bytes of the whole recording.", _COUNT),
        **_EXPIRES,
        **_JOB,
    },
}
HERE: dict[str, Any] = {
    "description": "The bytes are here.",
    "headers": {**_VERSION, **_OFFSET, **_EXPIRES, **_JOB},
}


def _sent(name: str, description: str, schema: dict[str, Any], *, required: bool = True) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "description": description, "schema": schema}


_SPEAKS = _sent("Tus-Resumable", "The version spoken.", {"type": "string", "enum": [VERSION]})
_CHECKSUM = _sent(
    "Upload-Checksum",
    f"One of {', '.join(ALGORITHMS)}, a blank, and the digest of this body in base64; at most 8 MiB then.",
    {"type": "string", "examples": ["sha1 2jmj7l5rSw0yVb/vlWAYkK/YBwk="]},
    required=False,
)
_AT = _sent("Upload-Offset", "Where the bytes go: as many as have arrived.", _COUNT)
_LENGTH = _sent("Upload-Length", "Bytes of the whole recording.", {"type": "integer", "minimum": 1})
_METADATA = _sent(
    "Upload-Metadata",
    "Pairs of a key and, in base64, its value, with commas between: `filename`, and the options of "
    "`POST /v1/jobs` by their names.",
    {"type": "string", "maxLength": 16 * 1024, "examples": ["filename dGFsay5tNGE=,language ZW4="]},
    required=False,
)


def _body(*, required: bool) -> dict[str, Any]:
    return {
        "required": required,
        "content": {CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }


LOOK: dict[str, Any] = {"parameters": [_SPEAKS]}
CREATE: dict[str, Any] = {
    "parameters": [_SPEAKS, _LENGTH, _METADATA, _CHECKSUM],
    "requestBody": _body(required=False),
}
SEND: dict[str, Any] = {"parameters": [_SPEAKS, _AT, _CHECKSUM], "requestBody": _body(required=True)}
OVERRIDE: dict[str, Any] = {
    "parameters": [
        _sent(
            "X-HTTP-Method-Override",
            "What is meant.",
            {"type": "string", "enum": ["HEAD", "PATCH", "DELETE"]},
        ),
        _SPEAKS,
        {**_AT, "required": False},
        _CHECKSUM,
    ],
    "requestBody": _body(required=False),
}
