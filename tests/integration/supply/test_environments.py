"""Environments from tiny wheels: made, made anew, interrupted, refused, in use, removed."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

import parley
from parley.app.pools import pool_of_environment
from parley.errors import (
    DiskFull,
    EngineOutdated,
    InstallFailed,
    InvalidOption,
    ProfileNotInstalled,
    StorageError,
)
from parley.fleet.fleet import Fleet
from parley.settings import load_settings
from parley.supply import building
from parley.supply.environments import Environment, Environments
from parley.supply.models import Models
from parley.supply.packages import Failed
from parley.supply.readiness import Supplies
from tests.integration.fleet.scenario import engine, limits, say, told
from tests.integration.supply.wheels import (
    installing,
    make_ours,
    make_tiny,
    make_torch,
    serving,
    write_recipe,
)

pytestmark = pytest.mark.timeout(900)
"""Each installation takes seconds, on a busy machine half a minute."""

ROOT = Path(__file__).parents[3]
INSTALL_S = 300

TINY = replace(engine(), environment="tiny")
PATIENT = limits(start_deadline_s=60.0, load_deadline_s=60.0, heartbeat_deadline_s=60.0, call_floor_s=60.0)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    make_ours(folder, tmp_path_factory.mktemp("real") / "packages")
    make_tiny(folder, "1.0")
    make_tiny(folder, "2.0")
    make_torch(folder, "2.13.0", None)
    make_torch(folder / "cpu", "2.13.0+cpu", None)
    make_torch(folder / "cu126", "2.13.0+cu126", None)
    return folder


@pytest.fixture(scope="module")
def index(wheels: Path) -> Iterator[str]:
    with serving(wheels) as url:
        yield url


@pytest.fixture(scope="module")
def template(index: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an environment of tinylib 1.0, made once."""
    folder = tmp_path_factory.mktemp("template")
    with pytest.MonkeyPatch.context() as monkeypatch:
        use_index(monkeypatch, index, folder)
        install(folder)
    return folder


@pytest.fixture
def former(template: Path, tmp_path: Path) -> Path:
    """A copy of that; gives the folder that is in force."""
    shutil.copytree(template, tmp_path, symlinks=True, dirs_exist_ok=True)
    (made,) = made_folders(tmp_path)
    return made


@pytest.fixture(autouse=True)
def pip_settings(index: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_index(monkeypatch, index, tmp_path)


def use_index(monkeypatch: pytest.MonkeyPatch, index: str, folder: Path) -> None:
    """pip as it is without settings, but for where it finds packages: which shows that those reach it."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", f"{index}/simple")
    monkeypatch.setenv("PIP_CACHE_DIR", str(folder / "cache"))


def environments(folder: Path, version: str = "1.0", **recipe: bool | int) -> Environments:
    made = write_recipe(folder / "pins", version, **recipe)  # pyright: ignore[reportArgumentType]
    return Environments(folder / "environments", {"tiny": made})


def install(folder: Path, version: str = "1.0", **how: bool | int | str) -> Environment:
    recipe = {name: how.pop(name) for name in ("torch_pinned", "disk_mib") if name in how}
    if recipe.pop("torch_pinned", False):
        recipe["torch"] = True
    return environments(folder, version, **recipe).install("tiny", report=lambda _: None, **how)  # type: ignore[arg-type]


def version_in(folder: Path) -> str:
    """Which tinylib the environment in force has."""
    python = Environments(folder / "environments").python("tiny")
    assert python is not None
    script = "import tinylib; print(tinylib.VERSION)"
    return subprocess.run([python, "-c", script], capture_output=True, text=True, check=True).stdout.strip()


def made_folders(folder: Path) -> list[Path]:
    return sorted((folder / "environments/tiny").glob("env-*"))


def supplies(folder: Path) -> Supplies:
    return Supplies(environments=environments(folder), models=Models(folder / "models"))


def test_an_environment_is_made_listed_made_anew_and_removed(tmp_path: Path) -> None:
    heard: list[str] = []
    mine = environments(tmp_path)
    assert (mine.python("tiny"), list(mine.installed())) == (None, [])
    first = mine.install("tiny", report=heard.append)
    assert first.packages["tinylib"] == "1.0"
    assert (first.name, first.parley, first.torch) == ("tiny", parley.__version__, "")
    assert first.disk_bytes > 1_000_000
    assert list(mine.installed()) == [first]
    assert "downloading tinylib 1.0" in " ".join(heard)
    assert "installing 3 packages" in heard
    assert heard[-1] == "looking at the result"

    second = install(tmp_path, "2.0")
    assert second.python != first.python
    assert version_in(tmp_path) == "2.0"
    assert len(made_folders(tmp_path)) == 1

    assert mine.remove("tiny") > 1_000_000
    assert not (tmp_path / "environments/tiny").exists()
    assert mine.python("tiny") is None
    with pytest.raises(ProfileNotInstalled, match="'tiny' is not installed"):
        mine.remove("tiny")
    with pytest.raises(InvalidOption, match="no engine environment 'other'; there are: tiny"):
        mine.remove("other")


def test_without_an_index_pip_takes_wheels_from_a_folder_and_nothing_of_another_python(
    wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIP_INDEX_URL")
    (tmp_path / "pip.conf").write_text(f"[global]\nno-index = true\nfind-links = {wheels}\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    (tmp_path / "theirs").mkdir()
    for name in ("sitecustomize", "pip", "tinylib", "numpy"):
        (tmp_path / "theirs" / f"{name}.py").write_text("raise SystemExit('of another Python')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "theirs"))
    monkeypatch.setenv("PIP_USER", "1")
    monkeypatch.setenv("PIP_TARGET", str(tmp_path / "elsewhere"))
    assert install(tmp_path).packages["tinylib"] == "1.0"
    assert not (tmp_path / "elsewhere").exists()


def test_interruptions_leave_the_former_environment(former: Path, tmp_path: Path) -> None:
    moments = {"making": signal.SIGKILL, "downloading tinylib": signal.SIGKILL, "looking": signal.SIGKILL}
    for moment, number in {**moments, "installing": signal.SIGINT}.items():
        command = installing(tmp_path / "environments", tmp_path / "pins", "2.0")
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert any(line.startswith(moment) for line in child.stdout)
            child.send_signal(number)
            child.wait(60)
        assert version_in(tmp_path) == "1.0"
        # What one interruption left, the next run has swept; Ctrl-C leaves nothing.
        leftovers = [made for made in made_folders(tmp_path) if made != former]
        assert len(leftovers) <= (0 if number == signal.SIGINT else 1)
        assert nobody_runs_in(tmp_path / "environments")
    install(tmp_path, "2.0")
    assert version_in(tmp_path) == "2.0"
    assert len(made_folders(tmp_path)) == 1


def nobody_runs_in(folder: Path) -> bool:
    """Whether pip and all it started end with the process that wanted them; waits for that."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if not any(
            str(folder) in " ".join(each.info["cmdline"] or ()) for each in psutil.process_iter(["cmdline"])
        ):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.usefixtures("former")
