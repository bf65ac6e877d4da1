"""Makes one environment in a folder of its own: packages, parley, and a look at the result."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parley.errors import InstallFailed
from parley.settings.secrets import without_secrets
from parley.supply import ourselves
from parley.supply.occupancy import IN_USE
from parley.supply.packages import Failed, Report, explain, install, run_module, said
from parley.supply.recipes import Recipe
from parley.supply.torch_builds import TorchBuild
from parley.supply.wishing import Wish

_PROBE_WAIT = ("--retries", "1", "--timeout", "10")
"""pip's own patience may be minutes for each package; one question first shows who does not answer at all.

It says why it failed only where it tries again.
"""

_LOOK_S = 600.0

_LOOK = """
import importlib, json, sys
from importlib import metadata
# Before the imports: setuptools puts packages of its own in the way.
packages = {each.metadata["Name"]: each.version for each in metadata.distributions()}
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except Exception as error:
        print(json.dumps({"broken": name, "why": type(error).__name__}))
        raise
torch = sys.modules.get("torch")
print(json.dumps({
    "packages": packages,
    "parley": importlib.import_module("parley").__version__,
    "torch": torch.__version__ if torch else "",
    "cuda": (torch.version.cuda or getattr(torch.version, "hip", None)) if torch else None,
}))
"""

_OURS = ("numpy", "msgspec", "parley.workers.loop")
"""What every worker imports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What was made; `python` is its interpreter."""

    python: Path
    parley: str
    linked: bool
    packages: dict[str, str]
    torch: str
    cuda: str


def build(wish: Wish, folder: Path, report: Report, log: Callable[[str], None]) -> Built:
    """Fill a new folder; raises InstallFailed, DiskFull or OSError, and leaves the folder as it then is."""
    report("making a virtual environment")
    python = _make_venv(folder, log)

    def heard(line: str) -> None:
        log(line)
        if meaning := said(line):
            report(meaning)

    _require_index(str(python), log)
    if wish.torch is not None:
        _install_torch(str(python), wish, wish.torch, heard)
    install(str(python), _arguments(wish), heard)
    if wish.recipe.alone:
        install(str(python), ["--no-deps", "-r", wish.recipe.alone_requirements], heard)
    report("looking at the result")
    try:
        (folder / IN_USE).touch()
        linked = ourselves.bring(_site_packages(str(python)))
    except shutil.Error as error:
        # What copying many files gives for the first thing that went wrong with any of them.
        raise InstallFailed(
            "Parley could not be copied into the environment; look for room on the disk, and for the right "
            "to write there.",
            detail=str(error),
        ) from error
    facts = _look(str(python), wish.recipe, log)
    _refuse_wrong_build(wish, facts)
    return Built(
        python=python,
        parley=facts["parley"],
        linked=linked,
        packages=dict(sorted(facts["packages"].items(), key=lambda item: item[0].lower())),
        torch=facts["torch"],
        cuda=facts["cuda"] or "",
    )


def _make_venv(folder: Path, log: Callable[[str], None]) -> Path:
    try:
        run_module(sys.executable, ["venv", folder], log)
    except Failed as failure:
        if "ensurepip" in failure.log or "No module named" in failure.log:
            version = f"{sys.version_info.major}.{sys.version_info.minor}"
            raise InstallFailed(
                "This Python cannot make virtual environments; install its venv module "
                f"(on Debian and Ubuntu: apt install python{version}-venv).",
                detail=failure.log,
            ) from failure
        raise explain(failure.log) from failure
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _require_index(python: str, log: Callable[[str], None]) -> None:
    """Ask once for a small package that is needed anyway; raises InstallFailed where nobody answers."""
    try:
        run_module(python, ["pip", "index", "versions", "msgspec", *_PROBE_WAIT], log)
    except Failed as failure:
        raise explain(failure.log) from failure


def _install_torch(python: str, wish: Wish, build: TorchBuild, heard: Callable[[str], None]) -> None:
    """Alone and first, so that nothing else is looked for in PyTorch's index."""
    wanted = build.requirement(wish.recipe.torch_version())
    index = build.index(wish.torch_index)
    has_it = bool(index) and _offers(python, index, wanted, heard)
    try:
        install(python, ["--no-deps", wanted, *(("--extra-index-url", index) if has_it else ())], heard)
    except InstallFailed as error:
        if has_it or not index:
            raise
        raise InstallFailed(
            f"PyTorch's index has no {wanted} for this machine, or could not be reached; check the network, "
            "choose another build with --torch, or name a mirror in the setting engines.torch_index.",
            detail=error.detail,
        ) from error


