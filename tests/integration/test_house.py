"""What a server says of itself before it listens."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from parley.app.assistant_room import NO_MODEL
from parley.app.house import open_house
from parley.settings import load_settings
from parley.speech.conversation import Message


def opened(folder: Path, monkeypatch: pytest.MonkeyPatch, profile: str) -> tuple[str, list[str]]:
    """The default profile of a server, and what it told."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("PARLEY_CONFIG", raising=False)
    settings = load_settings(data_dir=folder / "data", profile=profile)
    told: list[str] = []

    async def main() -> str:
        async with open_house(settings, notice=told.append) as house:
            return house.profile.name

    return asyncio.run(main()), told


def test_it_says_which_profile_auto_means_and_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, told = opened(tmp_path, monkeypatch, "auto")
    assert any(f"'{name}'" in sentence and "installed" in sentence for sentence in told)


def test_of_a_profile_that_was_named_there_is_nothing_to_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, told = opened(tmp_path, monkeypatch, "embedded")
    assert name == "embedded"
    assert not any("embedded" in sentence for sentence in told)


def test_without_a_language_model_it_says_who_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LLM_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    _, told = opened(tmp_path, monkeypatch, "embedded")
    assert NO_MODEL in told
    monkeypatch.setenv("LLM_API_KEY", "secret")
    _, told = opened(tmp_path, monkeypatch, "embedded")
    assert NO_MODEL not in told
    assert "secret" not in "".join(told)


def test_it_forgets_conversations_as_its_settings_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PARLEY_ASSISTANT__KEEP_DAYS", "2")
    monkeypatch.delenv("PARLEY_CONFIG", raising=False)
    settings = load_settings(data_dir=tmp_path / "data", profile="embedded")

    async def main() -> list[str]:
        async with open_house(settings, notice=str) as house:
            kept = house.store.conversations
            for text, days in (("old", 3), ("new", 1)):
                conversation = await kept.begin("anna", None)
                at = time.time() - days * 86400
                await kept.append("anna", conversation, Message(role="user", text=text, at=at))
            await house.tidy()
            return [each.title for each in (await kept.conversations("anna", 10))[0]]

    assert asyncio.run(main()) == ["new"]
