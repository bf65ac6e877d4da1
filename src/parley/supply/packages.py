"""Runs Python modules such as `venv` and `pip` for an environment, and says in a sentence why one failed."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from parley.errors import DiskFull, InstallFailed, ParleyError
from parley.settings.secrets import without_secrets
from parley.supply import leash

Report = Callable[[str], None]
"""Hears a sentence about what is being done."""

_ASIDE = {"PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER"}
"""What would let another interpreter's packages in, or would install elsewhere."""

_LOG_CHARACTERS = 8_000
_LINES_KEPT = 4_000
_KILL_WAIT_S = 10.0

_UNREACHABLE = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|Connection (refused|aborted|reset)"
    r"|Could not fetch URL|timed out|Max retries exceeded|ProxyError|Temporary failure in name resolution"
    r"|Connection broken|IncompleteRead|CERTIFICATE_VERIFY_FAILED|\b50[234] (Server )?Error"
)
_NO_SPACE = re.compile(
    r"No space left on device|\[Errno (?:28|27|122)\]|Disk quota exceeded|not enough space on the disk"
)
_NO_MATCH = re.compile(r"No matching distribution found for ([A-Za-z0-9._+=-]+)")
_NO_BUILD = re.compile(r"(?:Failed building wheel for|Could not build wheels for|Failed to build) ([\w.-]+)")


class Failed(Exception):
    """The module ended with an error; `log` is what it wrote."""

    def __init__(self, log: str) -> None:
        super().__init__(log)
        self.log = log


def run_module(
    python: str,
    arguments: Sequence[str | Path],
    heard: Callable[[str], None],
    variables: Mapping[str, str] | None = None,
) -> str:
    """Run `python -m` these arguments; `heard` gets each line. Raises Failed.

    The module and what it starts end with this process, and with an exception such as Ctrl-C.
    """
    command = [python, "-u", "-I", str(Path(leash.__file__)), *map(str, arguments)]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=_environment() | dict(variables or {}),
        encoding="utf-8",
        errors="replace",
        # The leash ends the whole group; Ctrl-C is left to us.
        start_new_session=sys.platform != "win32",
    )
    try:
        log = _listen(process.stdout, heard) if process.stdout else ""
        code = process.wait()
    finally:
        _let_go(process)
    if code != 0:
        raise Failed(log or f"ended with exit code {code}")
    return log


def _listen(output: IO[str], heard: Callable[[str], None]) -> str:
    lines: list[str] = []
    for line in output:
        lines.append(line)
        if len(lines) > _LINES_KEPT:
            del lines[: _LINES_KEPT // 2]
        heard(line)
    return "".join(lines)


def _let_go(process: subprocess.Popen[str]) -> None:
    """End of standard input is what the leash waits for."""
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(_KILL_WAIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
    if process.stdout:
        process.stdout.close()


def _environment() -> dict[str, str]:
    """Ours, pip's variables included, but for what would lead pip elsewhere or let it wait for a person.

    A package that is built runs code of its own, so it is told no secrets.
    """
    kept = {name: value for name, value in without_secrets(os.environ).items() if name not in _ASIDE}
    return kept | {"PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def install(python: str, arguments: Sequence[str | Path], heard: Callable[[str], None]) -> None:
    """Let pip of the environment install something; raises InstallFailed or DiskFull with the reason."""
    fixed = ("pip", "install", "--no-user", "--progress-bar", "off", "--no-warn-script-location")
    try:
        run_module(python, [*fixed, *arguments], heard)
    except Failed as failure:
        raise explain(failure.log) from failure


def explain(log: str) -> ParleyError:
    """The sentence for what pip wrote."""
    detail = log[-_LOG_CHARACTERS:]
    if _NO_SPACE.search(log):
        return DiskFull("No space is left for the packages; make room and run it again.", detail=detail)
    return InstallFailed(_reason(log), detail=detail)


def _reason(log: str) -> str:
    missing = _NO_MATCH.search(log)
    if _UNREACHABLE.search(log):
        return (
            f"The package index could not be reached{f' for {missing[1]}' if missing else ''}; "
            "check the network, or where pip looks for packages (pip config list)."
        )
    if missing:
        here = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
        return f"pip finds no {missing[1]} for {here} where it looks for packages (pip config list)."
    if "ResolutionImpossible" in log or "conflicting dependencies" in log:
        return (
            "The pinned packages contradict each other here; please report it, with your version of Python."
        )
    if "THESE PACKAGES DO NOT MATCH THE HASHES" in log:
        return "A package arrived damaged; run it again, with PIP_NO_CACHE_DIR=1 if it happens twice."
    if unbuilt := _NO_BUILD.search(log):
        return (
            f"The package {unbuilt[1]} has no ready-made build for this machine and could not be built here."
        )
    return "pip failed; PARLEY_LOG_LEVEL=debug shows what it said."


_FILE = r"(?:\S*/)?([\w.]+?)-(\d[^-\s]*?)(?:-\S+)?\.(?:whl|tar\.gz|zip)"
_DOWNLOADING = re.compile(rf"\s*Downloading {_FILE}(?: \(([^)]+)\))?$")
_AT_HAND = re.compile(rf"\s*(?:Using cached|Processing) {_FILE}(?: \([^)]*\))?$")
_BUILDING = re.compile(r"\s*Building wheels? for (?:collected packages: )?([\w.-]+)")
_INSTALLING = re.compile(r"Installing collected packages: (.+)")


def said(line: str) -> str:
    """What a line of pip means for a person who waits, "" for most."""
    line = line.rstrip()
    if found := _DOWNLOADING.match(line):
        return f"downloading {found[1]} {found[2]}" + (f" ({found[3]})" if found[3] else "")
    if found := _AT_HAND.match(line):
        return f"taking {found[1]} {found[2]}, which is here already"
    if found := _BUILDING.match(line):
        return f"building {found[1]}"
    if found := _INSTALLING.match(line):
        return f"installing {len(found[1].split(','))} packages"
    return ""
