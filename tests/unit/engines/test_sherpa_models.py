from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

from parley.engines import sherpa_models
from parley.engines.contract import Capability, Role
from parley.engines.profiles import build_profiles, check_options
from parley.engines.registry import discover
from parley.engines.setup import Setup
from parley.errors import ProfileNotInstalled, UnsupportedOption
from parley.speech.recognition import RecognitionOptions
from parley.supply.models import Models

SPECS = {name: spec for name, spec in discover().items() if spec.environment == "sherpa-onnx"}


def test_models_are_pinned_and_only_what_is_needed_is_fetched() -> None:
    for spec in SPECS.values():
        for model in spec.models:
            for source in model.sources:
                assert re.fullmatch(r"[0-9a-f]{40}|main", source.revision), model.name
                assert all(any(fnmatch(needed, file) for file in source.files) for needed in model.needs)


def test_the_shipped_profiles_name_engines_of_one_environment() -> None:
    profiles = build_profiles(discover(), {})
    for name in ("sensevoice", "paraformer-onnx", "zipformer-streaming"):
        engines = profiles[name].for_recordings
        assert {engines[role].environment for role in engines if role != Role.MEDIA} == {"sherpa-onnx"}
    assert Role.PUNCTUATION not in profiles["sensevoice"].engines, "SenseVoice punctuates by itself"
    assert Capability.HOTWORDS in profiles["zipformer-streaming"].capabilities


def test_what_a_profile_cannot_do_is_refused_naming_one_that_can() -> None:
    profiles = build_profiles(discover(), {})
    with pytest.raises(UnsupportedOption, match="zipformer-streaming"):
        hotwords = RecognitionOptions(hotwords=(("Parley", 1.0),))
        check_options(profiles["sensevoice"], hotwords, profiles.values())
    check_options(profiles["sensevoice"], RecognitionOptions(language="yue", words=True), profiles.values())
    check_options(profiles["paraformer-onnx"], RecognitionOptions(language="zh"), profiles.values())
    with pytest.raises(UnsupportedOption):
        check_options(profiles["paraformer-onnx"], RecognitionOptions(language="de"), profiles.values())


def test_a_file_that_lacks_is_named_by_its_model_and_never_by_its_path(tmp_path: Path) -> None:
    for setup in (Setup(), Setup(models={"sherpa-ct-punc": tmp_path})):
        with pytest.raises(ProfileNotInstalled) as caught:
            sherpa_models.file_of(setup, sherpa_models.CT_PUNC, "model*.onnx")
        assert "parley models pull sherpa-ct-punc" in caught.value.message
        assert str(tmp_path) not in caught.value.message


def test_the_tiny_models_of_the_tests_are_complete_folders(tmp_path: Path) -> None:
    from tests.engines.tiny import sherpa

    sherpa.make_all(tmp_path)
    for spec in SPECS.values():
        for model in spec.models:
            assert Models(tmp_path).folder(model) is not None, model.name
