"""Which door a connection is handed to."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from parley.server.dispatch import Dispatch


def handed_to(**scope: Any) -> str:
    """The door that was called."""
    called: list[str] = []

    def door(name: str) -> Any:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            called.append(name)

        return serve

    dispatch = Dispatch(door("pages"), {"/asr": door("asr"), "/funasr": door("funasr")}, door("native"))
    dispatch.give_port(8765, "/asr")
    dispatch.give_port(10095, "/funasr")
    asyncio.run(dispatch(scope, None, None))  # type: ignore[arg-type]
    [name] = called
    return name


@pytest.mark.parametrize(
    ("path", "door"),
    [
        ("/", "native"),
        ("", "native"),
        ("/asr", "asr"),
        ("/asr/", "asr"),
        ("/funasr", "funasr"),
        ("/funasr/", "funasr"),
        ("/asr/more", "native"),
        ("/ASR", "native"),
        ("/v1/asr", "native"),
    ],
)
def test_a_handshake_goes_by_its_path(path: str, door: str) -> None:
    assert handed_to(type="websocket", path=path, server=("127.0.0.1", 8767)) == door
    assert handed_to(type="websocket", path=path) == door
    behind = {"type": "websocket", "path": "/speech" + path, "root_path": "/speech"}
    assert handed_to(**behind, server=("::1", 8767, 0, 0)[:2]) == door


@pytest.mark.parametrize("path", ["/", "/asr", "/funasr", "/anything"])
def test_a_port_of_its_own_has_one_door(path: str) -> None:
    assert handed_to(type="websocket", path=path, server=("127.0.0.1", 8765)) == "asr"
    assert handed_to(type="websocket", path=path, server=("127.0.0.1", 10095)) == "funasr"


@pytest.mark.parametrize("port", [8767, 8765, 10095])
def test_pages_are_on_every_port(port: int) -> None:
    assert handed_to(type="http", path="/asr", server=("127.0.0.1", port)) == "pages"
