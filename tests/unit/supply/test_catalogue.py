"""The models that the shipped engines name: nothing in their specs surprises a download."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest

from parley.engines.contract import EngineSpec
from parley.engines.model import Hub, ModelSpec
from parley.engines.profiles import build_profiles
from parley.engines.registry import discover
from parley.errors import InvalidOption
from parley.supply.catalogue import catalogue, named, used_by
from parley.supply.names import is_model_name, is_safe, matches
from parley.supply.recipes import RECIPES

SPECS = discover()
MODELS = catalogue(SPECS.values())
_REPO = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_FIXED = re.compile(r"[0-9a-f]{40}|v\d+(\.\d+)*")


def pairs() -> list[tuple[EngineSpec, ModelSpec]]:
    return [(spec, model) for spec in SPECS.values() for model in spec.models]


def test_a_name_means_one_model() -> None:
    meant: dict[str, set[ModelSpec]] = defaultdict(set)
    for _, model in pairs():
        meant[model.name].add(model)
        meant[model.name.casefold()].add(model)
    assert {name for name, models in meant.items() if len(models) > 1} == set()


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_a_spec_is_well_formed(model: ModelSpec) -> None:
    assert is_model_name(model.name)
    assert model.licence.strip() == model.licence != ""
    assert 0 < model.size_mib < 20_000
    assert model.sources
    assert model.needs
    assert len(set(model.sources)) == len(model.sources)
    for pattern in model.needs:
        assert_pattern(pattern)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_sources_name_a_repository_at_a_revision(model: ModelSpec) -> None:
    for source in model.sources:
        assert _REPO.fullmatch(source.repo), source
        assert source.revision.strip() == source.revision != ""
        # A branch, where nobody could name its commit, is written down as what it was when it came here.
        branch = {Hub.HUGGINGFACE: "main", Hub.MODELSCOPE: "master"}[source.hub]
        assert source.revision == branch or _FIXED.fullmatch(source.revision), source
        for pattern in source.files:
            assert_pattern(pattern)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_every_source_brings_what_is_needed(model: ModelSpec) -> None:
    for source in model.sources:
        if source.files:
            uncovered = [need for need in model.needs if not any(covers(each, need) for each in source.files)]
            assert uncovered == [], source


def assert_pattern(pattern: str) -> None:
    # Square brackets would mean something else to each of those who read patterns.
    assert is_safe(pattern.replace("*", "x").replace("?", "x")), pattern
    assert "[" not in pattern


def covers(pattern: str, need: str) -> bool:
    """Whether one pattern may bring what the other needs."""
    return matches(example(need), [pattern]) or matches(example(pattern), [need])


def example(pattern: str) -> str:
    return pattern.replace("**/", "").replace("*", "x").replace("?", "x")


def test_every_environment_that_an_engine_names_can_be_made() -> None:
    assert {spec.environment for spec in SPECS.values()} - {""} <= set(RECIPES)


def test_users_of_a_model_and_close_names() -> None:
    profiles = build_profiles(SPECS, {}).values()
    assert "whisper-tiny" in used_by(MODELS["faster-whisper-tiny"], profiles)
    assert named(MODELS, ["faster-whisper-tiny"] * 2) == [MODELS["faster-whisper-tiny"]]
    with pytest.raises(InvalidOption, match=r"did you mean .*faster-whisper-tiny"):
        named(MODELS, ["faster-whisper-tny"])
    with pytest.raises(InvalidOption, match=r"There is no model 'qqqqqq'\. See: parley models list"):
        named(MODELS, ["qqqqqq"])
