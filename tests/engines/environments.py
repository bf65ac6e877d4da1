"""Engine environments for tests, made by the real command, once for a whole run.

    python = environment("funasr")                 # its interpreter
    parley.settings |= settings_with("funasr")     # a command of the tests that finds it

Variables for local runs: PARLEY_TEST_ENVIRONMENTS names a folder where environments stay from run to
run (they follow the checkout, because it is linked);
PARLEY_TEST_PYTHON_FUNASR and so on name an interpreter that is taken instead.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import parley
from parley.supply.environments import Environments
from parley.supply.recipes import RECIPES

INSTALL_S = 1500
"""What an installation may take on a slow machine; pip downloads hundreds of megabytes."""

_folders: list[Path] = []
_failed: dict[str, str] = {}


def folder() -> Path:
    """Where the environments of this run lie."""
    if not _folders:
        lasting = os.environ.get("PARLEY_TEST_ENVIRONMENTS")
        made = Path(lasting) if lasting else Path(tempfile.mkdtemp(prefix="parley-environments-"))
        if not lasting:
            atexit.register(shutil.rmtree, made, ignore_errors=True)
        _folders.append(made)
    return _folders[0]


def environment(name: str) -> Path:
    """The interpreter of an environment, installed where it is not there yet; or fails the test."""
    given = os.environ.get(f"PARLEY_TEST_PYTHON_{name.upper().replace('-', '_')}")
    if given and Environments(folder()).python(name) is None:
        _enter(name, Path(given))
    if name in _failed:
        pytest.fail(f"the environment '{name}' could not be installed: {_failed[name]}")
    python = Environments(folder()).python(name)
    if python is None:
        install(name)
        python = Environments(folder()).python(name)
    assert python is not None
    return Path(python)


def install(name: str) -> str:
    """Run the real command; gives what it said."""
    kind = ["--torch", "cpu"] if RECIPES[name].uses_torch else []
    command = [sys.executable, "-m", "parley", "engines", "install", name, *kind]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env=os.environ | settings_for(folder()),
        stdin=subprocess.DEVNULL,
        timeout=INSTALL_S,
        check=False,
    )
    if done.returncode != 0:
        log = folder() / name / "install.log"
        tail = log.read_text("utf-8", errors="replace")[-3000:] if log.exists() else ""
        _failed[name] = f"{done.stderr[-2000:]}\n{tail}"
        pytest.fail(f"the environment '{name}' could not be installed: {_failed[name]}")
    return done.stdout + done.stderr


def settings_for(environments: Path) -> dict[str, str]:
    """Variables for a parley that finds its environments there."""
    return {"PARLEY_ENGINES__DIR": str(environments)}


def settings_with(*names: str) -> dict[str, str]:
    """Variables for a parley that finds these environments, which are installed if they must be."""
    for name in names:
        environment(name)
    return settings_for(folder())


def _enter(name: str, python: Path) -> None:
    """Let a folder of environments lead to an interpreter that was given, and that to this checkout."""
    home = folder() / name
    home.mkdir(parents=True, exist_ok=True)
    leading = home / "python"
    source = Path(parley.__file__).parents[1]
    leading.write_text(f'#!/bin/sh\nPYTHONPATH="{source}" exec "{python.absolute()}" "$@"\n', "utf-8")
    leading.chmod(0o755)
    (home / "current.json").write_text(json.dumps({"python": leading.name}), "utf-8")
