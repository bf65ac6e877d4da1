"""What holds for the messages of `/asr` alone."""

import pytest
from pydantic import ValidationError

from parley.wire.speech.asr_catalogue import ASR
from parley.wire.speech.asr_client import ASR_CLIENT_MESSAGES, Start
from parley.wire.speech.asr_server import ASR_SERVER_MESSAGES


def test_every_message_is_in_the_catalogue() -> None:
    known = [entry.model for entry in ASR.entries]
    assert [*ASR_CLIENT_MESSAGES, *ASR_SERVER_MESSAGES] == [
        model for model in known if model in (*ASR_CLIENT_MESSAGES, *ASR_SERVER_MESSAGES)
    ]
    assert {model.TYPE for model in known} >= {"auth", "auth_required", "auth_success"}


def test_a_start_that_says_nothing_has_the_defaults() -> None:
    start = Start()
    assert (start.sample_rate, start.encoding, start.channels, start.partials) == (16000, "pcm16", 1, True)
    assert (start.language, start.profile, start.hotwords, start.resume_token) == (None, None, None, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sample_rate": 7999},
        {"sample_rate": 48001},
        {"encoding": "mp3"},
        {"channels": 0},
        {"channels": 9},
        {"endpoint_silence_ms": 99},
        {"hotwords": ["x" * 101]},
        {"hotwords": ["x"] * 501},
        {"hotwords": {"x": 0}},
        {"have_utterance": -2},
    ],
)
def test_a_start_has_bounds(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Start.model_validate(wrong)
