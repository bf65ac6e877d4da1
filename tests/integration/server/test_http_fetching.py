"""Recordings fetched from addresses, here from a server on loopback."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from parley.server import addresses

from .behind import Scene, calling, served, until

Answer = Callable[[str], bytes]


def answer(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return ("\r\n".join([*lines, "Connection: close", "", ""])).encode() + body


@asynccontextmanager
async def origin(say: Answer, *, hang: bool = False) -> AsyncGenerator[tuple[int, list[str]]]:
    """Somebody else's server; `say` is asked with the request line, heads are kept."""
    heads: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
            writer.write(say(heads[-1].split(" ")[1]))
            await writer.drain()
            if hang:
                await reader.read()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], heads


def fetched(
    scene: Scene, say: Answer, url: str = "http://127.0.0.1:{port}/talk%20one.mp3", **asked: Any
) -> Any:
    async def main() -> tuple[httpx.Response, list[str]]:
        async with origin(say) as (port, heads), scene.client(timeout=60) as client:
            sent = {"url": url.format(port=port), **asked}
            return await client.post("/v1/jobs", json=sent), heads

    return asyncio.run(main())


def open_scene(**options: Any) -> Scene:
    return Scene(allow_urls=True, allow_private_urls=True, **options)


def test_a_recording_is_fetched() -> None:
    scene = open_scene()
    response, heads = fetched(scene, lambda _: answer(b"sound", content_length="5"), language="en")
    assert response.status_code == 202, response.text
    assert response.json()["file_name"] == "talk one.mp3"
    assert scene.reception.received == [b"sound"]
    assert scene.reception.plans[0].size_bytes == 5
    assert scene.reception.plans[0].order.wish.recognition.language == "en"
    assert "accept-encoding: identity" in heads[0].lower()


def test_its_name_may_come_with_it_or_from_the_client() -> None:
    named = answer(b"x", content_disposition="attachment; filename*=UTF-8''%E4%BC%9A.wav")
    scene = open_scene()
    assert fetched(scene, lambda _: named)[0].json()["file_name"] == "会.wav"
    assert fetched(scene, lambda _: named, file_name="mine.wav")[0].json()["file_name"] == "mine.wav"


def test_redirects_are_followed_a_few_times() -> None:
    def say(path: str) -> bytes:
        step = int(path.strip("/"))
        return answer(b"x") if step == 0 else answer(b"", "302 Found", location=f"/{step - 1}")

    scene = open_scene()
    assert fetched(scene, say, "http://127.0.0.1:{port}/5")[0].status_code == 202
    response, heads = fetched(scene, say, "http://127.0.0.1:{port}/6")
    assert (response.status_code, response.json()["code"]) == (400, "url_refused")
    assert len(heads) == 6


@pytest.mark.parametrize(
    "said",
    [
        answer(b"", "404 Not Found"),
        answer(b"", "204 No Content"),
        answer(b"", "302 Found", location="file:///etc/passwd"),
        answer(b"", "302 Found", location="http://[bad"),
        answer(b"", "302 Found"),
        answer(b"x", content_encoding="gzip"),
        answer(b"short", content_length="50"),
        b"nonsense\r\n\r\n",
        b"",
    ],
)
def test_answers_that_are_no_recording(said: bytes) -> None:
    scene = open_scene()
    response, _ = fetched(scene, lambda _: said)
    assert (response.status_code, response.json()["code"]) == (400, "url_refused")
    assert not scene.reception.uploads and not scene.reception.received


@pytest.mark.parametrize("told", [{}, {"content_length": "2000000"}])
def test_a_recording_that_is_too_large(told: dict[str, str]) -> None:
    scene = open_scene(max_file_bytes=1_000_000)
    response, _ = fetched(scene, lambda _: answer(b"x" * 2_000_000, **told))
    assert (response.status_code, response.json()["code"]) == (413, "file_too_large")
    assert not scene.reception.uploads