def test_a_removal_that_was_interrupted_is_finished_by_the_next_one(tmp_path: Path) -> None:
    (tmp_path / "environments/tiny/current.json").unlink()
    assert environments(tmp_path).python("tiny") is None
    assert environments(tmp_path).remove("tiny") > 1_000_000
    assert not (tmp_path / "environments/tiny").exists()


def test_two_at_once(tmp_path: Path) -> None:
    command = installing(tmp_path / "environments", tmp_path / "pins", "2.0")
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert any(line.startswith("making") for line in child.stdout)
        mine = Environments(tmp_path / "environments", environments(tmp_path / "other").recipes)
        for refused in (lambda: mine.install("tiny", report=lambda _: None), lambda: mine.remove("tiny")):
            with pytest.raises(InstallFailed, match=r"Another command .* 'tiny'; wait until it has ended"):
                refused()
        child.communicate(timeout=INSTALL_S)
        assert child.returncode == 0
    assert version_in(tmp_path) == "2.0"


@pytest.mark.usefixtures("former")
def test_a_disk_that_fills_up_leaves_the_former_environment(wheels: Path, tmp_path: Path) -> None:
    ours = shutil.copytree(wheels, tmp_path / "wheels")
    make_tiny(ours, "3.0", ballast=20_000_000)
    command = installing(tmp_path / "environments", tmp_path / "pins", "3.0")
    with serving(ours) as url:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=os.environ | {"PIP_INDEX_URL": f"{url}/simple", "PIP_NO_CACHE_DIR": "1"},
            capture_output=True,
            text=True,
            timeout=INSTALL_S,
            check=False,
            # As on a file system whose files end there: errno EFBIG.
            preexec_fn=functools.partial(resource.setrlimit, resource.RLIMIT_FSIZE, (10_000_000, 10_000_000)),
        )
    assert "DiskFull: No space is left for the packages" in done.stderr
    assert version_in(tmp_path) == "1.0"
    assert len(made_folders(tmp_path)) == 1
    with pytest.raises(DiskFull, match="are free; make room"):
        install(tmp_path, "2.0", disk_mib=2**40)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "environments").write_text("a file")
    with pytest.raises(StorageError, match="cannot be written; check the rights"):
        install(tmp_path)


@pytest.mark.usefixtures("former")
def test_what_pip_does_not_find_is_named(tmp_path: Path) -> None:
    with pytest.raises(InstallFailed, match=r"pip finds no tinylib==9\.9 for Python"):
        install(tmp_path, "9.9")
    assert version_in(tmp_path) == "1.0"
    assert "No matching distribution" in (tmp_path / "environments/tiny/install.log").read_text()


def test_an_index_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "_PROBE_WAIT", ("--retries", "1", "--timeout", "3"))
    # What a person set for slow lines must not count before anybody has answered.
    monkeypatch.setenv("PIP_DEFAULT_TIMEOUT", "1000")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{silent.getsockname()[1]}/simple")
        with pytest.raises(InstallFailed, match="index could not be reached for msgspec"):
            install(tmp_path)
    with pytest.raises(InstallFailed, match="index could not be reached for msgspec"):
        install(tmp_path)
    assert made_folders(tmp_path) == []


