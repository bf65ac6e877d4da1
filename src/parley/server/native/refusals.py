"""What is told when a message is refused: every error as one of the protocol's codes (section 8)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from parley.errors import (
    InvalidChunk,
    InvalidFormat,
    MissingChunkData,
    MissingFileData,
    MissingTaskId,
    MissingTaskIds,
    ParleyError,
    RequestError,
    UploadRefused,
)
from parley.wire.native.server import ERROR_CODES, Error

CODES = frozenset(ERROR_CODES)
"""The codes that clients know."""

FALLBACK: Mapping[str, str] = {
    "upload_request": "upload_error",
    "upload_data": "upload_data_error",
    "upload_chunk": "chunk_upload_error",
    "finalize_upload": "finalize_error",
    "upload_status": "status_error",
    "task_status": "status_error",
    "task_status_batch": "status_error",
    "task_list": "status_error",
    "subscribe": "status_error",
    "cancel_task": "cancel_error",
}
"""The code of a message that failed for a reason clients of this protocol have no code for."""

_SAME_THING = {"profile_unknown": "profile_not_installed"}

_BY_FIELD: Mapping[str, type[RequestError]] = {
    "task_id": MissingTaskId,
    "task_ids": MissingTaskIds,
    "output_format": InvalidFormat,
    "upload_mode": InvalidFormat,
    "chunk_data": MissingChunkData,
    "file_data": MissingFileData,
    "chunk_index": InvalidChunk,
}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class About:
    """What a message is about, as far as it could be read."""

    type: str = ""
    task_id: str | None = None
    chunk_index: int | None = None


class Refused(Exception):
    """A message that cannot be dispatched, and what is known of it."""

    def __init__(
        self, error: ParleyError, about: About = About(), details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(error.message)
        self.error = error
        self.about = about
        self.details = details


def about(kind: str, data: Mapping[str, Any]) -> About:
    """What the fields say, where they make sense."""
    task_id, index = data.get("task_id"), data.get("chunk_index")
    return About(
        kind,
        task_id if isinstance(task_id, str) and 0 < len(task_id) <= 64 else None,
        index if type(index) is int and 0 <= index < 2**53 else None,
    )


def refused_fields(kind: str, data: Mapping[str, Any], error: ValidationError) -> Refused:
    """The first thing wrong with the fields of a message, in the protocol's order of checks; never the
    value, which may be a secret."""
    first = min(error.errors(include_url=False, include_context=False, include_input=False), key=_order)
    name = ".".join(str(part) for part in first["loc"]) or "data"
    code = _BY_FIELD.get(str(first["loc"][0]) if first["loc"] else "")
    if code is None:
        code = UploadRefused if kind == "upload_request" else RequestError
    missing = first["type"] == "missing"
    message = (
        f"The field '{name}' is missing." if missing else f"The field '{name}' is wrong: {first['msg']}."
    )
    return Refused(code(message), about(kind, data), {"field": name})


def _order(wrong: ErrorDetails) -> int:
    """Fields that are missing come first, then formats, then the rest as it stands."""
    if wrong["type"] == "missing":
        return 0
    return 1 if wrong["loc"] and _BY_FIELD.get(str(wrong["loc"][0])) is InvalidFormat else 2


def told(problem: Exception, about: About) -> Error:
    """The `error` frame for anything that went wrong with a message."""
    details: dict[str, Any] | None = None
    if isinstance(problem, Refused):
        about, details = about if about.type else problem.about, problem.details
        problem = problem.error
    fallback = FALLBACK.get(about.type, "message_error")
    if isinstance(problem, ParleyError):
        code = _SAME_THING.get(problem.code, problem.code)
        if code not in CODES:
            code, details = fallback, {**(details or {}), "code": code}
        if problem.detail:
            _log.info("a message %s was refused: %s (%s)", about.type, problem.code, problem.detail)
        message = problem.message
    else:
        _log.error("a message %s failed: %s", about.type, type(problem).__name__, exc_info=problem)
        code, message = fallback, "Something went wrong in the server; its log says what."
    return Error(
        error=code, message=message, details=details, task_id=about.task_id, chunk_index=about.chunk_index
    )
