"""What the engines that speak declare, and in which order they are preferred."""

from __future__ import annotations

from dataclasses import replace

import pytest

from parley.engines.contract import Capability, EngineSpec, Role
from parley.engines.registry import by_role, discover
from parley.engines.shipped import LAST_VOICE, VOICES, VOICES_OF, voices_by_preference
from parley.engines.tts import sherpa_voice_models as models
from parley.engines.tts.qwen3_tts import SPEAKERS
from parley.supply.recipes import RECIPES

SPECS = {spec.name: spec for spec in by_role(discover(), Role.TTS)}
EVERY = pytest.mark.parametrize("spec", SPECS.values(), ids=list(SPECS))


@EVERY
def test_a_voice_can_be_chosen_learned_or_described(spec: EngineSpec) -> None:
    assert spec.presets or spec.capabilities & {Capability.CLONE, Capability.DESIGN}
    names = [preset.name for preset in spec.presets]
    assert len(names) == len(set(names))
    for preset in spec.presets:
        assert preset.languages and preset.name
        assert spec.languages is None or set(preset.languages) <= spec.languages
    assert 100 <= spec.max_text_chars <= 1000


@EVERY
def test_what_is_downloaded_runs_in_an_environment_that_can_be_made(spec: EngineSpec) -> None:
    if spec.models:
        assert spec.environment in RECIPES
        assert spec.install == f"parley engines install {spec.environment}"


def test_every_engine_has_its_rank() -> None:
    assert {*VOICES, LAST_VOICE} == set(SPECS)
    assert all(set(ranked) <= set(VOICES) for ranked in VOICES_OF.values())


def test_the_best_for_a_language_comes_first_and_the_robot_last() -> None:
    own = replace(SPECS["kokoro"], name="mine")
    specs = [SPECS["espeak-ng"], own, SPECS["qwen3-tts"], SPECS["kokoro"], SPECS["kokoro-zh"]]
    assert list(voices_by_preference(specs)) == ["kokoro", "kokoro-zh", "qwen3-tts", "mine", "espeak-ng"]
    assert list(voices_by_preference(specs, "zh"))[:2] == ["kokoro-zh", "kokoro"]
    assert next(iter(voices_by_preference(specs, "en"))) == "kokoro"
    assert voices_by_preference([]) == {}


@pytest.mark.parametrize(
    ("numbers", "count", "places"),
    [
        (models.KOKORO_NUMBERS, 53, {"af_alloy": 0, "af_heart": 3, "zf_xiaobei": 45, "zm_yunyang": 52}),
        (models.KOKORO_ZH_NUMBERS, 103, {"af_maple": 0, "zf_001": 3, "zm_009": 58, "zm_100": 102}),
    ],
)
def test_the_speakers_of_kokoro_have_their_publishers_numbers(
    numbers: dict[str, int], count: int, places: dict[str, int]
) -> None:
    assert len(numbers) == count
    assert {name: numbers[name] for name in places} == places


def test_the_speakers_of_qwen_are_those_of_its_card() -> None:
    assert {speaker.name for speaker in SPEAKERS} == {
        *("Vivian", "Serena", "Uncle_Fu", "Dylan", "Eric", "Ryan", "Aiden", "Ono_Anna", "Sohee")
    }
    native = {speaker.name: speaker.languages[0] for speaker in SPEAKERS}
    assert (native["Ryan"], native["Ono_Anna"], native["Sohee"], native["Vivian"]) == ("en", "ja", "ko", "zh")
    assert all(len(speaker.languages) == 10 for speaker in SPEAKERS)
