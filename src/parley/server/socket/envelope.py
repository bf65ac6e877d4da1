"""The envelope of text frames: type and data, before anybody looks at the fields."""

from __future__ import annotations

from typing import Any

import msgspec

from parley.errors import InvalidJson, RequestError, UnknownMessageType


class Unreadable(Exception):
    """A frame without a readable envelope; `type` is what it says it is, as far as it says."""

    def __init__(self, error: RequestError, type: str = "") -> None:
        super().__init__(error.message)
        self.error = error
        self.type = type


def read_envelope(text: str) -> tuple[str, dict[str, Any]]:
    """Type and data of a text frame; a token beside `type` counts as in `data`. Raises Unreadable."""
    try:
        frame = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        raise Unreadable(InvalidJson("The frame is not JSON.")) from None
    if not isinstance(frame, dict):
        raise Unreadable(InvalidJson("The frame is not a JSON object."))
    kind, data = frame.get("type"), frame.get("data")
    if not isinstance(kind, str):
        raise Unreadable(UnknownMessageType("The frame has no 'type', or one that is no text."))
    if data is None:
        data = {}
    if not isinstance(data, dict):
        raise Unreadable(RequestError("The field 'data' is not a JSON object."), kind)
    if "token" in frame:
        data = {"token": frame["token"], **data}
    return kind, data


def given_fields(data: dict[str, Any]) -> dict[str, Any]:
    """Null stands for "not given": clients of the first generation send it for options without a value."""
    return {name: value for name, value in data.items() if value is not None}
