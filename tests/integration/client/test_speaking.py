"""The library against the door of voices: a line that breaks, a text that breaks, a server that refuses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from parley.client import AsyncClient, Sentence, SpeechBegun, Spoken, SpokenAudio
from parley.errors import AuthFailed, InvalidOption, ServerUnreachable, VoicesBusy

Talk = Callable[[ServerConnection], Awaitable[None]]


async def say(line: ServerConnection, kind: str, **data: Any) -> None:
    stamp = "2025-06-01T08:30:00+00:00"
    await line.send(json.dumps({"type": kind, "data": data, "timestamp": stamp}))


@asynccontextmanager
async def server(talk: Talk) -> AsyncGenerator[AsyncClient]:
    async with serve(talk, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        yield AsyncClient(f"127.0.0.1:{port}", "token")


async def begin(line: ServerConnection) -> None:
    await say(line, "started", request_id="1", voice="tone/low", sample_rate=8000)
    await say(line, "sentence", request_id="1", index=0, text="One.", first_sample=0, samples=2)
    await line.send(b"\1\0\2\0")


def test_a_text_in_pieces_is_sent_as_it_comes_and_speech_comes_back() -> None:
    heard: list[dict[str, Any]] = []

    async def talk(line: ServerConnection) -> None:
        assert line.request is not None
        assert line.request.headers["Authorization"] == "Bearer token"
        assert line.request.path == "/tts"
        while not heard or heard[-1]["type"] != "end":
            heard.append(json.loads(await line.recv()))
        await begin(line)
        await say(line, "done", request_id="1", samples=2, first_audio_ms=3, rtf=0.5)
        await line.wait_closed()

    async def main() -> None:
        async with server(talk) as client:
            events = [event async for event in client.speak(["One", ". ", "x" * 5000], speed=2.0)]
        assert events == [
            SpeechBegun(voice="tone/low", sample_rate_hz=8000),
            Sentence(index=0, text="One.", first_sample=0, samples=2),
            SpokenAudio(pcm=b"\1\0\2\0"),
            Spoken(samples=2, first_audio_ms=3, rtf=0.5),
        ]
        assert [message["type"] for message in heard] == ["start", *["text"] * 4, "end"]
        assert heard[0]["data"]["speed"] == 2.0
        said = "".join(message["data"]["text"] for message in heard[1:-1])
        assert said == "One. " + "x" * 5000

    asyncio.run(main())


@pytest.mark.parametrize(
    ("code", "kind"), [("voices_busy", VoicesBusy), ("auth_failed", AuthFailed), ("unheard_of", Exception)]
)
def test_what_the_server_refuses_is_raised(code: str, kind: type[Exception]) -> None:
    async def talk(line: ServerConnection) -> None:
        await line.recv()
        await say(line, "error", request_id="1", error=code, message="No.", fatal=False, retry_after=None)
        await line.wait_closed()

    async def main() -> None:
        async with server(talk) as client:
            with pytest.raises(kind, match="No"):
                async for _ in client.speak("One."):
                    pass

    asyncio.run(main())


def test_a_line_that_breaks_in_the_middle_is_told() -> None:
    async def talk(line: ServerConnection) -> None:
        await line.recv()
        await begin(line)
        line.transport.abort()

    async def main() -> None:
        heard: list[object] = []
        async with server(talk) as client:
            with pytest.raises(ServerUnreachable):
                async for event in client.speak("One."):
                    heard.append(event)  # noqa: PERF401 - what came before the break counts
        assert isinstance(heard[-1], SpokenAudio)

    asyncio.run(main())


def test_a_text_that_breaks_is_raised_and_the_line_is_left() -> None:
    left = asyncio.Event()

    async def talk(line: ServerConnection) -> None:
        await line.wait_closed()
        left.set()

    def broken() -> Iterator[str]:
        yield "One."
        raise ValueError("the model broke off")

    async def main() -> None:
        async with server(talk) as client:
            with pytest.raises(ValueError, match="broke off"):
                async for _ in client.speak(broken()):
                    pass
            async with asyncio.timeout(60):
                await left.wait()

    asyncio.run(main())


def test_an_option_that_means_nothing_is_refused_before_anything_is_sent() -> None:
    async def main() -> None:
        client = AsyncClient("127.0.0.1:9")
        for wrong in ({"speed": 9.0}, {"pitch": 1}):
            with pytest.raises(InvalidOption):
                async for _ in client.speak("One.", **wrong):  # type: ignore[misc]
                    pass

    asyncio.run(main())


def test_whoever_stops_iterating_leaves_the_line() -> None:
    async def main() -> None:
        left = asyncio.Event()

        async def talk(line: ServerConnection) -> None:
            await line.recv()
            await begin(line)
            await line.wait_closed()
            left.set()

        async with server(talk) as client:
            events = client.speak("One. " * 100)
            assert isinstance(await anext(events), SpeechBegun)
            await events.aclose()
            async with asyncio.timeout(60):
                await left.wait()

    asyncio.run(main())
