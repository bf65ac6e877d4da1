"""What holds for the messages of `/tts` alone."""

import pytest
from pydantic import ValidationError

from parley.wire.speech.tts_catalogue import TTS
from parley.wire.speech.tts_client import TTS_CLIENT_MESSAGES, SpeakStart, Synthesize
from parley.wire.speech.tts_server import TTS_SERVER_MESSAGES


def test_every_message_is_in_the_catalogue() -> None:
    known = [entry.model for entry in TTS.entries]
    ours = (*TTS_CLIENT_MESSAGES, *TTS_SERVER_MESSAGES)
    assert list(ours) == [model for model in known if model in ours]
    assert {model.TYPE for model in known} >= {"auth", "auth_required", "auth_success"}


def test_a_start_that_says_nothing_has_the_defaults() -> None:
    start = SpeakStart(request_id="a")
    assert (start.voice, start.language, start.engine, start.sample_rate) == (None, None, None, None)
    assert (start.speed, start.instruct, start.paced) == (1.0, "", False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"request_id": ""},
        {"request_id": "x" * 65},
        {"voice": "x" * 201},
        {"speed": 0.24},
        {"speed": 4.01},
        {"speed": float("nan")},
        {"sample_rate": 7999},
        {"sample_rate": 48001},
        {"instruct": "x" * 1001},
        {"engine": "x" * 65},
    ],
)
def test_a_request_has_bounds(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Synthesize.model_validate({"request_id": "a", "text": "good morning", **wrong})
