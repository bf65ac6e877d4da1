"""`parley pull` where an engine environment lacks too: what is said, and in which order things are done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from parley.cli.commands import app
from parley.errors import DiskFull, InvalidOption, ProfileNotInstalled, ProfileUnknown
from parley.supply.environments import Environments
from tests.integration.supply.hub import Hub, hub
from tests.integration.supply.pulling import REPOS

ENGINE = """
from parley.engines.contract import EngineSpec, Role
from parley.engines.model import Hub, ModelSource, ModelSpec

TINY = ModelSpec(
    name="tiny-words",
    sources=(ModelSource(hub=Hub.HUGGINGFACE, repo="acme/tiny", revision="main"),),
    needs=("config.json",), size_mib=1, licence="Apache-2.0",
)
SPEC = EngineSpec(
    name="words", role=Role.ASR, factory=":Recogniser", revision="1", summary="test", licence="MIT",
    models=(TINY,), environment="funasr", requires=("a_package_that_nobody_has",),
)
"""


@pytest.fixture
def server() -> Iterator[Hub]:
    with hub(**REPOS) as running:
        yield running


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, server: Hub) -> list[tuple[str, object]]:
    """A machine with a profile `words`; making an environment is only remembered."""
    done: list[tuple[str, object]] = []

    def install(self: Environments, name: str, **options: object) -> None:
        place = self.folder / name
        place.mkdir(parents=True)
        (place / "python").touch()
        (place / "current.json").write_text(json.dumps({"python": "python"}))
        done.append((name, options["torch"]))
        assert not [each for each in server.asked if "/resolve/" in each.path]

    monkeypatch.setattr(Environments, "install", install)
    engines = tmp_path / "engines"
    engines.mkdir()
    (engines / "words.py").write_text(ENGINE)
    (tmp_path / "parley.toml").write_text(
        f"engine_dirs = ['{engines}']\n[profiles.words]\nasr = \"words\"\n"
        f'[models]\nhf_endpoint = "{server.address}"\n'
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PARLEY_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in ("PARLEY_CONFIG", "HF_TOKEN", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    return done


def pull(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["pull", "words", *arguments], catch_exceptions=False)


def test_environment_and_models_come_with_one_command(installed: list[tuple[str, object]]) -> None:
    done = pull("--torch", "cpu")
    assert done.exit_code == 0
    assert done.stdout == "ready: parley transcribe --profile words FILE\n"
    said = done.stderr.splitlines()
    assert said[1].startswith("tiny-words: licence Apache-2.0 (the hub says mit); 1.3 MB in 4 files")
    assert said[2].startswith("environment funasr: about ")
    assert said[3].startswith("together about ")
    assert installed == [("funasr", "cpu")]
    again = pull("--torch", "cpu")
    assert again.stdout == done.stdout
    assert "--torch changes nothing here" in again.stderr
    assert len(installed) == 1


def test_a_build_that_does_not_exist_is_refused_before_anything_is_done(
    installed: list[tuple[str, object]], server: Hub, tmp_path: Path
) -> None:
    with pytest.raises(InvalidOption):
        pull("--torch", "nonsense")
    assert installed == []
    assert not (tmp_path / "data" / "models" / "tiny-words").exists()


def test_a_disk_too_small_for_all_of_it_is_told_first(
    installed: list[tuple[str, object]], server: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parley.supply.disk.free_mib", lambda folder: 100)
    with pytest.raises(DiskFull, match="and 100 MiB are free; make room first"):
        pull("--torch", "cpu")
    assert installed == []
    assert not [each for each in server.asked if "/resolve/" in each.path]


LIVE = """
from dataclasses import replace

from parley.engines.contract import EngineSpec, Role
from parley.engines.model import Hub, ModelSource, ModelSpec

TINY = ModelSpec(
    name="tiny-live",
    sources=(ModelSource(hub=Hub.HUGGINGFACE, repo="acme/tiny", revision="main"),),
    needs=("config.json",), size_mib=1, licence="Apache-2.0",
)
HERE = EngineSpec(
    name="live", role=Role.ASR, factory=":Recogniser", revision="1", summary="test", licence="MIT",
    models=(TINY,), streams=True,
)
NOWHERE = replace(HERE, name="nowhere", models=(), requires=("a_package_nobody_has",), install="-")
SPECS = (HERE, NOWHERE)
"""


def profile_of(name: str) -> dict[str, object]:
    listed = CliRunner().invoke(app, ["profiles", "--json"], catch_exceptions=False)
    return next(row for row in json.loads(listed.stdout) if row["name"] == name)


def said_of(name: str) -> str:
    """What a person reads of a profile and live speech."""
    listed = CliRunner().invoke(app, ["profiles"], catch_exceptions=False).stdout.splitlines()
    rows = iter(listed)
    assert next(row for row in rows if row == name)
    return next(row for row in rows if row.startswith("  live"))


def test_the_streaming_model_comes_too_and_a_profile_is_ready_without(
    installed: list[tuple[str, object]], tmp_path: Path
) -> None:
    (tmp_path / "engines" / "live.py").write_text(LIVE)
    config = tmp_path / "parley.toml"
    config.write_text(
        config.read_text().replace("[profiles.words]\n", '[profiles.words]\nstreaming = "live"\n')
    )
    done = pull("--no-live")
    assert done.stdout == "ready: parley transcribe --profile words FILE\n"
    assert "tiny-live" not in done.stderr
    facts = profile_of("words")
    assert facts["missing"] == {} and facts["streaming"] == "live"
    assert facts["streaming_missing"] == {"models": ["tiny-live"]}
    assert "again and again; live comes by: parley pull words" in said_of("words")
    done = pull()
    assert done.exit_code == 0 and "tiny-live: licence Apache-2.0" in done.stderr
    assert profile_of("words")["streaming_missing"] == {}
    assert "live, then words on each utterance" in said_of("words")


def test_a_streaming_recogniser_that_no_pull_can_bring_is_told_and_left_out(
    installed: list[tuple[str, object]], tmp_path: Path
) -> None:
    (tmp_path / "engines" / "live.py").write_text(LIVE)
    config = tmp_path / "parley.toml"
    config.write_text(
        config.read_text().replace("[profiles.words]\n", '[profiles.words]\nstreaming = "nowhere"\n')
    )
    done = pull()
    assert done.stdout == "ready: parley transcribe --profile words FILE\n"
    assert "live speech goes without 'nowhere', which needs a_package_nobody_has" in done.stderr


VOICE = """
from parley.engines.contract import Capability, EngineSpec, Role
from parley.engines.model import Hub, ModelSource, ModelSpec
from parley.speech.voice import PresetVoice

