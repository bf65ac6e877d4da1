"""The options of section 5 as HTTP gives them: texts in a form or in tus metadata, or a JSON object."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, cast

from pydantic import BaseModel, Field, StrictStr, ValidationError

from parley.errors import InvalidFormat, InvalidJson, InvalidOption
from parley.jobs.task import Order
from parley.server.addresses import check
from parley.server.orders import order_of
from parley.server.rooms import Rooms
from parley.wire.native.client import JobOptions

_Options = TypeVar("_Options", bound=BaseModel)


_MOST_NESTED = 50_000


class FormOptions(JobOptions):
    """What may stand beside the file in a form."""

    file_name: StrictStr | None = Field(
        None, min_length=1, max_length=1000, description="Shown instead of the name of the part `file`."
    )
    file_hash: StrictStr = Field(
        "", max_length=100, description="MD5 as hex, or `sha256:` and SHA-256 as hex; checked when given."
    )


class UrlOptions(JobOptions):
    """A recording to be fetched."""

    url: StrictStr = Field(min_length=1, max_length=2000, description="An http or https address.")
    file_name: StrictStr | None = Field(
        None, min_length=1, max_length=1000, description="Shown instead of the last part of the address."
    )


def from_texts(fields: Iterable[tuple[str, str]]) -> FormOptions:
    """Fields of a form; empty ones count as not given, unknown ones are ignored."""
    given: dict[str, list[str]] = {}
    for name, text in fields:
        if name in _READERS and text != "":
            given.setdefault(name, []).append(text)
    values = {name: _read(name, texts) for name, texts in given.items()}
    return checked(FormOptions, values)


def checked(kind: type[_Options], values: Any) -> _Options:
    """The options, with values of the right kind; raises InvalidFormat or InvalidOption."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0]) if first["loc"] else "body"
        kind_of_error = InvalidFormat if name == "output_format" else InvalidOption
        raise kind_of_error(f"'{name}': {first['msg']}.") from None


async def agreed(rooms: Rooms, given: JobOptions, file_name: str) -> Order:
    """What is asked for; raises InvalidOption, or UrlRefused for a `callback_url` not to be called."""
    order = order_of(given, file_name or "recording", rooms.options.default_profile)
    if order.callback_url is not None:
        await check(order.callback_url, allow_private=rooms.options.allow_private_urls)
    return order


def json_object(body: bytes) -> dict[str, Any]:
    """The object in a body; raises InvalidJson when there is none."""
    try:
        values = _parsed(body)
    except (ValueError, RecursionError):
        raise InvalidJson("The body is not JSON.") from None
    if not isinstance(values, dict):
        raise InvalidJson("The body is not a JSON object.")
    return cast("dict[str, Any]", values)


def _parsed(body: bytes) -> Any:
    """What JSON says; raises ValueError, RecursionError."""
    if body.count(b"[") + body.count(b"{") > _MOST_NESTED:
        # A million small lists would stop every thread for a while.
        raise ValueError("too many lists or objects")
    return json.loads(body)


def _read(name: str, texts: list[str]) -> Any:
    if name == "hotwords":
        return _hotwords(texts)
    if len(texts) > 1:
        raise InvalidOption(f"'{name}' is given more than once.")
    try:
        return _READERS[name](texts[0])
    except ValueError:
        raise InvalidOption(f"'{name}' wants {_WANTED[_READERS[name]]}.") from None


def _hotwords(texts: list[str]) -> Any:
    """One word per field, or one field with a JSON list or object."""
    if len(texts) == 1 and texts[0].lstrip()[:1] in ("[", "{"):
        try:
            return _parsed(texts[0].encode())
        except (ValueError, RecursionError):
            raise InvalidOption("'hotwords' looks like JSON but is none.") from None
    return texts


def truth(text: str) -> bool:
    """What a form says as true or false; raises ValueError."""
    truths = {"true": True, "1": True, "false": False, "0": False}
    if text.lower() not in truths:
        raise ValueError(text)
    return truths[text.lower()]


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise ValueError(text)
    return int(text)


def _seconds(text: str) -> float:
    return float(text)


def _channel(text: str) -> str | int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else text


_READERS: Mapping[str, Callable[[str], Any]] = {
    "file_name": str,
    "file_hash": str,
    "force_refresh": truth,
    "output_format": str,
    "engine": str,
    "language": str,
    "diarize": truth,
    "word_align": truth,
    "hotwords": str,
    "num_speakers": _whole,
    "min_speakers": _whole,
    "max_speakers": _whole,
    "channel": _channel,
    "task": str,
    "prompt": str,
    "from": _seconds,
    "to": _seconds,
    "callback_url": str,
    "segments": truth,
    "priority": str,
}

_WANTED: Mapping[Callable[[str], Any], str] = {
    truth: "true or false",
    _whole: "a whole number",
    _seconds: "a number of seconds",
}
