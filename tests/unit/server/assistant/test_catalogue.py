"""Every message of the catalogue over the door: those of clients are answered, the server's are sent."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import jsonschema_rs
import pytest
from docs.generating.assistant import CHANNEL
from tests.unit.server.assistant.scripted import Line, Scene, audio_of, scene, until

from parley.assistant.events import (
    AnswerText,
    AssistantEvent,
    Farewell,
    Heard,
    Loudness,
    Playback,
    PlaybackOrder,
    State,
    StateChanged,
    Trouble,
    TurnMetrics,
    UserText,
)
from parley.errors import LanguageModelSilent
from parley.wire.catalogue import Direction, Entry
from parley.wire.schema import schema
from parley.wire.speech.assistant_catalogue import ASSISTANT

SCHEMA = schema(ASSISTANT)
OF_CLIENT = pytest.mark.parametrize("entry", ASSISTANT.of(Direction.CLIENT), ids=lambda entry: entry.type)
OF_SERVER = pytest.mark.parametrize("entry", ASSISTANT.of(Direction.SERVER), ids=lambda entry: entry.type)
EVENT = "voice_assistant"
METRICS = TurnMetrics(
    turn=1,
    endpoint_ms=600,
    asr_final_ms=700,
    llm_first_token_ms=None,
    first_sentence_ms=None,
    tts_first_audio_ms=None,
    first_audio_sent_ms=None,
    interrupted=True,
)
TOLD: dict[str, AssistantEvent] = {
    f"{EVENT}:state_changed": StateChanged(state=State.THINKING),
    f"{EVENT}:user_transcript": UserText(turn=1, revision=0, text="good", is_final=True, confidence=0.9),
    f"{EVENT}:assistant_response": AnswerText(turn=1, revision=0, content="Yes.", is_complete=True),
    f"{EVENT}:audio_level": Loudness(level=0.5),
    f"{EVENT}:vad_status": Heard(status="speech_end"),
    f"{EVENT}:playback_started": Playback(turn=1, status="started"),
    f"{EVENT}:playback_ended": Playback(turn=1, status="ended"),
    f"{EVENT}:playback": PlaybackOrder(turn=1, action="pause"),
    f"{EVENT}:turn_metrics": METRICS,
    f"{EVENT}:error": Trouble(error=LanguageModelSilent("It took too long; say it again.")),
    "audio": audio_of(0.05, text="Yes."),
    "bye": Farewell(),
}
ASKED = {"pong": "ping", "auth_success": "auth", "ready": "start"}
ANSWERS: dict[str, AssistantEvent] = {
    "finalize": TOLD[f"{EVENT}:user_transcript"],
    "text": TOLD[f"{EVENT}:user_transcript"],
    "interrupt": TOLD[f"{EVENT}:playback"],
    "played": TOLD[f"{EVENT}:playback_ended"],
    "stop": Farewell(),
}
"""What a conversation tells when it is asked so."""


def example(entry: Entry) -> dict[str, Any]:
    return json.loads(json.dumps(entry.example, default=dict))


def judge(message: dict[str, Any]) -> None:
    jsonschema_rs.validate(SCHEMA | {"anyOf": [{"$ref": f"#/$defs/server.{message['type']}"}]}, message)


async def heard(line: Line, kinds: set[str], after: int = 0) -> dict[str, Any]:
    """The next message of one of these kinds."""
    await until(lambda: any(message["type"] in kinds for message in line.heard[after:]))
    return next(message for message in line.heard[after:] if message["type"] in kinds)


async def opened(here: Scene, entry: Entry) -> Line:
    """A line with a conversation on it, unless the message begins one."""
    return here.line() if entry.type == "start" else (await here.begun())[0]


@OF_CLIENT
def test_a_message_of_a_client_has_one_of_its_answers(entry: Entry) -> None:
    async def main() -> None:
        async with scene() as here:
            line = await opened(here, entry)
            before = len(line.heard)
            line.send(entry.type, **example(entry))
            if entry.type in ANSWERS:
                await until(lambda: bool(here.room.sessions[0].calls))
                here.room.sessions[0].tell(ANSWERS[entry.type])
            message = await heard(line, set(CHANNEL.answers[entry.type]), before)
            judge(message)
            assert message["type"] != f"{EVENT}:error", message

    asyncio.run(main())


@OF_SERVER
def test_a_message_of_the_server_is_sent_as_it_is_described(entry: Entry) -> None:
    async def main() -> None:
        users = ("anna",) if entry.type == "auth_required" else ()
        async with scene(*users) as here:
            line = here.line()
            if not users:
                line.send(ASKED.get(entry.type, "start"), token="anna")
            before = 0
            if entry.type in TOLD:
                await line.expect("ready")
                await line.expect(f"{EVENT}:state_changed")
                before = len(line.heard)
                here.room.sessions[0].tell(TOLD[entry.type])
            message = await heard(line, {entry.type}, before)
            judge(message)
            assert set(message["data"]) == set(entry.model.model_fields)

    asyncio.run(main())


def test_every_message_of_the_server_was_asked_for() -> None:
    assert {entry.type for entry in ASSISTANT.of(Direction.SERVER)} == {*TOLD, *ASKED, "auth_required"}