def test_time_is_bounded() -> None:
    scene = open_scene(url_timeout_s=0.3)

    async def main() -> None:
        async with origin(lambda _: answer(b"x"), hang=True) as (port, _), scene.client(timeout=60) as client:
            response = await client.post("/v1/jobs", json={"url": f"http://127.0.0.1:{port}/a"})
            assert (response.status_code, response.json()["code"]) == (400, "url_refused")

    asyncio.run(main())
    assert not scene.reception.uploads


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433"])
def test_loopback_is_refused(host: str) -> None:
    scene = Scene(allow_urls=True)
    response, heads = fetched(scene, lambda _: answer(b"secret"), f"http://{host}:{{port}}/")
    assert (response.status_code, response.json()["code"]) == (400, "url_refused")
    assert not heads and not scene.reception.received


def test_redirects_to_what_is_not_public_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "is_public", lambda address: str(address) == "127.0.0.1")
    scene = Scene(allow_urls=True)

    def say(path: str) -> bytes:
        return answer(b"", "302 Found", location=f"http://127.0.0.2:{path.strip('/') or 1}/secret")

    response, heads = fetched(scene, say, "http://127.0.0.1:{port}/{port}")
    assert (response.status_code, response.json()["code"]) == (400, "url_refused")
    assert len(heads) == 1
    assert "not public" in response.json()["detail"]


def test_a_name_is_resolved_once_and_called_where_it_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the second answer would be loopback."""
    scene = Scene(allow_urls=True, allow_private_urls=True)
    asked: list[str] = []

    real = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *rest: Any, **how: Any) -> Any:
        if host != "talks.example":
            return real(host, port, *rest, **how)
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    async def main() -> None:
        async with origin(lambda _: answer(b"x")) as (port, heads), scene.client(timeout=60) as client:
            response = await client.post("/v1/jobs", json={"url": f"http://talks.example:{port}/a.wav"})
            assert response.status_code == 202, response.text
            assert f"host: talks.example:{port}" in heads[0].lower()

    asyncio.run(main())
    assert asked == ["talks.example"]


def test_a_client_that_goes_stops_the_fetching() -> None:
    scene = open_scene()

    async def main() -> None:
        async with (
            origin(lambda _: answer(b"x" * 100), hang=True) as (port, heads),
            served(scene) as (host, at),
            calling(host, at) as client,
        ):
            asking = asyncio.create_task(client.post("/v1/jobs", json={"url": f"http://127.0.0.1:{port}/a"}))
            await until(lambda: bool(heads) and bool(scene.reception.uploads))
            asking.cancel()
            await until(lambda: not scene.reception.uploads)
            await until(lambda: not scene.app.state.fetches.locked())

    asyncio.run(main())
    assert not scene.reception.received


def test_fetches_are_counted() -> None:
    scene = open_scene(max_fetches=1)

    async def main() -> None:
        async with (
            origin(lambda _: answer(b"x"), hang=True) as (port, heads),
            scene.client(timeout=60) as client,
        ):
            sent = {"url": f"http://127.0.0.1:{port}/a"}
            asking = asyncio.create_task(client.post("/v1/jobs", json=sent))
            await until(lambda: bool(heads))
            refused = await client.post("/v1/jobs", json=sent)
            assert (refused.status_code, refused.json()["code"]) == (429, "too_many_sessions")
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    asyncio.run(main())


@pytest.mark.parametrize("url", ["http://127.0.0.1/hook", "ftp://example.com/", "http://user@example.com/"])
def test_a_callback_goes_by_the_same_rules(url: str) -> None:
    scene = Scene()

    async def main() -> None:
        async with scene.client() as client:
            response = await client.post(
                "/v1/jobs", files={"file": ("a.wav", b"x")}, data={"callback_url": url}
            )
            assert (response.status_code, response.json()["code"]) == (400, "url_refused")

    asyncio.run(main())
    assert not scene.reception.received
