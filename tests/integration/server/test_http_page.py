"""The page as it is served: whole, from ourselves only, asked for again only where it changed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from importlib.resources import files
from pathlib import PurePosixPath

import httpx
import pytest

from parley.web.shipped import shipped

from .behind import Scene, served

Ask = Callable[[httpx.AsyncClient], Awaitable[None]]

_IMPORT = re.compile(r"""(?:from|import)\s*\(?\s*["'](\.[^"']+)["']""")


def during(ask: Ask, scene: Scene | None = None) -> None:
    async def main() -> None:
        async with (scene or Scene()).client() as client:
            await ask(client)

    asyncio.run(main())


def test_the_document_loads_from_ourselves_only() -> None:
    async def ask(client: httpx.AsyncClient) -> None:
        answer = await client.get("/")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert not re.search(r"https?://|<style|style=|onclick|<script>", answer.text)
        for path in re.findall(r'(?:src|href)="(/[^"#]+)', answer.text):
            assert (await client.get(path)).status_code == 200, path

    during(ask)


def test_scripts_styles_and_connections_are_ours() -> None:
    async def ask(client: httpx.AsyncClient) -> None:
        for path in ("/", "/page/app.js"):
            headers = (await client.get(path)).headers
            parts = [part.split() for part in headers["content-security-policy"].split(";")]
            policy = {words[0]: words[1:] for words in parts}
            assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == ["'none'"]
            for kind in ("script-src", "worker-src", "style-src", "connect-src"):
                assert policy[kind] == ["'self'"], kind
            assert "unsafe" not in headers["content-security-policy"]
            assert "microphone=(self)" in headers["permissions-policy"]

    during(ask)


def test_users_see_the_page_before_they_log_in() -> None:
    async def ask(client: httpx.AsyncClient) -> None:
        for path in ("/", "/page/app.js", "/page/app.css"):
            assert (await client.get(path)).status_code == 200

    during(ask, Scene(users=("anna",)))


def test_every_part_has_its_type_and_is_whole() -> None:
    types = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}

    async def ask(client: httpx.AsyncClient) -> None:
        for path, part in shipped().items():
            answer = await client.get(f"/page/{path}")
            assert answer.status_code == 200, path
            assert answer.headers["content-type"].startswith(types[PurePosixPath(path).suffix]), path
            assert answer.content == part.content == files("parley.web").joinpath(path).read_bytes()

    during(ask)


def test_what_has_not_changed_is_not_sent_again() -> None:
    async def ask(client: httpx.AsyncClient) -> None:
        for path in ("/", "/page/app.js"):
            first = await client.get(path)
            tag = first.headers["etag"]
            assert first.headers["cache-control"] == "no-cache"
            for known in (tag, f'"other", W/{tag}'):
                again = await client.get(path, headers={"If-None-Match": known})
                assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
            changed = await client.get(path, headers={"If-None-Match": '"other"'})
            assert (changed.status_code, changed.content) == (200, first.content)

    during(ask)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "index.html",
        "docs.html",
        "shipped.py",
        "__init__.py",
        "talk",
        "talk/",
        "../web/app.js",
        "%2e%2e/web/app.js",
        "talk/../app.js",
        "..%2f..%2fsettings%2fkeys.py",
        "/etc/passwd",
        "//etc/passwd",
        "app.js%00",
        "talk%5C..%5Capp.js",
        "APP.JS",
        "app.js/",
    ],
)
def test_what_does_not_ship_is_not_there(path: str) -> None:
    """Sent as it stands: clients tidy up a path that leads out of its folder."""

    async def main() -> None:
        async with served(Scene()) as (host, port):
            reader, writer = await asyncio.open_connection(host, port)
            request = f"GET /page/{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
            writer.write(request.encode())
            answer = await reader.read()
            writer.close()
        status, _, rest = answer.partition(b"\r\n")
        assert status.split()[1] == b"404", status
        assert b"application/problem+json" in rest

    asyncio.run(main())


def test_modules_import_what_ships() -> None:
    parts = shipped()
    for path, part in parts.items():
        if not path.endswith(".js"):
            continue
        folder = PurePosixPath("/") / PurePosixPath(path).parent
        for wanted in _IMPORT.findall(part.content.decode()):
            reached = _joined(folder, wanted)
            assert reached in parts, f"{path} imports {wanted}"


def _joined(folder: PurePosixPath, relative: str) -> str:
    steps = list(folder.parts[1:])
    for step in PurePosixPath(relative).parts:
        if step == "..":
            steps.pop()
        elif step != ".":
            steps.append(step)
    return "/".join(steps)
