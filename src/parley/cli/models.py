"""`parley models list|pull|rm|path`: the weights on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from parley.cli import tell
from parley.cli.arrivals import bytes_text
from parley.cli.downloading import HubOption, download, find_offers, lacking_models, resumable
from parley.errors import InvalidOption

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parley.engines.model import ModelSpec
    from parley.settings import Settings
    from parley.supply.models import Installed, Models

app = typer.Typer(help="List, download and remove models.", no_args_is_help=True)

DataDir = Annotated[Path | None, typer.Option(help="Folder for what is remembered.")]
Config = Annotated[Path | None, typer.Option(help="Configuration file; ./parley.toml by default.")]
Name = Annotated[str, typer.Argument(help="Name of a model, as `parley models list` shows it.")]


@app.callback()
def root() -> None:
    """List, download and remove models."""


@app.command("list", short_help="List models: licence, size, what is here, what needs it.")
def listing(
    json_output: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    data_dir: DataDir = None,
    config: Config = None,
) -> None:
    """List models: licence, size, whether they are here, what they take, who uses them."""
    import json

    from parley.app import load_profiles
    from parley.cli.start import start
    from parley.engines.registry import discover
    from parley.supply.catalogue import catalogue, spoken_by, used_by
    from parley.supply.models import Models

    settings = start(data_dir=data_dir, config=config)
    specs, models = discover(settings.engine_dirs).values(), Models(settings.models_dir())
    known, profiles = catalogue(specs), load_profiles(settings).values()
    held = {each.name: each for each in models.installed()}
    rows = [
        _facts(model, models, held, used_by(model, profiles), spoken_by(model, specs))
        for model in known.values()
    ]
    rows += [_stranger(each) for each in held.values() if each.name not in known]
    if json_output:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    width = max((len(row["name"]) for row in rows), default=0)
    for row in rows:
        _show(row, width)


@app.command("pull", short_help="Download models, or go on with what stopped.")
def pull(
    names: Annotated[list[str], typer.Argument(help="Names of models.")],
    hub: HubOption = None,
    directory: Annotated[
        Path | None, typer.Option("--from", help="Take the model from this directory instead of a hub.")
    ] = None,
    data_dir: DataDir = None,
    config: Config = None,
) -> None:
    """Download models, or go on with a download that stopped; what is here already is left alone."""
    from parley.app.supplying import make_data_dir
    from parley.cli.start import start
    from parley.supply.catalogue import named
    from parley.supply.models import Models

    settings = start(data_dir=data_dir, config=config)
    wanted = named(_known(settings), names)
    models = Models(settings.models_dir())
    make_data_dir(settings)
    with resumable():
        if directory is not None:
            _adopt(models, wanted, directory)
        elif lacking := lacking_models(models, wanted):
            download(settings, hub, lacking, find_offers(settings, hub, lacking))
    for model in wanted:
        tell.line(f"{model.name}: is here.")


@app.command("rm")
def remove(name: Name, data_dir: DataDir = None, config: Config = None) -> None:
    """Delete a model, and what was begun of one."""
    from parley.cli.start import start
    from parley.supply.models import Models

    freed = Models(start(data_dir=data_dir, config=config).models_dir()).remove(name)
    tell.line(f"Model '{name}' was removed; it took {bytes_text(freed)}.")


@app.command("path", short_help="Print the folder of a model, and what it lacks.")
def path(name: Name, data_dir: DataDir = None, config: Config = None) -> None:
    """Print the folder of a model; whoever fills it by hand puts its files there.

    Exit code 0 when the model is there, 5 otherwise.
    """
    from parley.cli.start import start
    from parley.supply.catalogue import named
    from parley.supply.models import Models
    from parley.supply.staging import missing

    settings = start(data_dir=data_dir, config=config)
    [model] = named(_known(settings), [name])
    place = Models(settings.models_dir()).place(name).absolute()
    typer.echo(str(place))
    if lacking := missing(model, place):
        tell.line(f"Model '{name}' is not there; it lacks {', '.join(lacking)}.")
        raise typer.Exit(5)


def _known(settings: Settings) -> Mapping[str, ModelSpec]:
    from parley.engines.registry import discover
    from parley.supply.catalogue import catalogue

    return catalogue(discover(settings.engine_dirs).values())


def _adopt(models: Models, wanted: list[ModelSpec], directory: Path) -> None:
    if len(wanted) != 1:
        raise InvalidOption("--from fills one model; name one.")
    if (aside := models.adopt(wanted[0], directory)) is not None:
        tell.line(f"The folder that was filled by hand is now called {aside.name}.")


def _facts(
    model: ModelSpec,
    models: Models,
    held: Mapping[str, Installed],
    profiles: tuple[str, ...],
    voices: tuple[str, ...],
) -> dict[str, Any]:
    here = held.get(model.name)
    origin = here.manifest if here else None
    return {
        "name": model.name,
        "licence": model.licence,
        "size_mib": model.size_mib,
        "here": models.folder(model) is not None,
        "current": models.is_current(model),
        "by_hand": here is not None and origin is None,
        "disk_bytes": here.disk_bytes if here else 0,
        "begun_bytes": models.begun_bytes(model.name),
        "hub": origin.hub if origin else "",
        "commit": origin.commit if origin else "",
        "profiles": list(profiles),
        "voices": list(voices),
        "sources": [
            {"hub": source.hub.value, "repo": source.repo, "revision": source.revision}
            for source in model.sources
        ],
        "needs": list(model.needs),
    }


def _stranger(here: Installed) -> dict[str, Any]:
    """A folder that no engine asks for, perhaps any more."""
    return {
        "name": here.name,
        "licence": here.manifest.licence if here.manifest else "",
        "size_mib": 0,
        "here": True,
        "current": False,
        "by_hand": here.manifest is None,
        "disk_bytes": here.disk_bytes,
        "begun_bytes": 0,
        "hub": here.manifest.hub if here.manifest else "",
        "commit": here.manifest.commit if here.manifest else "",
        "profiles": [],
        "voices": [],
        "sources": [],
        "needs": [],
    }


def _show(row: dict[str, Any], width: int) -> None:
    size = bytes_text(row["size_mib"] * 1024**2) if row["sources"] else ""
    users = ", ".join(dict.fromkeys((*row["profiles"], *row["voices"])))
    used = f"  for {users}" if users else ""
    typer.echo(f"{row['name']:<{width}}  {size:>9}  {_state(row):<28}  {row['licence']}{used}")


def _state(row: dict[str, Any]) -> str:
    taken = bytes_text(row["disk_bytes"])
    if not row["sources"] and not row["needs"]:
        return f"no engine uses it, {taken}"
    if row["here"]:
        how = " by hand" if row["by_hand"] else "" if row["current"] else ", not this version's"
        return f"here{how}, {taken}"
    begun = row["begun_bytes"] + row["disk_bytes"]
    return f"begun, {bytes_text(begun)}" if begun else "not here"
