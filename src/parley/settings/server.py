"""The keys of the server, in groups: `[server]`, `[auth]`, ... in the file, `PARLEY_SERVER__PORT` outside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic_settings import NoDecode


def _split(value: object) -> object:
    """A list in the environment: JSON, or words with white space or commas between them."""
    if not isinstance(value, str):
        return value
    return json.loads(value) if value.lstrip().startswith("[") else value.replace(",", " ").split()


def _split_addresses(value: object) -> object:
    """The same for addresses, in which commas may stand."""
    if not isinstance(value, str) or value.lstrip().startswith("["):
        return _split(value)
    return value.split()


def _kept(value: object) -> object:
    """What an older configuration says: yes or no."""
    word = str(value).lower() if isinstance(value, bool | int | str) else value
    return {"true": "original", "1": "original", "false": "none", "0": "none"}.get(str(word), word)


KeepMedia = Annotated[Literal["compact", "original", "none"], BeforeValidator(_kept)]
Event = Literal["server_started", "server_stopped", "task_completed", "task_failed"]
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Events = Annotated[tuple[Event, ...], NoDecode, BeforeValidator(_split)]
Addresses = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split_addresses)]


class Group(BaseModel):
    """Keys that belong together; an unknown one is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ServerSettings(Group):
    """Doors: addresses, limits per client, TLS."""

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(
        default=8767, ge=0, le=65535, description="Port to listen on; 0 takes any that is free."
    )
    insecure: bool = Field(default=False, description="Allow a public address without authentication.")
    tls_cert: Path | None = Field(default=None, description="Certificate chain (PEM).")
    tls_key: Path | None = Field(default=None, description="Private key of the certificate (PEM).")
    tls: Literal["off", "self-signed"] = Field(
        default="off",
        description="`self-signed` makes a certificate in the data directory on the first start.",
    )
    hosts: Names = Field(
        default=(),
        description="Names in `Host` that are ours, besides the address listened on and, on loopback, "
        "localhost; `*` allows any.",
    )
    origins: Names = Field(
        default=(),
        description="Pages of other origins that may call us, such as `https://app.example`; `*` allows any.",
    )
    trusted_proxies: Names = Field(
        default=(), description="Addresses of reverse proxies whose forwarding headers are believed."
    )
    max_connections: int = Field(default=2000, ge=1, description="Open WebSocket connections.")
    max_connections_per_client: int = Field(
        default=2000,
        ge=1,
        description="Open WebSocket connections of one user or, before authentication, address.",
    )
    requests_per_minute: int = Field(
        default=6000,
        ge=0,
        description="Requests and messages of one client in a minute, chunks apart; 0: no limit.",
    )
    frame_budget_mib: int = Field(
        default=256,
        ge=1,
        description="Memory for WebSocket frames not dealt with yet, in MiB.",
    )
    auth_timeout_s: float = Field(
        default=30.0, gt=0, description="Patience for the answer to `auth_required`."
    )
    send_timeout_s: float = Field(
        default=60.0, gt=0, description="A client that takes nothing for so long is disconnected."
    )
    ping_interval_s: float = Field(default=20.0, gt=0, description="Seconds between protocol pings.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe log line of the server; `log_level` is that of commands."
    )
    shutdown_grace_s: float = Field(
        default=10.0,
        ge=0,
        description="Seconds that requests in progress get to finish when the server stops.",
    )


class AuthSettings(Group):
    """Who may use the server."""

    enabled: bool = Field(default=False, description="Ask for a token or an API key.")
    secret: SecretStr | None = Field(
        default=None, description="Key of HS256 tokens; default: a random one, kept in the data directory."
    )
    algorithm: Literal["HS256", "HS384", "HS512", "RS256", "ES256", "EdDSA"] = Field(
        default="HS256", description="The one algorithm that tokens may be signed with."
    )
    public_key: Path | None = Field(default=None, description="Public key (PEM) for RS256, ES256 and EdDSA.")
    allow_eternal_tokens: bool = Field(default=False, description="Accept tokens without `exp`.")


class UploadSettings(Group):
    """Recordings on their way in, and how long they stay."""

    expire_minutes: float = Field(default=30.0, gt=0, description="An upload silent for so long is removed.")
    max_open: int = Field(default=1000, ge=1, description="Uploads open at once.")
    max_open_per_user: int = Field(
        default=1000,
        ge=1,
        description="Uploads open at once for one user; without authentication everybody is one user.",
    )
    disk_mib: int = Field(
        default=20_000, gt=0, description="Disk space for uploads and recordings that tasks need, in MiB."
    )
    keep_media: KeepMedia = Field(
        default="compact",
        description="What stays of a recording until its finished tasks are forgotten: a `compact` copy, the "
        "`original` (or `true`), `none` (or `false`).",
    )
    allow_urls: bool = Field(
        default=False, description="Let clients name an address to fetch a recording from."
    )
    url_timeout_s: float = Field(
        default=600.0, gt=0, description="Seconds that fetching an address may take."
    )
    allow_private_urls: bool = Field(
        default=False, description="Let `url` and `callback_url` name private and loopback addresses."
    )


class QueueSettings(Group):
    """Tasks: how many wait, how many run, how long they are remembered."""

    mode: Literal["pool", "lock"] = Field(
        default="pool",
        description="`lock`: one call at a time over all engines, one worker for each engine environment; "
        "`pool`: as many as there are workers.",
    )
    max_waiting: int = Field(
        default=500, ge=1, description="Tasks that may wait; one more is answered `queue_full`."
    )
    max_waiting_per_user: int = Field(default=500, ge=1, description="Tasks of one user that may wait.")
    running: int = Field(
        default=0, ge=0, le=256, description="Tasks worked on at once; 0 means one more than speech workers."
    )
    min_workers: int = Field(
        default=1,
        ge=0,
        le=256,
        description="Speech workers kept, with the default profile's models, when nothing is to do.",
    )
    worker_idle_s: float = Field(
        default=300.0, gt=0, description="A worker above `min_workers` that was idle for so long is ended."
    )
    silence_s: float = Field(default=900.0, gt=0, description="A task without progress for so long is ended.")
    attempts: int = Field(default=3, ge=1, le=10, description="Tries of a task whose failure may pass.")
    keep_days: float = Field(default=30.0, gt=0, description="Days that finished tasks are remembered.")


class CacheSettings(Group):
    """Transcripts that are found again."""

    shared: bool = Field(
        default=False, description="With authentication on, let users profit from what others have uploaded."
    )


class NotifySettings(Group):
    """Who is told that something happened; off unless a target is named."""

    urls: Addresses = Field(
        default=(), description="Apprise addresses, for instance `wecombot://<key>`; see the operators' page."
    )
    webhook: SecretStr | None = Field(
        default=None, description="Address that gets a signed POST for each event."
    )
    webhook_secret: SecretStr | None = Field(
        default=None, description="Key of the signature; default: a random one, kept in the data directory."
    )
    events: Events = Field(
        default=("server_started", "server_stopped", "task_completed", "task_failed"),
        description="What is told.",
    )
    attempts: int = Field(
        default=8, ge=1, le=50, description="Tries of a delivery, further and further apart."
    )
    timeout_s: float = Field(default=15.0, gt=0, description="Seconds that one try may take.")
    language: Literal["en", "zh"] = Field(
        default="en", description="Language of the sentences that are told."
    )
