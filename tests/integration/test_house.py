"""What a server says of itself before it listens."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from parley.app.assistant_room import NO_MODEL
from parley.app.house import open_house
from parley.settings import load_settings


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
