"""Options of commands that a server may do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
