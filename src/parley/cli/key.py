"""`parley key create|list|revoke`: API keys of the server, which can be taken back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from parley.cli import tell

if TYPE_CHECKING:
    from parley.storage.keys import ApiKey, Keys

_T = TypeVar("_T")

app = typer.Typer(help="Make, list and revoke API keys of the server.", no_args_is_help=True)

DataDir = Annotated[Path | None, typer.Option(help="Data directory of the server.")]
Config = Annotated[Path | None, typer.Option(help="Configuration file; ./parley.toml by default.")]


@app.callback()
def root() -> None:
    """Make, list and revoke API keys of the server."""


@app.command("create")
def create(
    name: Annotated[str, typer.Option(help="What the key is for, to know it again.")],
    subject: Annotated[str | None, typer.Option(help="The user it stands for; the name by default.")] = None,
    scope: Annotated[
        list[str] | None, typer.Option(help="`admin` sees and cancels the tasks of all; may be repeated.")
    ] = None,
    expires: Annotated[str, typer.Option(help="How long it is valid: 30m, 24h, 90d, or never.")] = "never",
    data_dir: DataDir = None,
    config: Config = None,
) -> None:
    """Print a new key. It is shown this once; the server keeps only its digest."""
    from parley.cli.lifetime import check_scopes, check_subject, parse_lifetime

    check_subject(name, "--name")
    user = check_subject(name if subject is None else subject, "--subject")
    scopes, lifetime = check_scopes(scope), parse_lifetime(expires)
    made, text = _with_keys(
        data_dir, config, lambda keys: keys.create(user, name=name, scopes=scopes, expires_s=lifetime)
    )
    tell.line(f"Key {made.id} for {tell.printable(user)}; it is shown only now:")
    typer.echo(text)


@app.command("list")
def show(
    json_output: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    data_dir: DataDir = None,
    config: Config = None,
) -> None:
    """List the keys, those that open nothing any more too."""
    import json

    rows = [_facts(key) for key in _with_keys(data_dir, config, lambda keys: keys.list())]
    if json_output:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        scopes = f" [{row['scopes']}]" if row["scopes"] else ""
        names = tell.printable(f"{row['name']} for {row['subject']}")
        typer.echo(f"{row['id']}  {row['state']:<8}  {names}{scopes}  expires {row['expires'] or 'never'}")


@app.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `parley key list` shows it.")],
    data_dir: DataDir = None,
    config: Config = None,
) -> None:
    """Make a key open nothing any more, at once and for good."""
    from parley.errors import InvalidOption

    if not _with_keys(data_dir, config, lambda keys: keys.revoke(key_id)):
        raise InvalidOption("No key of that id can be revoked; `parley key list` shows them.")
    tell.line("The key was revoked.")


def _with_keys(data_dir: Path | None, config: Path | None, work: Callable[[Keys], Awaitable[_T]]) -> _T:
    import asyncio

    from parley.cli.start import start
    from parley.storage.store import Store

    settings = start(config=config, data_dir=data_dir)

    async def run() -> _T:
        store = await Store.open(settings.data_dir)
        try:
            return await work(store.keys)
        finally:
            await store.close()

    return asyncio.run(run())


def _facts(key: ApiKey) -> dict[str, str | None]:
    now = datetime.now(UTC).timestamp()
    state = "revoked" if key.revoked_at is not None else "valid" if key.is_valid(now) else "expired"
    return {
        "id": key.id,
        "name": key.name,
        "subject": key.subject,
        "scopes": " ".join(key.scopes),
        "state": state,
        "created": _moment(key.created_at),
        "expires": None if key.expires_at is None else _moment(key.expires_at),
    }


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
