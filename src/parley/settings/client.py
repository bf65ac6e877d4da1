"""The keys of commands that talk to a server: `[client]` in the file, `PARLEY_CLIENT__TOKEN` outside."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr

from parley.settings.server import Group


class ClientSettings(Group):
    """Talking to a server."""

    token: SecretStr | None = Field(
        default=None,
        description="Token or API key shown to a server; unlike `--token` it is in no list of processes.",
    )
    tls_ca: Path | None = Field(
        default=None, description="Certificates to trust instead of the system's (PEM)."
    )
