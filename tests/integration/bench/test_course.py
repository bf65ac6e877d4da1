"""Combinations measured by real workers with scripted engines and simulated devices."""

from __future__ import annotations

import asyncio
import mmap
import os
import struct
import time
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from parley.app.trial import Trials
from parley.batch.wish import Wish
from parley.bench.corpus import Sample
from parley.bench.course import Course
from parley.bench.memory import PeakMemory
from parley.bench.shop import SPARE, Setting
from parley.errors import ProfileNotInstalled, ProfileUnknown
from parley.settings import Settings, load_settings

PLUGINS = Path(__file__).parents[2] / "plugins"


def roles(asr: str, **others: str) -> dict[str, str]:
    return {"vad": "whole", "asr": asr, "speakers": "none", **others}


PROFILES = {
    "level": roles("level", punctuation="full_stop"),
    "fine": roles("sim-fine"),
    "broken": roles("sim-broken"),
    "tight": roles("sim-tight"),
    "poison": roles("loud_is_poison"),
    "voices": roles("level", speakers="xvector"),
}


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(data_dir=tmp_path / "home", engine_dirs=(PLUGINS,), profiles=PROFILES)


def recording(path: Path, level: int = 8000, seconds: float = 1.5) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        half = [level] * 20 + [-level] * 20
        samples = (half * (int(seconds * 16000) // 40 + 1))[: int(seconds * 16000)]
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return path


@pytest.fixture
def samples(tmp_path: Path) -> list[Sample]:
    return [
        Sample(name="a.wav", path=recording(tmp_path / "a.wav"), language="en", text="Level 244."),
        Sample(name="b.wav", path=recording(tmp_path / "b.wav", 4000, 2.0), text="level 122"),
    ]


def course(
    tmp_path: Path, settings: Settings, samples: Sequence[Sample], *wanted: Setting, **asked: Any
) -> Course:
    return Course(
        settings=wanted,
        samples=samples,
        open_shop=Trials(settings=settings, folder=tmp_path / "bench" / "data").open,
        wish=Wish(use_cache=False, strict=True),
        folder=tmp_path / "bench",
        **({"runs": 2, "per_role": False, "tell": lambda _: None} | asked),
    )


def run(it: Course) -> Course:
    it.folder.mkdir()
    asyncio.run(it.run())
    return it


def test_every_run_does_the_work_anew(
    tmp_path: Path, settings: Settings, samples: list[Sample], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLEY_TEST_CALLS", str(tmp_path / "calls"))
    done = run(course(tmp_path, settings, samples, Setting(profile="level", workers=1), runs=3))
    # One call a recording in each run, and one to warm up.
    assert len((tmp_path / "calls").read_text().splitlines()) == 3 * 2 + 1
    [found] = done.scored()
    assert not found.problem
    whole = found.whole
    assert whole is not None
    assert (whole.recordings, whole.audio_s, whole.left_out) == (2, pytest.approx(3.5), 0)
    assert whole.rtf.runs == whole.cpu.runs == 3
    assert whole.first_s is not None
    assert 0 < whole.first_s.low <= whole.rtf.high * whole.audio_s
    assert whole.ready_s > 0
    assert whole.peak_mib is not None
    assert whole.peak_mib.low > 20
    assert {"decode", "find_speech", "recognise", "punctuate"} <= set(whole.stages)
    assert whole.accuracy is not None
    assert (whole.accuracy.wer, whole.accuracy.words) == (0.0, 4)
    # The user's own data folder was not touched.
    assert not (tmp_path / "home").exists()


def test_roles_are_measured_one_by_one_and_on_each_device(
    tmp_path: Path, settings: Settings, samples: list[Sample]
) -> None:
    wanted = [Setting(profile="fine", device=device) for device in ("cpu", "mps", "cuda:0")]
    done = run(course(tmp_path, settings, samples, *wanted, per_role=True))
    assert [each.ran_on["asr"] for each in done.done] == ["cpu", "mps", "cuda:0"]
    assert [trial.device for trial in done.roles] == ["cpu", "mps", "cuda:0"]
    for trial in done.roles:
        assert [each.role for each in trial.roles] == ["media", "vad", "asr"]
        assert not any(each.problem for each in trial.roles)
        asr = trial.roles[-1]
        assert asr.ran_on == trial.device
        assert asr.wall is not None
        assert asr.wall.runs == 2
        assert asr.load_s is not None
    # What knows the processor only could not run elsewhere: that is no note.
    assert done.done[1].ran_on == {"media": "cpu", "vad": "cpu", "asr": "mps"}
    assert done.done[1].notes == ()


def test_each_role_of_a_profile_has_its_figures(
    tmp_path: Path, settings: Settings, samples: list[Sample]
) -> None:
    wanted = (Setting(profile="level"), Setting(profile="voices"))
    done = run(course(tmp_path, settings, samples, *wanted, per_role=True, runs=1))
    level, voices = done.roles
    assert [each.role for each in level.roles] == ["media", "vad", "asr", "punctuation"]
    assert [each.role for each in voices.roles] == ["media", "vad", "asr", "speakers"]
    assert not [each.problem for trial in done.roles for each in trial.roles if each.problem]
    assert all(each.wall and each.wall.median > 0 for trial in done.roles for each in trial.roles)


def test_a_device_that_does_not_work_costs_only_its_row(
    tmp_path: Path, settings: Settings, samples: list[Sample]
) -> None:
    wanted = [
        Setting(profile="broken", device="cuda:0"),
        Setting(profile="level", device="cuda:0"),
        Setting(profile="broken", device="cpu"),
    ]
    done = run(course(tmp_path, settings, samples, *wanted, per_role=True, runs=1))
    broken, without, fine = done.done
    assert broken.whole is None
    assert broken.problem.startswith("cuda:0 cannot be used here.")
    assert "runs on cpu instead of cuda:0" in broken.problem
    assert "/opt/secret" not in broken.problem
    assert without.problem == "No engine of the profile can compute on cuda."
    assert fine.whole is not None
    assert fine.ran_on["asr"] == "cpu"
    assert done.roles[1].problem == without.problem
    # Alone too, the role says where it really ran.
    assert done.roles[0].roles[-1].ran_on == "cpu"


PUNCTUATION = """
from parley.engines.contract import EngineSpec, Role
from parley.speech.device import DeviceFound
SPEC = EngineSpec(name="at_home", role=Role.PUNCTUATION, factory=":Punctuation", revision="1", summary="",
                  licence="MIT", backend=":Library", devices=("cuda", "cpu"))
class Library:
    def devices(self):
        return [DeviceFound(name="cpu", title="cpu")]
    def release(self, device):
        pass
class Punctuation:
    def __init__(self, setup):
        pass
    def punctuate(self, texts, language):
        return list(texts)
"""


def test_a_role_that_falls_back_beside_one_that_does_not_is_told(
    tmp_path: Path, samples: list[Sample]
) -> None:
    (tmp_path / "engines").mkdir()
    (tmp_path / "engines/at_home.py").write_text(PUNCTUATION)
    settings = load_settings(
        engine_dirs=(PLUGINS, tmp_path / "engines"),
        profiles={"both": roles("sim-fine", punctuation="at_home")},
    )
    wanted = Setting(profile="both", device="cuda:0")
    [found] = run(course(tmp_path, settings, samples, wanted, runs=1)).done
    assert found.ran_on["asr"] == "cuda:0"
    assert "punctuation: asked cuda:0, ran on cpu" in found.notes


def test_work_that_was_too_much_for_a_device_is_told(
    tmp_path: Path, settings: Settings, samples: list[Sample]
) -> None:
    done = run(course(tmp_path, settings, samples, Setting(profile="tight", device="cuda:0"), runs=1))
    [found] = done.done
    assert not found.problem
    assert SPARE in found.notes


def test_a_crash_costs_only_its_combination(
    tmp_path: Path, settings: Settings, samples: list[Sample]
) -> None:
    loud = Sample(name="loud.wav", path=recording(tmp_path / "loud.wav", 32767))
    wanted = (Setting(profile="poison"), Setting(profile="level"))
    done = run(course(tmp_path, settings, [*samples, loud], *wanted, runs=1))
    assert done.done[0].whole is None
    assert "cost two workers" in done.done[0].problem
    assert done.done[1].whole is not None


def test_recordings_that_cannot_be_read_are_left_out(
    tmp_path: Path, settings: Settings, samples: list[Sample]
) -> None:
    (tmp_path / "bad.wav").write_bytes(b"nothing that sounds")
    bad = Sample(name="bad.wav", path=tmp_path / "bad.wav")
    done = run(course(tmp_path, settings, [bad, *samples], Setting(profile="level"), runs=1, per_role=True))
    [found] = done.done
    assert found.whole is not None
    assert (found.whole.recordings, found.whole.left_out) == (2, 1)
    assert any(note.startswith("bad.wav: ") for note in found.notes)
    assert not any(each.problem for each in done.roles[0].roles)


def test_nothing_readable_is_a_problem_not_a_figure(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "bad.wav").write_bytes(b"nothing that sounds")
    bad = Sample(name="bad.wav", path=tmp_path / "bad.wav")
    [found] = run(course(tmp_path, settings, [bad], Setting(profile="level"))).done
    assert found.whole is None
    assert found.problem


def test_a_language_that_a_profile_does_not_know_is_left_out(tmp_path: Path, settings: Settings) -> None:
    chinese = Sample(name="zh.wav", path=recording(tmp_path / "zh.wav"), language="zh")
    [found] = run(course(tmp_path, settings, [chinese], Setting(profile="embedded"))).done
    assert found.problem == "The profile recognises en; no recording is in that."


def test_an_interruption_keeps_what_is_done(
    tmp_path: Path, settings: Settings, samples: list[Sample]
) -> None:
    told: list[str] = []

    async def main() -> Course:
        def tell(sentence: str) -> None:
            told.append(sentence)
            if len(told) == 3:
                working.cancel()

        it = course(
            tmp_path,
            settings,
            samples,
            *(Setting(profile="level", workers=count) for count in (1, 2)),
            runs=1,
            tell=tell,
        )
        it.folder.mkdir()
        working = asyncio.create_task(it.run())
        with pytest.raises(asyncio.CancelledError):
            await working
        return it

    done = asyncio.run(main())
    [found] = done.scored()
    assert found.workers == 1
    assert found.whole is not None
    assert told[2] == "level, as configured, 2 workers"


def test_profiles_are_required_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "engines").mkdir()
    (tmp_path / "engines/absent.py").write_text(
        "from parley.engines.contract import EngineSpec, Role\n"
        "SPEC = EngineSpec(name='absent', role=Role.ASR, factory=':X', revision='1', summary='',\n"
        "                  licence='MIT', requires=('no_such_package',), environment='nowhere')\n"
    )
    settings = load_settings(engine_dirs=(tmp_path / "engines",), profiles={"mine": {"asr": "absent"}})
    trials = Trials(settings=settings, folder=tmp_path)
    with pytest.raises(ProfileNotInstalled, match="parley pull mine"):
        trials.require(("embedded", "mine"))
    with pytest.raises(ProfileUnknown, match="embedded"):
        trials.require(("nobody",))
    [embedded] = trials.require(("embedded",))
    assert embedded.name == "embedded"
    # What is left open is decided as everywhere else, and what is the same is measured once.
    assert trials.require(("embedded", "auto"), "en") == (embedded,)


def test_a_named_device_goes_for_every_role_and_engines_stay_the_users(tmp_path: Path) -> None:
    profiles = {"mine": {"asr": "moonshine", "devices": {"asr": "mps"}}}
    settings = load_settings(data_dir=tmp_path / "home", profiles=profiles)
    trials = Trials(settings=settings, folder=tmp_path / "bench")
    named = trials.settings_for(Setting(profile="mine", device="cpu", workers=3))
    assert named.devices.default == "cpu"
    assert "devices" not in named.profiles["mine"]
    assert (named.workers, named.profile, named.data_dir) == (3, "mine", tmp_path / "bench")
    assert named.environments_dir() == settings.environments_dir()
    assert named.models_dir() == settings.models_dir()
    as_it_is = trials.settings_for(Setting(profile="mine"))
    assert as_it_is.profiles == settings.profiles
    assert as_it_is.devices == settings.devices


def test_devices_that_libraries_see_are_named(settings: Settings, tmp_path: Path) -> None:
    trials = Trials(settings=settings, folder=tmp_path)
    profiles = trials.require(("fine", "broken"))
    seen = asyncio.run(trials.devices(profiles))
    assert "mps (simulated mps)" in seen
    assert any(each.startswith("cuda:0 (simulated cuda:0, not usable: ") for each in seen)
    assert not any(each.startswith("cpu") for each in seen)


def test_the_peak_of_memory_is_seen() -> None:
    with PeakMemory() as before:
        pass
    assert before.peak_mib is not None
    with PeakMemory() as memory:
        # Mapped, because an array may be given pages that this process held before.
        block = mmap.mmap(-1, 64 * 1024 * 1024)
        block.write(os.urandom(1024) * (64 * 1024))
        give_up = time.monotonic() + 30
        while (memory.peak_mib or 0.0) < before.peak_mib + 32 and time.monotonic() < give_up:
            time.sleep(0.05)
        block.close()
    assert memory.peak_mib is not None
    assert memory.peak_mib >= before.peak_mib + 32
