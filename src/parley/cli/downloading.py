"""Downloads models for a command: says what comes, from where and under which licence, then fetches it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from parley.cli import tell
from parley.cli.arrivals import bytes_text, showing

if TYPE_CHECKING:
    from parley.engines.model import ModelSpec
    from parley.settings import Settings
    from parley.supply.hubs import Offer
    from parley.supply.models import Models


class HubChoice(StrEnum):
    """What `--hub` takes."""

    AUTO = "auto"
    HUGGINGFACE = "huggingface"
    MODELSCOPE = "modelscope"


HubOption = Annotated[
    HubChoice | None,
    typer.Option("--hub", help="Where to download from; `auto` takes the first hub that answers."),
]


@contextmanager
def resumable() -> Generator[None]:
    """Say after Ctrl-C that nothing is lost."""
    try:
        yield
    except KeyboardInterrupt:
        tell.interrupted()
        raise


def lacking_models(models: Models, wanted: Sequence[ModelSpec]) -> list[ModelSpec]:
    """Those that have to be downloaded."""
    return [model for model in wanted if not models.is_current(model)]


def find_offers(settings: Settings, hub: HubChoice | None, wanted: Sequence[ModelSpec]) -> dict[str, Offer]:
    """Ask the hubs, and say what they have: licence, size, place."""
    import asyncio

    from parley.app.supplying import access_to_hubs
    from parley.supply.models import Models
    from parley.supply.pulling import Downloads

    access = access_to_hubs(settings, hub.value if hub else None)
    with showing() as report:
        downloads = Downloads(models=Models(settings.models_dir()), access=access, report=report)
        offers = asyncio.run(downloads.find(list(wanted)))
    for model in wanted:
        tell.line(tell.printable(_described(model, offers[model.name])))
    return offers


def download(
    settings: Settings, hub: HubChoice | None, wanted: Sequence[ModelSpec], offers: dict[str, Offer]
) -> None:
    """Fetch them, one after another."""
    import asyncio

    from parley.app.supplying import access_to_hubs
    from parley.supply.models import Models
    from parley.supply.pulling import Downloads

    with showing() as report:
        downloads = Downloads(
            models=Models(settings.models_dir()),
            access=access_to_hubs(settings, hub.value if hub else None),
            report=report,
        )

        async def every() -> None:
            for model in wanted:
                await downloads.pull(model, offers.get(model.name))

        asyncio.run(every())


def _described(model: ModelSpec, offer: Offer) -> str:
    licence = model.licence
    if offer.licence and offer.licence.casefold() != licence.casefold():
        licence += f" (the hub says {offer.licence})"
    count = len(offer.files)
    files = f"{count} files" if count > 1 else "1 file"
    return (
        f"{model.name}: licence {licence}; {bytes_text(offer.size_bytes)} in {files}; "
        f"{offer.source.repo} at {offer.commit[:12]}"
    )
