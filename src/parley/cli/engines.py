"""`parley engines list|install|remove|check`: which engines there are, and the environments they run in."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from parley.cli import tell

if TYPE_CHECKING:
    from parley.engines.contract import EngineSpec
    from parley.supply.environments import Environment
    from parley.supply.readiness import Supplies

app = typer.Typer(help="List engines; install, remove and check the environments they run in.")

Name = Annotated[
    str, typer.Argument(help="The environment: funasr, sherpa-onnx, faster-whisper, glm-asr ...")
]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]
DataDir = Annotated[Path | None, typer.Option(help="Folder for what is remembered.")]
Config = Annotated[Path | None, typer.Option(help="Configuration file; ./parley.toml by default.")]

_MIB = 1024 * 1024


@app.callback(invoke_without_command=True)
def root(context: typer.Context, json_output: Json = False) -> None:
    """List engines by role: what they do, whether they can run here, and how to install them."""
    if context.invoked_subcommand is None:
        listing(json_output=json_output)


@app.command("list", short_help="List engines by role, and the environments.")
def listing(json_output: Json = False, data_dir: DataDir = None, config: Config = None) -> None:
    """List engines by role, and the environments: PyTorch build, disk space, when they were made."""
    import json
    from dataclasses import asdict

    from parley.app import supplies_of
    from parley.cli.start import start
    from parley.engines.contract import Role
    from parley.engines.registry import by_role, discover

    settings = start(data_dir=data_dir, config=config)
    specs, supplies = discover(settings.engine_dirs), supplies_of(settings)
    rows = [_facts(spec, supplies) for role in Role for spec in by_role(specs, role)]
    installed = supplies.environments.installed()
    if json_output:
        everything = {"engines": rows, "environments": [asdict(each) for each in installed]}
        typer.echo(json.dumps(everything, indent=2, ensure_ascii=False))
        return
    for row in rows:
        _show(row)
    for environment in installed:
        typer.echo(line_of(environment))


@app.command("install", short_help="Make an environment with pinned packages, or make it anew.")
def install(
    name: Name,
    torch: Annotated[
        str | None,
        typer.Option(help="Build of PyTorch: cpu, cu126, cu130 ..., default; what suits this machine."),
    ] = None,
    cuda: Annotated[
        bool | None,
        typer.Option(
            "--cuda/--no-cuda", help="Libraries for NVIDIA cards (faster-whisper); where a driver is."
        ),
    ] = None,
    data_dir: DataDir = None,
    config: Config = None,
) -> None:
    """Make an environment with pinned packages; the same again makes it anew.

    The former one stays in force until the new one is complete, whatever happens.
    """
    from parley.app import supplies_of
    from parley.app.supplying import make_data_dir
    from parley.cli.start import start
    from parley.cli.waiting import reporting

    settings = start(data_dir=data_dir, config=config)
    make_data_dir(settings)
    with _interruptible(), reporting(name) as report:
        made = supplies_of(settings).environments.install(
            name, torch=torch, torch_index=settings.engines.torch_index, cuda=cuda, report=report
        )
    typer.echo(line_of(made))


@app.command("remove")
def remove(name: Name, data_dir: DataDir = None, config: Config = None) -> None:
    """Delete an environment; models stay."""
    from parley.app import supplies_of
    from parley.cli.start import start

    freed = supplies_of(start(data_dir=data_dir, config=config)).environments.remove(name)
    tell.line(f"The environment '{name}' was removed; it took {freed / _MIB:.0f} MiB.")


@app.command("check", short_help="Try an environment: its worker, devices and engines.")
def check(name: Name, data_dir: DataDir = None, config: Config = None) -> None:
    """Start a worker of an environment, try its devices, run half a second of audio through each engine.

    Those that speak say a sentence.

    Exit code 0 when everything that is installed works, 5 when the environment is missing or outdated,
    6 when something failed.
    """
    import asyncio

    from parley.app.checking import check as lines_of
    from parley.cli.start import start
    from parley.errors import WorkerError

    settings = start(data_dir=data_dir, config=config)

    async def run() -> bool:
        failed = False
        async for line in lines_of(settings, name):
            mark = {True: "ok  ", False: "FAIL", None: "    "}[line.works]
            typer.echo(f"{mark} {line.subject:<28} {tell.printable(line.state)}")
            failed = failed or line.works is False
        return failed

    if asyncio.run(run()):
        raise typer.Exit(WorkerError.exit_code)


@contextmanager
def _interruptible() -> Generator[None]:
    """Say what Ctrl-C left behind."""
    try:
        yield
    except KeyboardInterrupt:
        tell.interrupted("interrupted; the former environment, if there was one, stays in force.")
        raise


def line_of(environment: Environment) -> str:
    """An environment on one line."""
    torch = f", PyTorch {environment.torch}" if environment.torch else ""
    parley = "this checkout" if environment.linked else f"parley {environment.parley}"
    size = f"{environment.disk_bytes / _MIB:.0f} MiB"
    return f"environment  {environment.name}: {parley}{torch}, {size}, made {environment.made}"


def _show(row: dict[str, Any]) -> None:
    lacks = ", ".join(row["missing"])
    where = f" in {row['environment']}" if row["environment"] else ""
    about = f"{row['summary']} ({row['licence']}){where}"
    typer.echo(f"{row['role']:<12} {row['name']:<28} {'missing' if lacks else 'ready':<8} {about}")
    if lacks:
        how = f"; run: {row['install']}" if row["install"] else ""
        typer.echo(f"{'':<41} lacks {lacks}{how}")


def _facts(spec: EngineSpec, supplies: Supplies) -> dict[str, Any]:
    lack = supplies.lack([spec])
    missing = [*lack.packages, *(f"environment {name}" for name in lack.environments)]
    models = [f"model {name}" for name in lack.models]
    return {
        "name": spec.name,
        "role": spec.role.value,
        "summary": spec.summary,
        "licence": spec.licence,
        "languages": sorted(spec.languages) if spec.languages is not None else None,
        "capabilities": sorted(spec.capabilities),
        "environment": spec.environment,
        "models": [model.name for model in spec.models],
        "missing": [*missing, *models],
        "install": _remedy(spec, bool(missing), lack.models),
    }


def _remedy(spec: EngineSpec, lacks_packages: bool, models: Sequence[str]) -> str:
    """The command that brings what is missing: all of a voice, else first the packages, then the models."""
    from parley.engines.contract import Role

    if (lacks_packages and not spec.environment) or not (lacks_packages or models):
        return spec.install
    if spec.role == Role.TTS:
        return f"parley pull {spec.name}"
    if lacks_packages:
        return f"parley engines install {spec.environment}"
    return f"parley models pull {' '.join(models)}"
