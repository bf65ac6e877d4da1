"""Conversations through the installed server with language models that misbehave: whatever happens, the user
is told, and the conversation goes on.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.e2e.command import Parley
from tests.e2e.conversing import Talker, conversation
from tests.e2e.serving import Served
from tests.e2e.test_conversation import nothing_is_left, quick
from tests.integration.assistant.misbehaving import (
    HANG,
    STREAM,
    Script,
    Server,
    chunk,
    end,
    refusal,
    whole,
)

pytest.importorskip("espeakng_loader", reason="the extra 'espeak' is not installed")
pytestmark = pytest.mark.slow

KEY = "sk-only-for-that-server"
SAID = "Something confidential."
GOOD = whole("Yes.")

PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html>It works!</html>"
TOOL = chunk(
    {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "weather", "arguments": '{"at": "home"}'}}]}
)
CASES: dict[str, tuple[Script, str, str]] = {
    "a wrong key": (refusal(401), "llm_refused", "LLM_API_KEY"),
    "too many requests": (refusal(429, retry_after="600"), "llm_busy", "600 seconds"),
    "a broken server": (refusal(500), "llm_failed", "failed"),
    "something else at that address": ((PAGE,), "llm_failed", "is no answer"),
    "no answer": ((HANG,), "llm_timeout", "in time"),
    "an answer that never begins": ((STREAM, HANG), "llm_timeout", "in time"),
    "an answer that never ends": ((STREAM, "Well, you know. And then", HANG), "llm_timeout", "in time"),
    "a line that breaks": ((STREAM, "Well, you know. And then"), "llm_failed", "broke off"),
    "a broken stream": ((STREAM, "Well, you know. And", b"data: {]\n\n"), "llm_failed", "is no answer"),
    "a tool": ((STREAM, TOOL, end("tool_calls")), "llm_failed", "asked for a tool"),
    "nothing": (whole(), "llm_failed", "empty answer"),
}
"""What the server does, the error that follows, and words of its sentence."""


@asynccontextmanager
async def answering(model: Server, reserved: socket.socket) -> AsyncIterator[None]:
    """From now on somebody answers at the address that was kept."""
    async with await asyncio.start_server(model.serve, sock=reserved):
        yield


def impatient(parley: Parley, reserved: socket.socket) -> Served:
    host, port = reserved.getsockname()
    parley.settings |= {"LLM_API_KEY": KEY, "PARLEY_SERVER__LOG_LEVEL": "debug"}
    return quick(
        parley,
        ASSISTANT__LLM_BASE_URL=f"http://{host}:{port}/v1",
        ASSISTANT__LLM_MODEL="scripted",
        ASSISTANT__FIRST_TOKEN_S="3",
        ASSISTANT__BETWEEN_TOKENS_S="3",
        ASSISTANT__RETRIES="1",
    )


async def fails(talker: Talker, code: str, says: str) -> None:
    """A turn that ends with an error, which is told before the state that follows."""
    begun = len(talker.heard)
    await talker.send("text", text=SAID)
    await talker.until("turn_metrics", after=begun)
    await talker.reaches("Listening", begun)
    [error] = talker.told("error", begun)
    assert error["code"] == code and not error["fatal"], error
    assert says in error["message"] and error["message"].endswith(".")
    assert not any(secret in error["message"] for secret in (KEY, "sk-secret", SAID, "127.0.0.1"))
    states = [data["state"] for data in talker.told("state_changed", begun)]
    assert states in (["Thinking", "Idle", "Listening"], ["Thinking", "Speaking", "Idle", "Listening"])
    heard = talker.heard[begun:]
    told = next(at for at, message in enumerate(heard) if message["type"] == "voice_assistant:error")
    assert told < next(at for at, message in enumerate(heard) if message["data"] == {"state": "Idle"})
    assert "Well, you know. And then".startswith(talker.told("assistant_response", begun)[-1]["content"])


async def works(talker: Talker) -> None:
    """A turn as it should be."""
    begun = len(talker.heard)
    await talker.send("text", text="And now?")
    await talker.until("turn_metrics", after=begun)
    await talker.reaches("Listening", begun)
    assert talker.told("assistant_response", begun)[-1]["content"] == "Yes."
    assert not talker.told("error", begun)
    assert [data["state"] for data in talker.told("state_changed", begun)] == [
        "Thinking",
        "Speaking",
        "Listening",
    ]


def test_whatever_the_language_model_does_is_told_and_the_next_turn_works(parley: Parley) -> None:
    reserved = socket.socket()
    reserved.bind(("127.0.0.1", 0))
    served = impatient(parley, reserved)
    model = Server([GOOD])

    async def main() -> None:
        async with conversation(served.socket_url, language="en") as talker:
            ready = await talker.until("ready")
            assert (ready["model"], ready["parrot"]) == ("scripted", False)
            await talker.reaches("Listening")
            await fails(talker, "llm_unreachable", "Nobody answers")
            async with answering(model, reserved):
                await works(talker)
                for script, code, says in CASES.values():
                    model.scripts = [script]
                    await fails(talker, code, says)
                    model.scripts = [GOOD]
                    await works(talker)
                model.scripts = [(STREAM, 1.0, "Ye", 1.0, "s.", end())]
                await works(talker)
                model.requests.clear()
                model.scripts = [refusal(503), GOOD]
                await works(talker)
                assert len(model.requests) == 2
            await talker.stop()

    asyncio.run(main())
    nothing_is_left(served)
    assert served.stop() == 0
    log = "\n".join(served.lines)
    assert "Traceback" not in log
    assert not any(secret in log for secret in (KEY, "sk-secret", SAID, "And now?", "Well, you know"))
