"""Devices as a user meets them, with simulated ones (tests/plugins/devices.py)."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.e2e.command import PLUGINS, Parley
from tests.e2e.native import tone
from tests.engines.environments import settings_with


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "tone.wav"
    path.write_bytes(tone(300, 2.0))
    return path


def computing(parley: Parley, engine: str, settings: str = "") -> Parley:
    return parley.with_profile(settings, asr=engine, vad="whole", speakers="none")


def test_a_broken_device_costs_a_notice_and_strictness_makes_it_an_error(
    parley: Parley, recording: Path
) -> None:
    computing(parley, "sim-broken")
    refused = parley("transcribe", recording, "--device", "cuda", "--strict-device")
    assert refused.code == 5
    assert "cannot run on cuda:0 (its library does not support this model of device)" in refused.err
    done = parley("transcribe", recording)
    assert done.code == 0, done.err
    assert "cpu x1" in done.out
    assert "The engine 'sim-broken' runs on cpu instead of cuda:0" in done.err


def test_the_command_line_the_profile_and_the_settings_choose(parley: Parley, recording: Path) -> None:
    computing(parley, "sim-fine", "devices = {default = 'mps'}")
    assert "mps x1" in parley("transcribe", recording, "--no-cache").out
    assert "cuda:0 x1" in parley("transcribe", recording, "--no-cache", "--device", "cuda").out
    config = Path(parley.settings["PARLEY_CONFIG"])
    config.write_text(config.read_text() + "\ndevices = {asr = 'cpu'}\n")
    assert "cpu x1" in parley("transcribe", recording, "--no-cache", "--device", "cuda").out


@pytest.mark.parametrize("engine", ["sim-aborts", "sim-dies"])
def test_a_device_that_ends_workers_is_left_out(parley: Parley, recording: Path, engine: str) -> None:
    done = computing(parley, engine)("transcribe", recording)
    assert done.code == 0, done.err
    assert "cpu x1" in done.out
    assert "cuda:0 (a worker was lost on it)" in done.err


def test_a_process_whose_device_computes_nothing_more_is_replaced(
    parley: Parley, recording: Path, tmp_path: Path
) -> None:
    parley.settings["PARLEY_TEST_MARKER"] = str(tmp_path / "marker")
    done = computing(parley, "sim-wedged")("transcribe", recording, "--workers", "1")
    assert done.code == 0, done.err
    assert "cuda:0 x1" in done.out
    assert "A worker ended with exit code 70." in done.err


def test_a_device_that_does_not_exist_is_a_mistake(parley: Parley, recording: Path) -> None:
    done = parley("transcribe", recording, "--device", "gpu")
    assert done.code == 2
    assert "use auto, cpu, mps, cuda:0" in done.err


def test_devices_are_the_machine_s_own(parley: Parley, recording: Path) -> None:
    done = parley("transcribe", recording, "--server", "localhost:1", "--strict-device")
    assert done.code == 2
    assert "--strict-device is about this machine" in done.err


@pytest.mark.timeout(600)
def test_what_was_found_and_which_role_runs_where(parley: Parley, tmp_path: Path) -> None:
    computing(parley, "sim-two")
    # Each costs a worker or two, and one of them hangs.
    (tmp_path / "plugins").mkdir()
    shutil.copy(PLUGINS / "whole.py", tmp_path / "plugins")
    source = (PLUGINS / "devices.py").read_text()
    few = re.sub(r'    spec\("sim-(?!two|broken|aborts)\w+".*\n', "", source)
    (tmp_path / "plugins" / "devices.py").write_text(few)
    parley.settings |= {"PARLEY_ENGINE_DIRS": str(tmp_path / "plugins"), "PARLEY_WORKERS": "2"}
    shown = parley("devices", "--json", timeout=250)
    assert shown.code == 0, shown.err
    found = json.loads(shown.out)
    libraries = {each["library"]: each for each in found["libraries"]}
    problems = {device["name"]: device["problem"] for device in libraries["Broken"]["devices"]}
    assert problems["cuda:0"] == "its library does not support this model of device"
    assert problems["cpu"] == ""
    assert libraries["Aborts"]["devices"][0]["problem"] == "an operation ended the process"
    assert libraries["CTranslate2"]["devices"][-1] == {
        "name": "cpu",
        "title": "processor",
        "memory_mib": 0,
        "problem": "",
    }
    roles = {each["role"]: each for each in found["profiles"]["test"]}
    assert roles["asr"]["devices"] == ["cuda:0", "cuda:1"]
    assert roles["vad"]["devices"] == ["cpu"]
    assert {crew["pool"] for crew in found["crews"]} >= {"media", "speech"}
    text = parley("devices", "--device", "mps", timeout=250).out
    assert "The engine 'sim-two' runs on cpu instead of mps (there is none)." in text
    assert "cuda:0   simulated cuda:0 (1000 MiB)" in text


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_environment_is_asked_with_its_own_library(parley: Parley) -> None:
    parley.settings |= settings_with("funasr", "sherpa-onnx")
    shown = parley("devices", "--json", timeout=600)
    assert shown.code == 0, shown.err
    found = {(each["environment"], each["library"]): each for each in json.loads(shown.out)["libraries"]}
    # Other tests may have made the environment of CTranslate2, which then stands for Parley's own.
    own = next(place for place, library in found if library == "CTranslate2")
    assert own in ("", "faster-whisper")
    for key in (("funasr", "PyTorch"), ("sherpa-onnx", "SherpaOnnx"), (own, "CTranslate2")):
        assert not found[key]["problem"]
        assert found[key]["devices"][-1]["name"] == "cpu"
        assert not found[key]["devices"][-1]["problem"]
