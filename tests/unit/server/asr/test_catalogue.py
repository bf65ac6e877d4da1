"""Every message of the catalogue over the door: those of clients are answered, the server's are sent."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import jsonschema_rs
import pytest
from docs.generating.asr import CHANNEL
from tests.unit.server.asr.scripted import Line, Scene, scene

from parley.errors import RecognitionFailed
from parley.speech.live import Done, Final, Level, Partial, Received, Trouble, Voice
from parley.wire.catalogue import Direction, Entry
from parley.wire.schema import schema
from parley.wire.speech.asr_catalogue import ASR

SCHEMA = schema(ASR)
OF_CLIENT = pytest.mark.parametrize("entry", ASR.of(Direction.CLIENT), ids=lambda entry: entry.type)
OF_SERVER = pytest.mark.parametrize("entry", ASR.of(Direction.SERVER), ids=lambda entry: entry.type)
TOLD = {
    "vad": Voice(status="speech_start", time=0.5),
    "partial": Partial(utterance=0, start=0.5, text="good", stable_chars=2),
    "final": Final(utterance=0, start=0.5, end=1.0, text="good"),
    "ack": Received(received_samples=0, lag_ms=3),
    "level": Level(dbfs=-20.0),
    "done": Done(utterances=1, audio_seconds=1.0),
    "error": Trouble(error=RecognitionFailed("It was lost."), utterance=0),
}
ASKED = {"pong": "ping", "auth_success": "auth", "ready": "start"}


def example(entry: Entry) -> dict[str, Any]:
    return json.loads(json.dumps(entry.example, default=dict))


def judge(message: dict[str, Any], kind: str) -> None:
    jsonschema_rs.validate(SCHEMA | {"anyOf": [{"$ref": f"#/$defs/server.{kind}"}]}, message)


async def heard(line: Line, kinds: set[str]) -> dict[str, Any]:
    """The next message of one of these kinds."""
    async with asyncio.timeout(60):
        while not (found := [message for message in line.heard if message["type"] in kinds]):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    return found[0]


async def opened(here: Scene, entry: Entry) -> Line:
    """A line with a session on it, unless the message begins one."""
    line = here.line()
    if entry.type != "start":
        line.send("start")
        await line.expect("ready")
    return line


@OF_CLIENT
def test_a_message_of_a_client_has_one_of_its_answers(entry: Entry) -> None:
    async def main() -> None:
        async with scene() as here:
            line = await opened(here, entry)
            line.send(entry.type, **example(entry))
            if entry.type in ("finalize", "stop"):
                async with asyncio.timeout(60):
                    while not here.room.sessions[0].calls:  # noqa: ASYNC110
                        await asyncio.sleep(0.005)
                here.room.sessions[0].tell(TOLD["final"])
            message = await heard(line, set(CHANNEL.answers[entry.type]))
            judge(message, message["type"])
            assert message["type"] != "error", message

    asyncio.run(main())


@OF_SERVER
def test_a_message_of_the_server_is_sent_as_it_is_described(entry: Entry) -> None:
    async def main() -> None:
        users = ("anna",) if entry.type == "auth_required" else ()
        async with scene(*users) as here:
            line = here.line()
            if not users:
                line.send(ASKED.get(entry.type, "start"), token="anna")
            if entry.type in TOLD:
                await line.expect("ready")
                here.room.sessions[0].tell(TOLD[entry.type])
            message = await heard(line, {entry.type})
            judge(message, entry.type)
            assert set(message["data"]) == set(entry.model.model_fields)

    asyncio.run(main())


def test_every_message_of_the_server_was_asked_for() -> None:
    assert {entry.type for entry in ASR.of(Direction.SERVER)} == {*TOLD, *ASKED, "auth_required"}
