"""Errors as problem documents (RFC 9457) with the codes of the error tree."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from parley.errors import (
    BY_CODE,
    DiskFull,
    InputError,
    InvalidJson,
    InvalidOption,
    MethodNotAllowed,
    NoSuchPage,
    ParleyError,
    is_disk_full,
)

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_SOON_S = 5
"""Told where an error may pass and nobody knows when."""

_CLIENT_CLOSED_REQUEST = 499


class Problem(BaseModel):
    """Why a request was not granted."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "example": {
                "type": "urn:parley:error:task_not_found",
                "title": "No such task, or somebody else's",
                "status": 404,
                "detail": "There is no task with this id.",
                "code": "task_not_found",
                "task_id": "0b3c9c6e-6b1d-4a0e-9a1e-3f6f0f1c2d3e",
            }
        },
    )

    type: str = Field(description="`urn:parley:error:` and the code.")
    title: str = Field(description="What the code means.")
    status: int = Field(description="The HTTP status, once more.")
    detail: str = Field(description="What was wrong this time, and what to do.")
    code: str = Field(description="A code of the error tree; the same as over WebSocket.")
    task_id: str | None = Field(None, description="The task or upload it is about.")


class Refusal(Exception):
    """An error of the tree with more to say in HTTP: another status, or headers."""

    def __init__(
        self,
        error: ParleyError,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        task_id: str | None = None,
    ) -> None:
        super().__init__(error.message)
        self.error = error
        self.status = status or error.http_status
        self.headers = dict(headers or {})
        self.task_id = task_id


def problem_of(refusal: Refusal) -> Response:
    """The answer to a request that is refused."""
    error = refusal.error
    document = Problem(
        type=f"urn:parley:error:{error.code}",
        title=_title(error.code),
        status=refusal.status,
        detail=error.message,
        code=error.code,
        task_id=refusal.task_id,
    )
    content = document.model_dump(mode="json", exclude_none=True)
    headers = {**_usual_headers(refusal), **refusal.headers}
    return JSONResponse(content, refusal.status, headers=headers, media_type=MEDIA_TYPE)


def _title(code: str) -> str:
    kind = BY_CODE.get(code, ParleyError)
    return (kind.__doc__ or code).split("\n")[0].rstrip(".")


def _usual_headers(refusal: Refusal) -> dict[str, str]:
    if refusal.status == 401:
        return {"WWW-Authenticate": 'Bearer realm="parley"'}
    if refusal.status in (429, 503):
        return {"Retry-After": str(RETRY_SOON_S)}
    return {}


def speak_problems(app: FastAPI) -> None:
    """Answer every error of this application with a problem document."""
    app.add_exception_handler(ParleyError, _told)
    app.add_exception_handler(Refusal, _told)
    app.add_exception_handler(RequestValidationError, _told)
    app.add_exception_handler(HTTPException, _told)
    app.add_exception_handler(OSError, _told)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _told)


async def _told(request: Request, exception: Exception) -> Response:
    refusal = refusal_of(exception)
    if refusal.status == 405:
        refusal.headers["Allow"] = ", ".join(request.app.state.methods.of(request.url.path))
    if refusal.status >= 500 and refusal.error.detail:
        log.warning("request failed: %s", refusal.error.code, extra={"detail": refusal.error.detail})
    refusal.task_id = refusal.task_id or request.path_params.get("task_id")
    return problem_of(refusal)


async def _gone(request: Request, exception: Exception) -> Response:
    return Response(status_code=_CLIENT_CLOSED_REQUEST)


def refusal_of(exception: Exception) -> Refusal:
    """Any exception as what the client is told; what nobody foresaw tells nothing."""
    match exception:
        case Refusal():
            return exception
        case ParleyError():
            return Refusal(exception)
        case RequestValidationError():
            return Refusal(_invalid(exception.errors()))
        case HTTPException():
            return _of_framework(exception)
        case OSError() if is_disk_full(exception):
            return Refusal(DiskFull("No space is left on the server; try again later."))
        case _:
            return Refusal(ParleyError("Something went wrong in the server; its log says what."))


def _of_framework(exception: HTTPException) -> Refusal:
    error: ParleyError
    match exception.status_code:
        case 404:
            error = NoSuchPage("Nothing answers at this path; /openapi.json lists what there is.")
        case 405:
            error = MethodNotAllowed("This path does not answer that method; see the header Allow.")
        case _:
            error = InputError(f"{exception.detail}.")
    return Refusal(error, status=exception.status_code, headers=exception.headers)


def _invalid(errors: Any) -> InputError:
    """One sentence about the first thing wrong; never the value, which may be a secret."""
    first = errors[0]
    if first.get("type") == "json_invalid":
        return InvalidJson("The body is not JSON.")
    place = ".".join(str(part) for part in first.get("loc", ())[1:])
    return InvalidOption(f"'{place}': {first.get('msg', 'is not valid')}.")