def test_a_python_without_venv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(*_: object) -> str:
        raise Failed(
            "The virtual environment was not created successfully because ensurepip is not available."
        )

    monkeypatch.setattr(building, "run_module", lacking)
    with pytest.raises(
        InstallFailed, match=r"install its venv module \(on Debian and Ubuntu: apt install python3"
    ):
        install(tmp_path)


def test_the_build_of_pytorch_is_the_one_asked_for(index: str, tmp_path: Path) -> None:
    whl = f"{index}/whl"
    made = install(tmp_path, torch_pinned=True, torch="cpu", torch_index=whl)
    assert (made.torch, made.cuda) == ("2.13.0+cpu", "")
    with pytest.raises(
        InstallFailed, match=r"cu126 was asked for, but 2\.13\.0\+cu126 is a build without CUDA"
    ):
        install(tmp_path, torch_pinned=True, torch="cu126", torch_index=whl)
    with pytest.raises(
        InstallFailed, match=r"PyTorch's index has no torch==2\.13\.0\+cu130 .* engines\.torch_index"
    ):
        install(tmp_path, torch_pinned=True, torch="cu130", torch_index=whl)
    (still,) = environments(tmp_path).installed()
    assert still == made
    assert len(made_folders(tmp_path)) == 1


def lives(folder: Path) -> dict[str, bool]:
    """Which folders are there, by whether they count."""
    python = Environments(folder / "environments").python("tiny")
    return {str(made): python is not None and python.startswith(str(made)) for made in made_folders(folder)}


@pytest.mark.usefixtures("former")
def test_workers_keep_the_environment_they_run_from_and_new_ones_take_the_new_one(tmp_path: Path) -> None:
    pool = pool_of_environment("tiny", [TINY], load_settings(), supplies(tmp_path))

    async def run() -> None:
        async with Fleet([pool], PATIENT) as fleet:
            assert await told(fleet, "hello") == "hello"
            await asyncio.to_thread(install, tmp_path, "2.0")
            assert sorted(lives(tmp_path).values()) == [False, True]
            assert await told(fleet, "still here") == "still here"
            with pytest.raises(
                InstallFailed, match="Workers run from the environment 'tiny'; stop the server"
            ):
                environments(tmp_path).remove("tiny")
        async with Fleet([pool], PATIENT) as fleet:
            assert await told(fleet, "hello") == "hello"
            with pytest.raises(InstallFailed, match="Workers run"):
                environments(tmp_path).remove("tiny")
            await asyncio.to_thread(install, tmp_path, "1.0")
            # The oldest one, which nobody runs from, is gone.
            assert sorted(lives(tmp_path).values()) == [False, True]

    asyncio.run(run())
    environments(tmp_path).remove("tiny")
    assert not (tmp_path / "environments/tiny").exists()


def test_a_wheel_is_copied_and_outdated_after_an_upgrade_until_it_is_installed_again(tmp_path: Path) -> None:
    installed = tmp_path / "installed"
    shutil.copytree(
        Path(parley.__file__).parent, installed / "parley", ignore=shutil.ignore_patterns("__pycache__")
    )
    (installed / "another_package").mkdir()
    command = installing(tmp_path / "environments", tmp_path / "pins", "1.0")
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(installed)}, capture_output=True, text=True,
        timeout=INSTALL_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (made,) = environments(tmp_path).installed()
    assert (made.linked, made.parley) == (False, parley.__version__)
    (copied,) = tmp_path.glob("environments/tiny/env-*/lib/python*/site-packages/parley/__init__.py")
    assert not (installed / "parley").samefile(copied.parent)

    # The environment of the version before this one.
    copied.write_text(copied.read_text().replace(parley.__version__, "0.0.9"))
    pool = pool_of_environment("tiny", [TINY], load_settings(), supplies(tmp_path))
    assert pool.python == made.python

    async def run() -> None:
        async with Fleet([pool], PATIENT) as fleet:
            with pytest.raises(EngineOutdated) as refused:
                await say(fleet, "hello")
            sentence = "The engine environment 'tiny' holds another version of parley"
            assert refused.value.message == f"{sentence}; run: parley engines install tiny"
            assert (await asyncio.to_thread(install, tmp_path)).linked
            assert await told(fleet, "hello") == "hello"

    asyncio.run(run())


def test_what_a_hand_broke_is_not_installed(tmp_path: Path) -> None:
    mine, home = environments(tmp_path), tmp_path / "environments/tiny"
    home.mkdir(parents=True)
    for content in ("", "[]", '{"python": "nowhere/bin/python"}', '{"other": 1}', "\xff"):
        (home / "current.json").write_text(content)
        assert mine.python("tiny") is None
        assert list(mine.installed()) == []
    (home / "python").write_text("")
    (home / "current.json").write_text(json.dumps({"python": "python"}))
    (shown,) = mine.installed()
    assert (shown.python, shown.packages, shown.disk_bytes) == (str(home / "python"), {}, 0)
