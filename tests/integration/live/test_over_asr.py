"""A real recording over `/asr`: the house with its workers, a real socket, users with tokens."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import uvicorn
from websockets.asyncio.client import ClientConnection, connect

from parley.app.house import House, open_house
from parley.app.options import wire_options
from parley.server.authority import Authority, AuthorityOptions
from parley.server.http_wire import BoundedHttp
from parley.server.socket.wire_protocol import wire_protocol
from parley.settings import load_settings

RECORDING = "librispeech/test-other/1688-142285-0000.flac"
PIECE = 3200


@asynccontextmanager
async def served(folder: Path) -> AsyncGenerator[tuple[House, str, str]]:
    """A house that asks who calls, the address of its `/asr`, and that of a port for it alone."""
    # However late the start of a worker makes the first session, the next one is let in.
    live = {"workers": 1, "max_lag_ms": 600_000}
    settings = load_settings(data_dir=folder / "data", profile="embedded", auth={"enabled": True}, live=live)
    async with open_house(settings, notice=lambda sentence: None) as house:
        config = uvicorn.Config(
            house.application,
            http=BoundedHttp,
            ws=wire_protocol(wire_options(settings)),
            lifespan="off",
            log_config=None,
            timeout_graceful_shutdown=10,
        )
        config.load()
        server = uvicorn.Server(config)
        sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        main, extra = (f"ws://127.0.0.1:{listener.getsockname()[1]}" for listener in sockets)
        house.dispatch.give_port(sockets[1].getsockname()[1], "/asr")
        serving = asyncio.create_task(server._serve(sockets))
        try:
            async with asyncio.timeout(60):
                while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
                    await asyncio.sleep(0.01)
            yield house, main + "/asr", extra
        finally:
            await house.drain()
            server.should_exit = True
            await serving


async def hear(line: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(120):
        return json.loads(await line.recv())


async def until(line: ClientConnection, kind: str) -> list[dict[str, Any]]:
    """Everything up to the first message of a kind."""
    heard = [await hear(line)]
    while heard[-1]["type"] != kind:
        assert heard[-1]["type"] != "error", heard[-1]
        heard.append(await hear(line))
    return heard


async def begin(line: ClientConnection, **start: Any) -> dict[str, Any]:
    await line.send(json.dumps({"type": "start", "data": start}))
    return (await until(line, "ready"))[-1]["data"]


def finals(heard: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [message["data"] for message in heard if message["type"] == "final"]


def text_of(told: list[dict[str, Any]]) -> str:
    return re.sub(r"[^a-z ]", "", " ".join(final["text"] for final in told).lower())


def check(heard: list[dict[str, Any]]) -> None:
    """What holds for the messages of every session."""
    told = finals(heard)
    assert [final["utterance"] for final in told] == list(range(len(told)))
    partial = {message["data"]["utterance"] for message in heard if message["type"] == "partial"}
    assert partial <= {final["utterance"] for final in told}
    over: set[int] = set()
    for message in heard:
        if message["type"] == "final":
            over.add(message["data"]["utterance"])
        if message["type"] == "partial":
            assert message["data"]["utterance"] not in over
    acks = [message["data"]["received_samples"] for message in heard if message["type"] == "ack"]
    assert acks == sorted(acks)


async def whole(address: str, pcm: bytes, **start: Any) -> list[dict[str, Any]]:
    """The recording in one session on one line."""
    async with connect(address) as line:
        await begin(line, **start)
        for first in range(0, len(pcm), PIECE):
            await line.send(pcm[first : first + PIECE])
        await line.send('{"type": "stop"}')
        heard = await until(line, "done")
        await line.wait_closed()
        assert line.close_code == 1000
        return heard


async def in_two_lines(address: str, pcm: bytes, **start: Any) -> list[dict[str, Any]]:
    """The same, over a line that breaks in the middle of a sample."""
    async with connect(address) as line:
        ready = await begin(line, **start)
        half = len(pcm) // 4 * 2
        await line.send(pcm[: half + 1])
        heard = await until(line, "ack")
        while heard[-1]["data"]["received_samples"] < half // 2:
            heard += await until(line, "ack")
        line.transport.abort()
    last = max((final["utterance"] for final in finals(heard)), default=-1)
    async with connect(address) as line:
        again = await begin(line, resume_token=ready["resume_token"], have_utterance=last)
        assert again == {**ready, "received_samples": half // 2}
        await line.send(pcm[half:])
        await line.send('{"type": "stop"}')
        return heard + await until(line, "done")


async def refused(address: str, **start: Any) -> dict[str, Any]:
    async with connect(address) as line:
        if start:
            await line.send(json.dumps({"type": "start", "data": start}))
        while (message := await hear(line))["type"] != "error":
            assert message["type"] == "auth_success"
        return message["data"]


def test_a_recording_is_heard_as_a_whole_and_over_a_line_that_breaks(
    tmp_path: Path, audio: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PARLEY_CONFIG", raising=False)
    samples, rate = soundfile.read(audio / RECORDING, dtype="int16")
    assert rate == 16000
    pcm = np.concatenate([samples, np.zeros(16000, np.int16)]).astype("<i2").tobytes()

    async def main() -> None:
        async with served(tmp_path) as (house, address, extra):
            authority = Authority.open(tmp_path / "data", AuthorityOptions(enabled=True))
            anna, bert = (f"?token={authority.mint(user, 600)}" for user in ("anna", "bert"))
            alone = await whole(address + anna, pcm)
            check(alone)
            # On a line that breaks some may not arrive: they are told once.
            statuses = [message["data"]["status"] for message in alone if message["type"] == "vad"]
            assert statuses == ["speech_start", "speech_end"] * (len(statuses) // 2)
            assert "iron" in text_of(finals(alone))
            assert alone[-1]["data"]["audio_seconds"] == round(len(pcm) / 32000, 3)

            check(await in_two_lines(address + anna, pcm))

            # How many partials there are depends on load; without them the finals are the same.
            quiet = await whole(address + anna, pcm, partials=False)
            broken = await in_two_lines(extra + "/" + anna, pcm, partials=False)
            check(broken)
            assert finals(broken) == finals(quiet)
            assert broken[-1] | {"timestamp": ""} == quiet[-1] | {"timestamp": ""}
            assert not [message for message in quiet + broken if message["type"] == "partial"]

            async with connect(address + anna) as line:
                token = (await begin(line))["resume_token"]
                assert (await refused(address + bert, resume_token=token))["error"] == "session_not_found"
            assert (await refused(address + "?token=nonsense"))["error"] == "auth_failed"
            stats = house.live.stats()
            assert (stats.opened, stats.refused) == (5, 0)

    asyncio.run(main())