TINY = ModelSpec(
    name="tiny-voice",
    sources=(ModelSource(hub=Hub.HUGGINGFACE, repo="acme/tiny", revision="main"),),
    needs=("config.json",), size_mib=1, licence="CC-BY-4.0",
)
COMMON = {
    "role": Role.TTS, "factory": ":Voice", "revision": "1", "summary": "test", "licence": "MIT",
    "models": (TINY,),
}
SPECS = (
    EngineSpec(
        name="singer", environment="sherpa-onnx", requires=("a_package_that_nobody_has",),
        presets=(PresetVoice(name="one", languages=("en",)),), **COMMON,
    ),
    EngineSpec(name="parodist", capabilities=frozenset({Capability.CLONE}), **COMMON),
    EngineSpec(name="painter", capabilities=frozenset({Capability.DESIGN}), **COMMON),
    EngineSpec(name="mute", requires=("a_package_that_nobody_has",), install="pip install mute", **COMMON),
)
"""


@pytest.fixture
def voices(installed: list[tuple[str, object]], tmp_path: Path) -> Path:
    """Engines that speak beside the profile; gives the configuration."""
    (tmp_path / "engines" / "voices.py").write_text(VOICE)
    return tmp_path / "parley.toml"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments], catch_exceptions=False)


def test_a_voice_comes_with_one_command(installed: list[tuple[str, object]], voices: Path) -> None:
    done = run("pull", "singer")
    assert done.exit_code == 0
    assert done.stdout == "ready: parley speak --voice singer TEXT\n"
    assert "tiny-voice: licence CC-BY-4.0" in done.stderr
    assert "environment sherpa-onnx: about " in done.stderr
    assert installed == [("sherpa-onnx", None)]
    assert (voices.parent / "data" / "models" / "tiny-voice" / "config.json").exists()
    assert run("pull", "singer").stdout == done.stdout
    assert len(installed) == 1


def test_what_a_voice_is_for_is_said_when_it_is_ready(
    installed: list[tuple[str, object]], voices: Path
) -> None:
    cloned = run("pull", "parodist")
    assert cloned.stdout.startswith("ready: parley voices add NAME RECORDING --engine parodist")
    designed = run("pull", "painter")
    assert designed.stdout == "ready: parley voices add NAME --engine painter --design WORDS\n"
    assert installed == []


def test_a_voice_whose_packages_no_pull_brings_is_told(
    installed: list[tuple[str, object]], voices: Path
) -> None:
    with pytest.raises(
        ProfileNotInstalled, match=r"The voice 'mute' needs .*; install with: pip install mute"
    ):
        run("pull", "mute")
    assert not (voices.parent / "data" / "models").exists()


def test_a_profiles_voice_comes_with_it(installed: list[tuple[str, object]], voices: Path) -> None:
    told = voices.read_text()
    voices.write_text(told.replace('asr = "words"', 'asr = "words"\ntts = "singer"'))
    done = pull("--torch", "cpu")
    assert done.stdout == "ready: parley transcribe --profile words FILE\n"
    assert sorted(installed) == [("funasr", "cpu"), ("sherpa-onnx", None)]
    models = voices.parent / "data" / "models"
    assert {each.name for each in models.iterdir() if each.name.startswith("tiny")} == {
        "tiny-words",
        "tiny-voice",
    }
    shown = json.loads(run("models", "list", "--json").stdout)
    [row] = [each for each in shown if each["name"] == "tiny-voice"]
    assert row["profiles"] == ["words"]
    assert row["voices"] == ["mute", "painter", "parodist", "singer"]


def test_a_profile_comes_without_a_voice_that_no_pull_can_bring(
    installed: list[tuple[str, object]], voices: Path
) -> None:
    voices.write_text(voices.read_text().replace('asr = "words"', 'asr = "words"\ntts = "mute"'))
    done = pull("--torch", "cpu")
    assert done.exit_code == 0
    assert "it goes without the voice 'mute'" in done.stderr
    assert not (voices.parent / "data" / "models" / "tiny-voice").exists()


def test_names_of_voices_are_told_to_who_misspells_one(
    installed: list[tuple[str, object]], voices: Path
) -> None:
    with pytest.raises(ProfileUnknown, match=r"no profile 'sniger'.* Voices: .*kokoro.*singer"):
        run("pull", "sniger")


def test_engines_tell_the_one_command_that_brings_a_voice(
    installed: list[tuple[str, object]], voices: Path
) -> None:
    shown = json.loads(run("engines", "list", "--json").stdout)["engines"]
    remedies = {row["name"]: row["install"] for row in shown}
    assert remedies["singer"] == "parley pull singer"
    assert remedies["parodist"] == "parley pull parodist"
    assert remedies["mute"] == "pip install mute"
