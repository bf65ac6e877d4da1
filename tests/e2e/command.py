"""Runs the installed command as a user would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

PLUGINS = Path(__file__).parents[1] / "plugins"
COMMAND = Path(sys.executable).with_name("parley")


@dataclass
class Parley:
    """The command with a data directory of its own; `roles` make a profile called `test`."""

    folder: Path
    data_dir: Path
    settings: dict[str, str] = field(default_factory=dict[str, str])
    started: list[subprocess.Popen[str]] = field(default_factory=list["subprocess.Popen[str]"])

    def with_profile(self, settings: str = "", **roles: str) -> Parley:
        lines = [settings, f"engine_dirs = ['{PLUGINS}']", 'profile = "test"', "[profiles.test]"]
        lines += [f'{role} = "{engine}"' for role, engine in roles.items()]
        config = self.folder / "parley.toml"
        config.write_text("\n".join(lines))
        self.settings["PARLEY_CONFIG"] = str(config)
        return self

    def environment(self) -> dict[str, str]:
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("PARLEY_")}
        return inherited | {"PARLEY_DATA_DIR": str(self.data_dir)} | self.settings

    def __call__(self, *arguments: str | Path, input: bytes | None = None, timeout: float = 120) -> Done:
        done = subprocess.run(
            [str(COMMAND), *map(str, arguments)],
            capture_output=True,
            input=input,
            stdin=None if input is not None else subprocess.DEVNULL,
            env=self.environment(),
            cwd=self.folder,
            timeout=timeout,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def raw(self, *arguments: str | Path, input: bytes, timeout: float = 120) -> Any:
        """A command whose output is no text."""
        return subprocess.run(
            [str(COMMAND), *map(str, arguments)],
            capture_output=True,
            input=input,
            env=self.environment(),
            cwd=self.folder,
            timeout=timeout,
        )

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        return self._start(arguments, subprocess.DEVNULL)

    def start_fed(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """The same with an open standard input."""
        return self._start(arguments, subprocess.PIPE)

    def _start(self, arguments: tuple[str | Path, ...], stdin: int) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [str(COMMAND), *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=stdin,
            text=True,
            env=self.environment(),
            cwd=self.folder,
            start_new_session=True,
        )
        self.started.append(process)
        return process


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    def events(self) -> list[dict[str, Any]]:
        """Of `--json-progress`: every line on standard error is one."""
        return [json.loads(line) for line in self.err.splitlines()]

    def stages(self) -> dict[str, dict[str, float]]:
        return next(event["stages"] for event in reversed(self.events()) if event["type"] == "done")


def finish(process: subprocess.Popen[str], timeout: float = 120) -> Done:
    out, err = process.communicate(timeout=timeout)
    return Done(process.returncode, out, err)


def workers_of(pid: int) -> list[psutil.Process]:
    return [child for child in psutil.Process(pid).children(recursive=True) if _is_worker(child)]


def _is_worker(process: psutil.Process) -> bool:
    try:
        return "parley.workers" in process.cmdline()
    except psutil.Error:
        return False  # it ended while we looked


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def wait_until(condition: Callable[[], Any], timeout: float = 30) -> Any:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")
