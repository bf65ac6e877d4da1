"""The door of conversations on a real socket, and the client library in front of it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route
from websockets.asyncio.client import connect

from parley.assistant.events import (
    AnswerText,
    Farewell,
    PlaybackOrder,
    State,
    StateChanged,
    Trouble,
    UserText,
)
from parley.client import AnswerSound, AsyncClient, Client, ConversationEvent
from parley.client.conversation import AsyncConversation
from parley.errors import InvalidOption, LanguageModelBusy, SessionIdle, TooManySessions
from parley.server.dispatch import Dispatch
from parley.server.gate import Gate, GateOptions
from parley.server.http_wire import BoundedHttp
from parley.server.native.behind import NativeOptions
from parley.server.native.door import native_door
from parley.server.pace import Pace
from parley.server.socket.wire_options import WireOptions
from parley.server.socket.wire_protocol import wire_protocol
from parley.wire.speech.assistant_server import (
    AssistantProblem,
    AssistantReady,
    PlaybackControl,
    StateShown,
    UserTranscript,
)
from tests.integration.server.scripted import ScriptedDesk, ScriptedReception, _page
from tests.unit.server.assistant.scripted import Scene, ScriptedSession, audio_of, until


class Served(Scene):
    """The scripted room behind the socket of a server."""

    def __init__(self, wire: WireOptions | None = None, **how: Any) -> None:
        super().__init__(**how)
        self.wire = wire or WireOptions()
        self.port = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @asynccontextmanager
    async def serve(self) -> AsyncGenerator[Served]:
        desk = ScriptedDesk()
        native = native_door(
            desk, ScriptedReception(desk), self.authority, NativeOptions(), Pace(0), self.guests
        )
        pages = Starlette(routes=[Route("/{path:path}", _page)])
        config = uvicorn.Config(
            Gate(Dispatch(pages, {"/assistant": self.door}, native), GateOptions(), Pace(0)),
            http=BoundedHttp,
            ws=wire_protocol(self.wire),
            lifespan="off",
            log_config=None,
            timeout_graceful_shutdown=10,
        )
        config.load()
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server._serve([listener]))
        try:
            await until(lambda: server.started)
            yield self
        finally:
            server.should_exit = True
            await serving
            listener.close()
        assert self.guests.total == 0
        assert len(self.door.behind.lines) == 0

    @asynccontextmanager
    async def conversation(self, **options: Any) -> AsyncGenerator[tuple[AsyncConversation, ScriptedSession]]:
        async with AsyncClient(self.address) as client, client.converse(**options) as talk:
            yield talk, self.room.sessions[-1]


async def some(talk: AsyncConversation, count: int) -> list[ConversationEvent]:
    async with asyncio.timeout(60):
        return [await anext(talk) for _ in range(count)]


def test_a_conversation_from_python() -> None:
    async def main() -> None:
        async with Served().serve() as here, here.conversation(language="en", voice="x/y") as (talk, session):
            assert (session.wish.language, session.wish.voice) == ("en", "x/y")
            assert talk.facts.conversation_id == "conversation-0-0"
            await talk.send(bytes(100_000))
            await talk.finalize()
            await talk.say("你好")
            await talk.interrupt()
            expected = ["finalize", "say 你好", "interrupt"]
            await until(lambda: session.calls == expected and session.received_samples == 50_000)
            with pytest.raises(InvalidOption):
                await talk.say("")
            sound = audio_of(0.1, text="Yes.")
            session.tell(
                UserText(turn=1, revision=0, text="hello", is_final=True),
                Trouble(error=LanguageModelBusy("It is busy.")),
                PlaybackOrder(turn=0, action="resume", from_sample=7),
                sound,
            )
            events = await some(talk, 4)
            assert StateShown(state="Idle") in events
            assert PlaybackControl(turn=0, action="resume", from_sample=7) in events
            [said] = [event for event in events if isinstance(event, UserTranscript)]
            assert said.final_text == "hello"
            [trouble] = [event for event in events if isinstance(event, AssistantProblem)]
            assert (trouble.code, trouble.fatal) == ("llm_busy", False)
            [heard] = await some(talk, 1)
            assert heard == AnswerSound(turn=1, sample_rate=16000, first_sample=0, pcm=sound.pcm, text="Yes.")
            await talk.played(1, 800)
            await until(lambda: session.calls[-1] == "played 800 of 1")
            await talk.reset()
            [ready] = await some(talk, 1)
            assert isinstance(ready, AssistantReady)
            assert talk.facts.conversation_id == ready.conversation_id == "conversation-0-1"
            await talk.stop()
            await until(lambda: session.calls[-1] == "stop")
            session.tell(Farewell())
            assert await talk.next() is None
            assert await talk.next() is None

    asyncio.run(main())


def test_a_lost_line_is_opened_again() -> None:
    async def main() -> None:
        async with Served().serve() as here, here.conversation() as (talk, session):
            await some(talk, 1)
            session.state = State.SPEAKING
            # The server drops the line, as a proxy that starts again does.
            line = next(iter(here.door.behind.lines._holders.values()))
            line.line.wire.abort()  # type: ignore[attr-defined]
            await until(lambda: session.calls == ["leave", "resume"])
            assert await some(talk, 1) == [StateShown(state="Speaking")]
            await talk.interrupt()
            await until(lambda: session.calls[-1] == "interrupt")

    asyncio.run(main())


def test_what_ends_a_conversation_is_raised_everywhere() -> None:
    async def main() -> None:
        async with Served().serve() as here:
            async with here.conversation() as (talk, session):
                await some(talk, 1)
                session.tell(Farewell(error=SessionIdle("Nobody said anything.")))
                with pytest.raises(SessionIdle):
                    await talk.next()
                with pytest.raises(SessionIdle):
                    await talk.send(bytes(2))
            here.room.refusal = TooManySessions("Full.")
            with pytest.raises(TooManySessions):
                async with here.conversation():
                    pass
            with pytest.raises(InvalidOption):
                async with here.conversation(speed=9.0):
                    pass

    asyncio.run(main())


def test_leaving_ends_the_conversation() -> None:
    async def main() -> None:
        async with Served().serve() as here:
            async with here.conversation() as (_, session):
                pass
            await until(lambda: "stop" in session.calls)

    asyncio.run(main())


def test_the_plain_client_converses_too() -> None:
    def talk_plainly(address: str) -> list[ConversationEvent]:
        with Client(address) as client, client.converse(hands_free=False) as talk:
            assert talk.facts.parrot
            talk.say("hello")
            talk.stop()
            return list(talk)

    async def main() -> None:
        async with Served().serve() as here:
            talking = asyncio.create_task(asyncio.to_thread(talk_plainly, here.address))
            await until(lambda: bool(here.room.sessions) and here.room.sessions[0].calls[-1:] == ["stop"])
            here.room.sessions[0].tell(
                AnswerText(turn=1, revision=0, content="Hi.", is_complete=True), Farewell()
            )
            kinds = [type(event).__name__ for event in await talking]
            assert kinds == ["StateShown", "AssistantResponse"]

    asyncio.run(main())


def test_a_pause_arrives_though_seconds_of_audio_wait() -> None:
    async def main() -> None:
        async with AsyncExitStack() as stack:
            here = await stack.enter_async_context(Served(ahead_s=1.0).serve())
            url = f"ws://{here.address}/assistant"
            async with connect(url, compression=None) as line:
                await line.send('{"type": "start"}')
                await until(lambda: bool(here.room.sessions) and here.room.sessions[0].is_heard)
                session = here.room.sessions[0]
                await line.send('{"type": "played", "data": {"turn": 0, "samples": 0}}')
                await until(lambda: bool(session.calls))
                session.tell(StateChanged(state=State.SPEAKING), audio_of(20.0))
                await until(lambda: session.is_heard)
                session.tell(PlaybackOrder(turn=1, action="pause"))
                samples = 0
                async with asyncio.timeout(60):
                    async for frame in line:
                        if isinstance(frame, bytes):
                            samples += len(frame) // 2
                        elif json.loads(frame)["type"] == "voice_assistant:playback":
                            break
                assert samples <= 1.2 * 16000

    asyncio.run(main())


def test_a_client_that_takes_nothing_loses_its_line_and_not_its_conversation() -> None:
    async def main() -> None:
        wire = WireOptions(send_timeout_s=0.5)
        async with Served(wire).serve() as here:
            url = f"ws://{here.address}/assistant"
            async with connect(url, compression=None, close_timeout=0.5) as line:
                await line.send('{"type": "start"}')
                await until(lambda: bool(here.room.sessions) and here.room.sessions[0].is_heard)
                session = here.room.sessions[0]
                line.transport.pause_reading()
                for turn in range(1, 200):
                    long = AnswerText(turn=turn, revision=0, content="x" * 100_000, is_complete=True)
                    session.tell(long)
                await until(lambda: session.calls == ["leave"])

    asyncio.run(main())
