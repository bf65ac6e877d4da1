"""Weights and what results are filed under."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from parley.batch.keys import Keys, keys_for
from parley.batch.options import RecipeOptions, Recording
from parley.engines.contract import EngineSpec, Role
from parley.engines.model import ModelSpec
from parley.engines.profiles import Profile, build_profiles
from parley.engines.registry import discover
from parley.supply.environments import Environments
from parley.supply.models import Models
from parley.supply.readiness import Supplies

TINY = ModelSpec(name="tiny", sources=(), needs=("model.bin",), size_mib=1, licence="MIT")
ENGINE = EngineSpec(name="any", role=Role.ASR, factory="m:C", revision="1", summary="", licence="MIT")
PROFILE = Profile(
    "p",
    {
        Role.MEDIA: replace(ENGINE, role=Role.MEDIA),
        Role.VAD: replace(ENGINE, role=Role.VAD),
        Role.ASR: replace(ENGINE, models=(TINY,)),
    },
)


def supplies(folder: Path) -> Supplies:
    return Supplies(environments=Environments(folder / "environments"), models=Models(folder / "models"))


def keys(folder: Path, weights: bytes) -> Keys:
    place = folder / "models" / "tiny"
    place.mkdir(parents=True, exist_ok=True)
    (place / "model.bin").write_bytes(weights)
    recording = Recording(path=Path("a.wav"), sha256="00")
    return keys_for(recording, RecipeOptions(), supplies(folder).identified(PROFILE))


def test_weights_of_the_same_name_with_other_bytes_have_other_results(tmp_path: Path) -> None:
    ones, others = keys(tmp_path / "here", b"weights"), keys(tmp_path / "there", b"Weights")
    assert (ones.decode, ones.find_speech) == (others.decode, others.find_speech)
    assert ones.recognise != others.recognise
    assert ones.transcript != others.transcript
    assert keys(tmp_path / "elsewhere", b"weights") == ones


def test_an_engine_runs_in_its_environment_or_else_where_its_packages_are(tmp_path: Path) -> None:
    here = replace(ENGINE, environment="apart", requires=("json",))
    lacking = replace(here, requires=("no_such_package",))
    ours = supplies(tmp_path)
    assert ours.interpreter(ENGINE) == ours.interpreter(here) == sys.executable
    # Not ours, where it would never work: none at all, until the environment has come.
    assert not Path(ours.interpreter(lacking)).exists()
    home = tmp_path / "environments" / "apart"
    home.mkdir(parents=True)
    (home / "python3").symlink_to(sys.executable)
    (home / "current.json").write_text('{"python": "python3"}')
    assert ours.interpreter(here) == ours.interpreter(lacking) == str(home / "python3")


LIVE = ModelSpec(name="live", sources=(), needs=("model.bin",), size_mib=1, licence="MIT")


def test_a_profile_is_ready_without_its_streaming_model_and_takes_it_once_it_is_there(
    tmp_path: Path,
) -> None:
    streaming = replace(ENGINE, name="live", streams=True, models=(LIVE,))
    profile = replace(PROFILE, streaming=streaming)
    ours = supplies(tmp_path)
    (tmp_path / "models" / "tiny").mkdir(parents=True)
    (tmp_path / "models" / "tiny" / "model.bin").write_bytes(b"weights")
    assert ours.has(profile)
    ours.require(profile)
    assert ours.streaming(profile) is None
    assert ours.identified(profile).streaming is None
    (tmp_path / "models" / "live").mkdir()
    (tmp_path / "models" / "live" / "model.bin").write_bytes(b"more weights")
    assert ours.streaming(profile) == streaming
    found = ours.identified(profile).streaming
    assert found is not None and found.revision.startswith("1+")
    # One pass: the same engine is known as the same.
    single = replace(profile, streaming=profile.engines[Role.ASR])
    both = ours.identified(single)
    assert both.streaming == both.engines[Role.ASR]


def test_what_is_remembered_does_not_depend_on_how_live_speech_is_heard(tmp_path: Path) -> None:
    before = keys(tmp_path / "here", b"weights")
    turn = replace(ENGINE, name="turn", role=Role.TURN)
    streaming = replace(ENGINE, name="live", streams=True)
    more = replace(PROFILE, engines={**PROFILE.engines, Role.TURN: turn}, streaming=streaming)
    recording = Recording(path=Path("a.wav"), sha256="00")
    identified = supplies(tmp_path / "here").identified(more)
    assert identified.streaming is not None and Role.TURN in identified.engines
    assert keys_for(recording, RecipeOptions(), identified) == before


def test_engines_whose_weights_came_with_their_package_keep_their_revision(tmp_path: Path) -> None:
    embedded = build_profiles(discover(), {})["embedded"]
    assert supplies(tmp_path).identified(embedded) == embedded
