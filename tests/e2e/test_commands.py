"""The small commands."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

from parley import __version__
from tests.e2e.command import Parley

LIST_MODULES = """
import sys
sys.argv = ['parley', '--version']
from parley.cli.main import main
try:
    main()
finally:
    print(*sys.modules)
"""


def test_version(parley: Parley) -> None:
    assert parley("--version").out == f"parley {__version__}\n"
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["version"] == __version__


def test_version_loads_no_model_library_no_numpy_and_no_web_framework() -> None:
    done = subprocess.run([sys.executable, "-c", LIST_MODULES], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.splitlines()[1].split()}
    heavy = {
        "numpy",
        "av",
        "onnxruntime",
        "faster_whisper",
        "moonshine_voice",
        "sqlalchemy",
        "pydantic",
        "fastapi",
        "uvicorn",
        "dbos",
    }
    assert not loaded & heavy


def test_demo_transcribes_the_recording_that_ships(parley: Parley) -> None:
    done = parley("demo")
    assert done.code == 0, done.err
    assert "best of times" in done.out.lower()


def test_doctor_finds_a_working_machine(parley: Parley) -> None:
    done = parley("doctor")
    assert done.code == 0, done.out
    assert "FAIL" not in done.out
    assert "trial" in done.out


def test_doctor_names_what_is_missing(parley: Parley, tmp_path: Path) -> None:
    (tmp_path / "engines").mkdir()
    (tmp_path / "engines/broken.py").write_text(
        "from parley.engines.contract import EngineSpec, Role\n"
        "SPEC = EngineSpec(name='broken', role=Role.ASR, factory=':X', revision='1',\n"
        "                  summary='', licence='MIT',\n"
        "                  requires=('no_such_package',), install='pip install no-such-package')\n"
    )
    (tmp_path / "parley.toml").write_text(
        f"engine_dirs = ['{tmp_path}/engines']\nprofile = 'mine'\n[profiles.mine]\nasr = 'broken'\n"
    )
    done = parley("doctor")
    assert done.code == 5
    assert "pip install no-such-package" in done.out
    refused = parley("transcribe", "a.wav")
    assert refused.code == 5
    assert "pip install no-such-package" in refused.err


def test_engines_and_profiles_as_text_and_as_json(parley: Parley) -> None:
    listed = json.loads(parley("engines", "list", "--json").out)
    assert listed == json.loads(parley("engines", "--json").out)
    assert listed["environments"] == []
    assert {(row["role"], row["name"]) for row in listed["engines"]} >= {
        ("asr", "moonshine"),
        ("vad", "silero"),
        ("media", "pyav"),
    }
    assert "moonshine" in parley("engines").out
    profiles = json.loads(parley("profiles", "--json").out)
    assert profiles[0]["name"] == "embedded"
    assert profiles[0]["languages"] == ["en"]
    assert profiles[0]["missing"] == {}
    assert "embedded (default)" in parley("profiles").out
    assert "99 of them: zh, en, ja" in parley("profiles").out


def test_a_variable_shows_what_happens_in_every_command(parley: Parley) -> None:
    parley.settings["PARLEY_LOG_LEVEL"] = "debug"
    done = parley("doctor")
    assert " INFO fleet " in done.err or " DEBUG fleet " in done.err


def test_an_internal_error_is_a_sentence_and_a_traceback_in_the_log(parley: Parley, tmp_path: Path) -> None:
    code = (
        "import sys, parley.engines.registry as registry\n"
        "registry.discover = lambda folders: 1 / 0\n"
        "sys.argv = ['parley', 'engines']\n"
        "from parley.cli.main import main; main()"
    )
    for level, shows in (("error", False), ("debug", True)):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path,
            env=parley.environment() | {"PARLEY_LOG_LEVEL": level},
        )  # fmt: skip
        assert done.returncode == 1
        assert "internal error (ZeroDivisionError)" in done.stderr
        assert ("Traceback" in done.stderr) is shows


def test_a_reader_that_has_enough_is_no_failure(parley: Parley) -> None:
    process = parley.start("engines")
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(20) == 0


def test_a_command_without_arguments_shows_help(parley: Parley) -> None:
    assert "transcribe" in parley("--help").out
    assert "Exit codes" in parley("transcribe", "--help").out


def test_no_help_breaks_off(parley: Parley) -> None:
    groups = ("", "engines", "models", "speakers", "jobs", "cache", "config", "token", "key")
    for group in groups:
        shown = parley(*filter(None, [group]), "--help")
        commands = shown.out.partition("Commands:")[2].splitlines()
        assert len(commands) > 1, shown.err
        assert not [line for line in commands if line.endswith("...")], group
