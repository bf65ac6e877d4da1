"""`parley pull NAME`: everything a profile or a voice needs, in one command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from parley.cli import tell
from parley.cli.arrivals import bytes_text
from parley.cli.downloading import HubOption, download, find_offers, lacking_models, resumable
from parley.errors import DiskFull

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parley.engines.model import ModelSpec
    from parley.settings import Settings
    from parley.supply.hubs import Offer
    from parley.supply.readiness import Supplies

_MIB = 1024 * 1024


def command(
    name: Annotated[
        str, typer.Argument(help="A profile of `parley profiles`, or a voice of `parley engines`.")
    ],
    torch: Annotated[
        str | None,
        typer.Option(help="Build of PyTorch: cpu, cu126, cu130 ..., default; what suits this machine."),
    ] = None,
    live: Annotated[
        bool, typer.Option("--live/--no-live", help="The streaming recogniser of live speech too.")
    ] = True,
    hub: HubOption = None,
    data_dir: Annotated[Path | None, typer.Option(help="Folder for what is remembered.")] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration file; ./parley.toml by default.")] = None,
) -> None:
    """Install what a profile or a voice needs: environments of its engines and models; the same again changes
    nothing.

    A profile's voice comes with it. Sizes and licences are shown first. Whatever interrupts it, the same
    command goes on.
    """
    from parley.app import supplies_of
    from parley.app.supplying import make_data_dir
    from parley.cli.pulled import meant
    from parley.cli.start import start

    settings = start(data_dir=data_dir, config=config)
    supplies = supplies_of(settings)
    pulled = meant(settings, supplies, name, live=live)
    pulled.require_packages(supplies)
    environments = supplies.lack(pulled.engines).environments
    wanted = {model.name: model for spec in pulled.engines for model in spec.models}
    models = lacking_models(supplies.models, list(wanted.values()))
    make_data_dir(settings)
    with resumable():
        offers = find_offers(settings, hub, models) if models else {}
        _tell_and_check(settings, supplies, environments, torch, models, offers)
        _install(settings, supplies, environments, torch)
        download(settings, hub, models, offers)
    pulled.require(supplies)
    typer.echo(f"ready: {pulled.ready}")


def _tell_and_check(
    settings: Settings,
    supplies: Supplies,
    environments: Sequence[str],
    torch: str | None,
    models: Sequence[ModelSpec],
    offers: dict[str, Offer],
) -> None:
    """What comes and what it takes, before anything does; raises DiskFull, InvalidOption."""
    from parley.supply.disk import free_mib, size
    from parley.supply.wishing import plan

    known, taken = supplies.environments.recipes, 0
    for name in environments:
        recipe = known.get(name)
        if recipe is not None:
            build = torch if recipe.uses_torch else None
            wish = plan(recipe, build, settings.engines.torch_index, None)
            taken += wish.disk_mib
            tell.line(f"environment {name}: about {size(wish.disk_mib)} on the disk")
    if torch is not None and not any(known[name].uses_torch for name in environments if name in known):
        tell.line("--torch changes nothing here: no environment with PyTorch has to be made.")
    model_bytes = sum(offers[model.name].size_bytes for model in models)
    total = taken + model_bytes // _MIB
    if not total and not models:
        return
    place = settings.models_dir() if models else settings.environments_dir()
    free = free_mib(place)
    together = f", models {bytes_text(model_bytes)}" if models else ""
    tell.line(f"together about {size(total)}{together}; {size(free)} are free")
    if free < total and _is_one_disk(settings):
        raise DiskFull(f"It takes about {size(total)}, and {size(free)} are free; make room first.")


def _is_one_disk(settings: Settings) -> bool:
    """Whether environments and models share their space."""
    places = (settings.environments_dir(), settings.models_dir())
    devices = {
        next(each for each in (place, *place.parents) if each.exists()).stat().st_dev for place in places
    }
    return len(devices) == 1


def _install(settings: Settings, supplies: Supplies, environments: Sequence[str], torch: str | None) -> None:
    from parley.cli.waiting import reporting

    for name in environments:
        recipe = supplies.environments.recipes.get(name)
        with reporting(name) as report:
            supplies.environments.install(
                name,
                torch=torch if recipe is not None and recipe.uses_torch else None,
                torch_index=settings.engines.torch_index,
                report=report,
            )
