"""Where the key of a language model is found, and who sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from parley.app.options import assistant_limits, language_model_options
from parley.settings import Origin, load_settings, load_with_origins

NAMES = ("LLM_API_KEY", "OPENAI_API_KEY", "PARLEY_ASSISTANT__LLM_API_KEY", "PARLEY_CONFIG")


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def key() -> str | None:
    return language_model_options(load_settings()).key


def test_the_strongest_word_is_parleys_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert key() is None
    for name, value in (
        ("OPENAI_API_KEY", "c"),
        ("LLM_API_KEY", "b"),
        ("PARLEY_ASSISTANT__LLM_API_KEY", "a"),
    ):
        monkeypatch.setenv(name, value)
        assert key() == value


def test_a_key_of_the_environment_is_told_as_one_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    settings, origins = load_with_origins(None, {})
    assert origins["assistant", "llm_api_key"] is Origin.ENVIRONMENT
    assert "sk-secret" not in repr(settings) + repr(language_model_options(settings))


def test_an_empty_key_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_API_KEY", " ")
    assert key() is None


def test_a_server_that_somebody_names_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_ASSISTANT__LLM_BASE_URL", "http://127.0.0.1:11434/v1")
    assert key() == "none"


def test_the_bounds_of_conversations_are_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_ASSISTANT__BARGE_IN_MS", "300")
    monkeypatch.setenv("PARLEY_ASSISTANT__SPECULATE", "false")
    limits = assistant_limits(load_settings())
    assert (limits.barge_in_speech_s, limits.barge_in_guard_speech_s) == (0.3, 0.6)
    assert not limits.speculates
    assert limits.think_timeout_s > language_model_options(load_settings()).first_token_s
