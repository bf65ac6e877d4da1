"""Options of commands that a server may do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from parley.errors import InvalidOption

ServerOption = Annotated[
    str | None,
    typer.Option("--server", metavar="URL", help="Have a server do it: host:port, or a URL."),
]
TokenOption = Annotated[
    str | None,
    typer.Option("--token", help="Token or API key for the server; see the key client.token too."),
]
TlsCaOption = Annotated[
    Path | None,
    typer.Option("--tls-ca", help="Certificates to trust instead of the system's (PEM)."),
]


def check_place(
    server: str | None, *, token: str | None, tls_ca: Path | None, data_dir: Path | None = None
) -> None:
    """Raises InvalidOption for what means nothing where it is done."""
    if server is not None and data_dir is not None:
        raise InvalidOption("--data-dir is about this machine; the server has its own.")
    if server is None and (token or tls_ca):
        raise InvalidOption("--token and --tls-ca are for a server; name it with --server.")
