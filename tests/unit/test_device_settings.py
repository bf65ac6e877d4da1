"""What may be written of devices, in settings and in profiles."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.app import load_profiles
from parley.engines.contract import Role
from parley.errors import InvalidSettings
from parley.settings import load_settings
from parley.settings.engines import WANTED
from parley.speech.placing import is_wanted

alphabet = st.sampled_from(["auto", "cpu", "mps", "cuda", "cuda:0", ":", ",", "1", " ", "x", "\n"])


@given(st.lists(alphabet, max_size=5).map("".join))
def test_settings_and_placing_agree_on_what_may_be_asked_for(text: str) -> None:
    assert (WANTED.fullmatch(text) is not None) == is_wanted(text)


def test_a_device_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InvalidSettings, match=r"'devices.default' is not valid: use auto, cpu"):
        load_settings(devices={"default": "gpu"})


def test_a_profile_says_by_role_what_computes(tmp_path: Path) -> None:
    said = {"mine": {"devices": {"asr": "cuda:0,cuda:1", "vad": "cpu"}}}
    settings = load_settings(data_dir=tmp_path, profiles=said)
    assert load_profiles(settings)["mine"].devices == {Role.ASR: "cuda:0,cuda:1", Role.VAD: "cpu"}


@pytest.mark.parametrize("devices", [{"asr": "gpu"}, {"ears": "cpu"}])
def test_what_makes_no_sense_in_a_profile_is_refused(devices: dict[str, str], tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path, profiles={"mine": {"devices": devices}})
    with pytest.raises(InvalidSettings, match="Profile 'mine' names the"):
        load_profiles(settings)
