"""`parley cache import|show|clear`: what is remembered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from parley.cli import tell

if TYPE_CHECKING:
    from parley.storage.store import Store

_T = TypeVar("_T")

app = typer.Typer(help="Look at what is remembered, take over an old cache, forget.", no_args_is_help=True)

DataDir = Annotated[Path | None, typer.Option(help="Folder for what is remembered.")]
Config = Annotated[Path | None, typer.Option(help="Configuration file; ./parley.toml by default.")]

_AT_ONCE = 100


@app.callback()
def root() -> None:
    """Look at what is remembered, take over an old cache, forget."""


@app.command("import", short_help="Take over a first-generation server's transcripts.")
def take_over(
    file: Annotated[Path, typer.Argument(help="transcription_cache.db of a first-generation server.")],
    data_dir: DataDir = None,
    config: Config = None,
) -> None:
    """Take over the transcripts of a first-generation server; the file is only read.

    The old server should be stopped. The same again changes nothing.
    """
    new, known, unreadable = _with_store(data_dir, config, lambda store: _take_over(store, file))
    tell.line(f"{new} transcripts were taken over; {known} were known, {unreadable} rows could not be read.")


@app.command("show")
def show(data_dir: DataDir = None, config: Config = None) -> None:
    """Say how much is remembered."""
    held = _with_store(data_dir, config, lambda store: store.held())
    typer.echo(f"transcripts  {held.transcripts} ({_mib(held.transcript_bytes)})")
    typer.echo(f"units        {_mib(held.unit_bytes)}")
    typer.echo(f"imported     {held.imports}")


@app.command("clear", short_help="Forget what no task of a server holds.")
def clear(
    data_dir: DataDir = None,
    config: Config = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Forget units, decoded audio, and transcripts that no task of the server holds."""
    if not yes:
        typer.confirm("Forget what is remembered? Recordings have to be recognised again.", abort=True)
    _with_store(
        data_dir, config, lambda store: store.tidy(pcm_bytes=0, cache_bytes=0, cache_age_s=float("inf"))
    )
    tell.line("What could be forgotten was forgotten.")


async def _take_over(store: Store, file: Path) -> tuple[int, int, int]:
    import asyncio

    from parley.storage.first_generation import read_cache

    rows = read_cache(file)
    new = good = unreadable = 0
    while portion := await asyncio.to_thread(lambda: list(islice(rows, _AT_ONCE))):
        found = [row for row in portion if row is not None]
        unreadable += len(portion) - len(found)
        good += len(found)
        new += await store.imports.put(found)
    return new, good - new, unreadable


def _with_store(data_dir: Path | None, config: Path | None, work: Callable[[Store], Awaitable[_T]]) -> _T:
    import asyncio

    from parley.cli.start import start
    from parley.storage.store import Store

    settings = start(config=config, data_dir=data_dir)

    async def run() -> _T:
        store = await Store.open(settings.data_dir)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / 1024**2:.1f} MiB"
