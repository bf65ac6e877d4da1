"""`GET /` and what it loads, and `GET /docs`: nothing comes from anywhere else."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from parley.errors import NoSuchPage
from parley.server.http.asking import read
from parley.web.shipped import Shipped, entrance, shipped

router = APIRouter(tags=["operations"])

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        # No text can become markup or a script: browsers refuse what would do it.
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
_ON_THE_PAGE = {
    "Content-Security-Policy": _POLICY,
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
}


@read(router, "/", include_in_schema=False)
async def page(request: Request) -> Response:
    """The page for people: talk, transcribe, look after the server."""
    return _told(request, await asyncio.to_thread(entrance))


@read(router, "/page/{path:path}", include_in_schema=False)
async def part(request: Request, path: str) -> Response:
    """A module, a style sheet or a picture of the page; raises NoSuchPage for all else."""
    found = (await asyncio.to_thread(shipped)).get(path)
    if found is None:
        raise NoSuchPage("The page has no such part.")
    return _told(request, found)


@read(router, "/docs", include_in_schema=False)
async def docs(request: Request) -> Response:
    """The OpenAPI document as a table, with a link to all of it."""
    operations = "\n".join(_operations(request.app.openapi()["paths"]))
    return _html(_template("docs.html").format(operations=operations))


def _told(request: Request, part: Shipped) -> Response:
    """The file, or that the browser has it: it asks each time, so that an upgrade never mixes releases."""
    headers = {**_ON_THE_PAGE, "ETag": part.tag, "Cache-Control": "no-cache"}
    if part.tag in _tags(request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    return Response(part.content, headers={**headers, "Content-Type": part.media_type})


def _tags(known: str) -> Iterator[str]:
    return (tag.strip().removeprefix("W/") for tag in known.split(","))


def _operations(paths: Mapping[str, Mapping[str, Any]]) -> list[str]:
    rows: list[str] = []
    for path, item in paths.items():
        for method, operation in item.items():
            name = f"<code>{method.upper()} {escape(path)}</code>"
            rows.append(f"<tr><th>{name}</th><td>{escape(operation['summary'])}</td></tr>")
    return rows


def _html(text: str) -> Response:
    """A document that is allowed the one style sheet inside it and nothing else."""
    policy = f"default-src 'none'; style-src {_style_hash(text)}; base-uri 'none'; frame-ancestors 'none'"
    return HTMLResponse(text, headers={"Content-Security-Policy": policy, "Cache-Control": "no-store"})


def _style_hash(text: str) -> str:
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = hashlib.sha256((style[1] if style else "").encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


@cache
def _template(name: str) -> str:
    return files("parley.web").joinpath(name).read_text("utf-8")
