"""`parley token create`: a signed token for a user of the server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Make tokens for users of the server.", no_args_is_help=True)


@app.callback()
def root() -> None:
    """Make tokens for users of the server."""


@app.command("create", short_help="Print a token for a user.")
def create(
    subject: Annotated[str, typer.Option(help="The user the token stands for.")],
    expires: Annotated[str, typer.Option(help="How long it is valid: 30m, 24h, 90d, or never.")] = "24h",
    scope: Annotated[
        list[str] | None, typer.Option(help="`admin` sees and cancels the tasks of all; may be repeated.")
    ] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Data directory of the server.")] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration file; ./parley.toml by default.")] = None,
) -> None:
    """Print a token, signed with the secret of the server that has the data directory.

    A token cannot be taken back; make it short-lived, or give out a key (`parley key create`).
    """
    from parley.app.options import authority_options
    from parley.cli.lifetime import check_scopes, check_subject, parse_lifetime
    from parley.cli.start import start
    from parley.errors import InvalidOption
    from parley.server.authority import Authority

    user, scopes, lifetime = check_subject(subject, "--subject"), check_scopes(scope), parse_lifetime(expires)
    settings = start(config=config, data_dir=data_dir)
    if lifetime is None and not settings.auth.allow_eternal_tokens:
        raise InvalidOption(
            "The server refuses tokens that never expire; name a time, set auth.allow_eternal_tokens, or "
            "create a key, which can be revoked."
        )
    authority = Authority.open(settings.data_dir, authority_options(settings))
    typer.echo(authority.mint(user, lifetime, scopes))
