"""Interpreters that are not ours: what they may lack, and what becomes of those that lack more."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

import parley
from parley.errors import EngineBroken, EngineOutdated, ProfileNotInstalled
from parley.fleet.fleet import Fleet
from parley.wire.frames import FRAME_VERSION, Hello
from parley.wire.framing import encode
from tests.integration.fleet.scenario import QUICK, engine, limits, pool, say, scenario, told

ROOMS_OF_A_WORKER = {"workers", "engines", "signal", "speech", "errors", "wire", "telemetry"}
MODULES_OF_A_WORKER = {
    "parley.engines.contract",
    "parley.engines.model",
    "parley.engines.plugin",
    "parley.engines.setup",
    "parley.engines.streaming",
    "parley.wire.frame",
    "parley.wire.frames",
    "parley.wire.speaking",
    "parley.wire.framing",
    "parley.telemetry.log",
    "parley.telemetry.redaction",
    "parley.telemetry.trace",
}


def fake_python(folder: Path, says: bytes) -> str:
    """An interpreter that, whatever it is asked to run, says this and waits."""
    path = folder / "python"
    path.write_text(
        f"#!{sys.executable}\nimport os, sys\nos.write(1, {says!r})\nsys.stdin.read()\n", encoding="utf-8"
    )
    path.chmod(0o755)
    return str(path)


OTHER_PACKAGE = Hello(package_version="0.0.9", frame_version=FRAME_VERSION, pid=1)
OTHER_FRAMES = Hello(package_version=parley.__version__, frame_version=FRAME_VERSION + 1, pid=1)


@pytest.mark.parametrize("greeting", [encode(OTHER_PACKAGE), encode(OTHER_FRAMES), b"\x02\x00\x00\x00{}"])
def test_another_version_is_refused_with_the_command_that_mends_it(greeting: bytes, tmp_path: Path) -> None:
    @scenario
    async def run() -> None:
        few = limits(restart_budget=1)
        async with Fleet([pool(2, python=fake_python(tmp_path, greeting))], few) as fleet:
            for _ in range(3):
                with pytest.raises(EngineOutdated, match="parley engines install main"):
                    await say(fleet, "x")
            with pytest.raises(EngineOutdated):
                await fleet.warm()

    run()


@scenario
async def test_a_missing_interpreter_names_the_command_too(tmp_path: Path) -> None:
    async with Fleet([pool(python=str(tmp_path / "nowhere"))], QUICK) as fleet:
        with pytest.raises(ProfileNotInstalled, match="parley engines install main"):
            await say(fleet, "x")


@scenario
async def test_a_missing_package_is_told_every_time_and_harms_nobody() -> None:
    lacking = engine("lacking", "lacks_a_package", install="pip install it")
    async with Fleet([pool(1, engine(), lacking)], limits(restart_budget=0)) as fleet:
        for _ in range(3):
            with pytest.raises(ProfileNotInstalled, match="Install it with: pip install it"):
                await say(fleet, "x", name="lacking")
            assert await told(fleet, "fine") == "fine"
        assert fleet.health().pools[0].reasons == ()


@pytest.mark.parametrize(
    "factory", ["nowhere.at.all:Engine", "/nowhere/engine.py:Engine", "json.decoder:Nope"]
)
def test_a_factory_that_does_not_exist(factory: str) -> None:
    @scenario
    async def run() -> None:
        async with Fleet([pool(1, engine("bad", factory))], QUICK) as fleet:
            with pytest.raises((ProfileNotInstalled, EngineBroken)):
                await say(fleet, "x", name="bad")

    run()


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment that holds numpy, msgspec and parley, and nothing else."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    (site,) = (folder / "venv").glob("lib/python*/site-packages")
    for name in ("numpy", "numpy.libs", "msgspec", "parley"):
        source = home_of(name)
        if source.exists():
            (site / name).symlink_to(source)
    return folder / "venv" / "bin" / "python"


def home_of(name: str) -> Path:
    package, _, rest = name.partition(".")
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    home = Path(spec.origin).parent
    return home.with_name(name) if rest else home


def test_a_worker_needs_only_numpy_and_msgspec(bare_python: Path) -> None:
    @scenario
    async def run() -> None:
        async with Fleet([pool(python=str(bare_python))], QUICK) as fleet:
            assert await told(fleet, "hello") == "hello"

    run()


def test_a_worker_imports_only_the_rooms_it_lives_in(bare_python: Path) -> None:
    script = (
        "import json, sys, parley.workers.__main__, parley.workers.loop, parley.workers.lifeline, "
        "parley.telemetry.log; print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([bare_python, "-c", script], capture_output=True, text=True, check=True)
    modules: list[str] = json.loads(done.stdout)
    outside = {name.split(".")[0] for name in modules} - set(sys.stdlib_module_names)
    assert {name for name in outside if not name.startswith("_")} == {"numpy", "msgspec", "parley"}
    ours = [name for name in modules if name.startswith("parley.")]
    assert {name.split(".")[1] for name in ours} <= ROOMS_OF_A_WORKER
    files = {name for name in ours if name.count(".") >= 2}
    other_files = {name for name in files if name.split(".")[1] in {"engines", "wire", "telemetry"}}
    assert other_files == MODULES_OF_A_WORKER
