"""Virtual environments that hold the libraries of one engine each."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from parley.errors import InstallFailed, InvalidOption, ParleyError, ProfileNotInstalled
from parley.supply.building import Built, build
from parley.supply.disk import disk_bytes, full_disk_told, sweep
from parley.supply.occupancy import is_in_use, sole_installer
from parley.supply.packages import Report
from parley.supply.recipes import RECIPES, Recipe
from parley.supply.wishing import Wish, announce, plan

_CURRENT = "current.json"
_LOG = "install.log"
_MADE = "env-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What one environment holds; `made` is when, in ISO 8601 and UTC.

    `parley` is the version that was copied in; a checkout is `linked` instead and always the same.
    `torch` is PyTorch's version and `cuda` what it was built for, "" where there is none.
    """

    name: str
    python: str
    parley: str
    linked: bool
    packages: Mapping[str, str]
    torch: str
    cuda: str
    disk_bytes: int
    made: str


class Environments:
    """The environments in one folder, `<folder>/<name>/`.

    Each is made in a new folder below that, and `current.json` says which one counts: whatever
    interrupts an installation leaves the former one in force. A folder that counts no more is deleted
    by the next installation or removal that finds no worker in it.
    """

    def __init__(self, folder: Path, recipes: Mapping[str, Recipe] = RECIPES) -> None:
        self.folder = folder
        self.recipes = recipes

    def python(self, name: str) -> str | None:
        """The interpreter of an environment that is complete, else None."""
        current = self._current(name)
        return str(self.folder / name / current["python"]) if current else None

    def installed(self) -> Sequence[Environment]:
        """The environments that are complete, by name."""
        names = sorted(path.parent.name for path in self.folder.glob(f"*/{_CURRENT}"))
        return [found for name in names if (found := self.environment(name)) is not None]

    def environment(self, name: str) -> Environment | None:
        """The facts of one, None where it is not complete."""
        current = self._current(name)
        if current is None:
            return None
        said = {key: current.get(key, default) for key, default in _UNSAID.items()}
        return Environment(name=name, python=str(self.folder / name / current["python"]), **said)

    def install(
        self,
        name: str,
        *,
        torch: str | None = None,
        torch_index: str = "",
        cuda: bool | None = None,
        report: Report,
    ) -> Environment:
        """Make an environment anew; blocks for minutes.

        `torch` is a build of PyTorch (`cpu`, `cu126`, `default`), `cuda` whether libraries for NVIDIA
        cards are wanted where the recipe has them; None leaves it to this machine. Raises InvalidOption,
        InstallFailed or DiskFull; then, and when interrupted, the former environment stays in force.
        """
        wish = plan(self._recipe(name), torch, torch_index, cuda)
        announce(wish, self.folder, report)
        with full_disk_told(), sole_installer(self.folder, name):
            home = self.folder / name
            home.mkdir(exist_ok=True)
            self._sweep(name)
            new = home / f"{_MADE}{uuid.uuid4().hex[:12]}"
            try:
                built = self._build(wish, home, new, report)
                _write(home / _CURRENT, _facts(built, home, disk_bytes(new)))
            except BaseException:
                sweep(new)
                raise
            self._sweep(name)
        made = self.environment(name)
        if made is None:
            raise InstallFailed(f"The environment '{name}' vanished while it was made; run it again.")
        return made

    def remove(self, name: str) -> int:
        """Delete an environment and what is left of others; gives the bytes it took.

        Raises ProfileNotInstalled where there is none, InstallFailed while workers run from it.
        """
        home = self.folder / name
        if name not in self.recipes and not (home / _CURRENT).exists():
            self._recipe(name)
        if not home.is_dir():
            raise ProfileNotInstalled(f"The environment '{name}' is not installed.")
        with full_disk_told(), sole_installer(self.folder, name):
            if any(is_in_use(made) for made in home.glob(f"{_MADE}*")):
                raise InstallFailed(
                    f"Workers run from the environment '{name}'; stop the server or the command first."
                )
            size = disk_bytes(home)
            with suppress(FileNotFoundError):
                (home / _CURRENT).unlink()
            sweep(home)
        return size

    def _recipe(self, name: str) -> Recipe:
        if name not in self.recipes:
            known = ", ".join(sorted(self.recipes))
            raise InvalidOption(f"There is no engine environment '{name}'; there are: {known}.")
        return self.recipes[name]

    def _build(self, wish: Wish, home: Path, new: Path, report: Report) -> Built:
        with (home / _LOG).open("w", encoding="utf-8", errors="replace") as log:

            def write(text: str) -> None:
                log.write(text if text.endswith("\n") else f"{text}\n")

            try:
                return build(wish, new, report, write)
            except ParleyError as error:
                write(error.message)
                raise

    def _sweep(self, name: str) -> None:
        """Delete every folder but the one in force and those that workers run from."""
        python = self.python(name)
        for made in (self.folder / name).glob(f"{_MADE}*"):
            in_force = python is not None and Path(python).is_relative_to(made)
            if not in_force and not is_in_use(made):
                sweep(made)

    def _current(self, name: str) -> dict[str, Any] | None:
        home = self.folder / name
        try:
            current = json.loads((home / _CURRENT).read_text("utf-8"))
            return current if (home / str(current["python"])).exists() else None
        except (OSError, ValueError, KeyError, TypeError):
            return None


_UNSAID: dict[str, Any] = {
    "parley": "",
    "linked": False,
    "packages": {},
    "torch": "",
    "cuda": "",
    "disk_bytes": 0,
    "made": "",
}


def _facts(built: Built, home: Path, size_bytes: int) -> dict[str, Any]:
    return {
        "python": built.python.relative_to(home).as_posix(),
        "parley": built.parley,
        "linked": built.linked,
        "packages": built.packages,
        "torch": built.torch,
        "cuda": built.cuda,
        "disk_bytes": size_bytes,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _write(path: Path, facts: dict[str, Any]) -> None:
    """Whole or not at all, also after a power failure."""
    beside = path.with_suffix(".new")
    with beside.open("w", encoding="utf-8") as file:
        json.dump(facts, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