def _offers(python: str, index: str, wanted: str, heard: Callable[[str], None]) -> bool:
    """Whether an index has the build; asked alone, because pip does not say which one did not answer."""
    with tempfile.TemporaryDirectory() as nothing:
        # On the command line these would add to what pip is configured to do.
        only = {"PIP_INDEX_URL": index, "PIP_EXTRA_INDEX_URL": index, "PIP_FIND_LINKS": nothing}
        try:
            listing = run_module(python, ["pip", "index", "versions", "torch", *_PROBE_WAIT], heard, only)
        except Failed:
            return False
    return wanted.partition("==")[2] in listing.replace(",", " ").split()


def _arguments(wish: Wish) -> list[str | Path]:
    recipe = wish.recipe
    arguments: list[str | Path] = ["-r", recipe.requirements, "-c", recipe.constraints]
    return [*arguments, "-r", recipe.cuda_requirements] if wish.cuda else arguments


def _site_packages(python: str) -> Path:
    script = "import sysconfig; print(sysconfig.get_path('purelib'))"
    try:
        done = subprocess.run(
            [python, "-I", "-c", script], capture_output=True, text=True, check=True, timeout=_LOOK_S
        )
    except subprocess.SubprocessError as error:
        raise InstallFailed("The Python of the new environment does not run.", detail=str(error)) from error
    return Path(done.stdout.strip())


def _look(python: str, recipe: Recipe, log: Callable[[str], None]) -> dict[str, Any]:
    """Import everything in the new environment; raises InstallFailed."""
    torch = ("torch",) if recipe.uses_torch else ()
    variables = without_secrets(os.environ)
    environment = {name: value for name, value in variables.items() if not name.startswith("PYTHON")}
    try:
        done = subprocess.run(
            [python, "-I", "-c", _LOOK, *_OURS, *torch, *recipe.imports],
            capture_output=True,
            text=True,
            errors="replace",
            env=environment,
            timeout=_LOOK_S,
        )
    except subprocess.TimeoutExpired as error:
        raise InstallFailed("The installed packages take too long to import.", detail=str(error)) from error
    log(done.stdout + done.stderr)
    facts = _last_object(done.stdout)
    if done.returncode != 0 or "broken" in facts:
        what = f"the package {facts['broken']} ({facts['why']})" if "broken" in facts else "them"
        raise InstallFailed(
            f"The packages were installed, but this machine cannot import {what}.", detail=done.stderr[-8000:]
        )
    return facts


def _last_object(output: str) -> dict[str, Any]:
    """Libraries may print on import; ours is the last line."""
    lines = output.strip().splitlines()
    try:
        return json.loads(lines[-1]) if lines else {"broken": "parley", "why": "silence"}
    except ValueError:
        return {"broken": "parley", "why": "no answer"}


def _refuse_wrong_build(wish: Wish, facts: dict[str, Any]) -> None:
    if wish.torch is None:
        return
    if wrong := wish.torch.refusal(facts["torch"], facts["cuda"]):
        raise InstallFailed(
            f"{wrong}; the former environment, if there was one, stays in force. "
            "Check the setting engines.torch_index and where pip looks for packages."
        )
