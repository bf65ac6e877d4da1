"""Every message of the catalogue over the door: those of clients are answered, the server's are sent."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import jsonschema_rs
import pytest
from docs.generating.tts import CHANNEL
from tests.unit.server.tts.scripted import Line, Scene, scene

from parley.wire.catalogue import Direction, Entry
from parley.wire.schema import schema
from parley.wire.speech.tts_catalogue import TTS

SCHEMA = schema(TTS)
OF_CLIENT = pytest.mark.parametrize("entry", TTS.of(Direction.CLIENT), ids=lambda entry: entry.type)
OF_SERVER = pytest.mark.parametrize("entry", TTS.of(Direction.SERVER), ids=lambda entry: entry.type)
ASKED = {
    "auth_success": "auth",
    "started": "synthesize",
    "sentence": "synthesize",
    "done": "synthesize",
    "cancelled": "cancel",
    "voices": "voices",
    "pong": "ping",
    "error": "end",
}
EXAMPLES = {entry.type: entry.example for entry in TTS.of(Direction.CLIENT)}


def example(kind: str) -> dict[str, Any]:
    return json.loads(json.dumps(EXAMPLES[kind], default=dict))


def judge(message: dict[str, Any], kind: str) -> None:
    jsonschema_rs.validate(SCHEMA | {"anyOf": [{"$ref": f"#/$defs/server.{kind}"}]}, message)


async def next_of(line: Line, kinds: set[str]) -> dict[str, Any]:
    while (message := await line.message())["type"] not in kinds:
        pass
    return message


async def opened(here: Scene, kind: str) -> Line:
    """A line with a request open that the message is about."""
    line = here.line()
    if kind in ("text", "flush", "end", "cancel"):
        line.send("start", **example("start"))
        await line.expect("started")
        if kind != "text":
            line.send("text", **example("text"))
    return line


@OF_CLIENT
def test_a_message_of_a_client_has_one_of_its_answers(entry: Entry) -> None:
    async def main() -> None:
        async with scene() as here:
            line = await opened(here, entry.type)
            line.send(entry.type, **example(entry.type))
            if entry.type == "text":
                line.send("flush", request_id=entry.example["request_id"])
            message = await next_of(line, set(CHANNEL.answers[entry.type]))
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
                asked = ASKED[entry.type]
                line = await opened(here, asked) if entry.type != "error" else line
                line.send(asked, **example(asked))
            message = await next_of(line, {entry.type})
            judge(message, entry.type)
            assert set(message["data"]) == set(entry.model.model_fields)

    asyncio.run(main())


def test_every_message_of_the_server_was_asked_for() -> None:
    assert {entry.type for entry in TTS.of(Direction.SERVER)} == {*ASKED, "auth_required"}
