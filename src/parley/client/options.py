"""What a task may be asked for (section 5 of the protocol), checked before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from pydantic import ValidationError

from parley.errors import InvalidOption
from parley.wire.native.client import OutputFormat, Priority, UploadRequest


class Options(TypedDict, total=False):
    """Options of a task. `file_name` replaces the file's own name; `start` and `end` are seconds of the
    recording, called `from` and `to` in the protocol; `engine` is the name of a profile.
    """

    file_name: str
    output_format: OutputFormat
    engine: str | None
    language: str | None
    diarize: bool
    word_align: bool | None
    hotwords: list[str] | dict[str, float] | None
    num_speakers: int | None
    min_speakers: int | None
    max_speakers: int | None
    channel: Literal["mix", "split"] | int
    task: Literal["transcribe", "translate"]
    prompt: str | None
    start: float
    end: float | None
    callback_url: str | None
    segments: bool
    priority: Priority
    force_refresh: bool


_ON_THE_WIRE = {"start": "from", "end": "to"}


def check_options(options: Options) -> dict[str, Any]:
    """The options by their names in the protocol; raises InvalidOption for one that means nothing."""
    require_known(options, Options)
    named = {_ON_THE_WIRE.get(name, name): value for name, value in options.items()}
    request_for({"file_name": "any", **named}, size_bytes=1, file_hash="any", chunk_bytes=1)
    return named


def request_for(
    options: Mapping[str, Any], *, size_bytes: int, file_hash: str, chunk_bytes: int
) -> UploadRequest:
    """The announcement of a recording that will come in chunks; raises InvalidOption."""
    upload = {
        "file_size": size_bytes,
        "file_hash": file_hash,
        "upload_mode": "chunked",
        "chunk_size": chunk_bytes,
        "total_chunks": -(-size_bytes // chunk_bytes),
        "early_hit": True,
    }
    try:
        return UploadRequest.model_validate({**options, **upload})
    except ValidationError as error:
        raise problem_of(error) from error


def require_known(options: Mapping[str, Any], kind: type) -> None:
    """Refuse what is no key of the typed dictionary `kind`."""
    unknown = sorted(options.keys() - kind.__annotations__.keys())
    if unknown:
        known = ", ".join(kind.__annotations__)
        raise InvalidOption(f"There is no option '{unknown[0]}'; there are {known}.")


def problem_of(error: ValidationError) -> InvalidOption:
    """The first thing that is wrong with an option, in words."""
    first = error.errors(include_url=False)[0]
    name = next(iter(first["loc"]), "an option")
    return InvalidOption(f"'{name}': {first['msg']}.")
