"""The voice of a profile: who speaks, and what does not depend on it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from parley.cli.engines import _facts as engine_facts
from parley.cli.engines import _show as show_engine
from parley.cli.profiles import _facts, _show
from parley.engines.contract import EngineSpec, Role
from parley.engines.profiles import Profile, build_profiles
from parley.engines.registry import discover
from parley.engines.shipped import SHIPPED
from parley.errors import InvalidSettings
from parley.supply.environments import Environments
from parley.supply.models import Models
from parley.supply.readiness import Supplies

SPECS = discover()


def profiles(**declared: dict[str, str]) -> dict[str, Profile]:
    return dict(build_profiles(SPECS, declared))


def test_every_profile_speaks_with_espeak_unless_it_says_otherwise() -> None:
    known = profiles(mute={"tts": "none"}, other={"tts": "kokoro"})
    for name in SHIPPED:
        voice = known[name].tts
        assert voice is not None and voice.name == "espeak-ng"
    assert known["mute"].tts is None
    assert known["other"].tts == SPECS["kokoro"]


@pytest.mark.parametrize("said", ["moonshine", "nobody"])
def test_a_voice_that_is_none_is_refused(said: str) -> None:
    with pytest.raises(InvalidSettings, match=f"wants the tts engine '{said}'"):
        profiles(mine={"tts": said})


def without_espeak() -> dict[str, EngineSpec]:
    return {**SPECS, "espeak-ng": replace(SPECS["espeak-ng"], requires=("espeak_is_not_here",))}


@pytest.fixture
def supplies(tmp_path: Path) -> Supplies:
    return Supplies(environments=Environments(tmp_path / "environments"), models=Models(tmp_path / "models"))


def test_a_profile_is_whole_without_its_voice(supplies: Supplies, capsys: pytest.CaptureFixture[str]) -> None:
    profile = build_profiles(without_espeak(), {})["embedded"]
    assert supplies.has(profile)
    supplies.require(profile)
    facts = _facts(profile, "embedded", supplies)
    assert (facts["missing"], facts["tts"]) == ({}, "espeak-ng")
    assert facts["tts_missing"] == {"packages": ["espeak_is_not_here"]}
    _show(facts)
    shown = capsys.readouterr().out
    assert "voice      espeak-ng, which is not installed; see: parley engines" in shown
    assert "state      ready" in shown


def test_nothing_of_recognition_depends_on_the_voice() -> None:
    speaking, mute = profiles(embedded={})["embedded"], profiles(embedded={"tts": "none"})["embedded"]
    assert speaking.engines == mute.engines
    assert Role.TTS not in speaking.engines
    assert (speaking.for_recordings, speaking.for_live) == (mute.for_recordings, mute.for_live)
    assert (speaking.languages, speaking.capabilities) == (mute.languages, mute.capabilities)


def test_engines_that_speak_are_listed(supplies: Supplies, capsys: pytest.CaptureFixture[str]) -> None:
    show_engine(engine_facts(SPECS["espeak-ng"], supplies))
    show_engine(engine_facts(without_espeak()["espeak-ng"], supplies))
    ready, missing, remedy = capsys.readouterr().out.splitlines()
    assert ready.split()[:3] == ["tts", "espeak-ng", "ready"] and "GPL-3.0-or-later" in ready
    assert missing.split()[:3] == ["tts", "espeak-ng", "missing"]
    assert remedy.strip() == "lacks espeak_is_not_here; run: pip install 'parley[espeak]'"
