"""Every key with its type, default and meaning; `docs/settings.md` is generated from here."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from parley.settings.assistant import AssistantSettings
from parley.settings.client import ClientSettings
from parley.settings.engines import DevicesSettings, EnginesSettings, ModelsSettings
from parley.settings.live import LiveSettings
from parley.settings.server import (
    AuthSettings,
    CacheSettings,
    NotifySettings,
    QueueSettings,
    ServerSettings,
    UploadSettings,
)
from parley.settings.voices import VoicesSettings

MIB = 1024 * 1024


def default_data_dir() -> Path:
    """Where this system keeps a user's application data."""
    return Path(platformdirs.user_data_dir("parley", appauthor=False))


class Settings(BaseSettings):
    """The settings in force; `loading` reads them, and nothing else does."""

    model_config = SettingsConfigDict(
        env_prefix="PARLEY_", env_nested_delimiter="__", env_ignore_empty=True, extra="forbid", frozen=True
    )

    data_dir: Path = Field(
        default_factory=default_data_dir,
        description="Folder of the database and decoded audio; default: the system's place for app data.",
    )
    profile: str = Field(
        "embedded",
        description="Profile used when none is named; `auto` takes the best installed one for the language.",
    )
    profiles: dict[str, dict[str, str | dict[str, str]]] = Field(
        default_factory=dict,
        description='More profiles: role = engine, for instance `[profiles.mine]` with `asr = "moonshine"`; '
        "`streaming` names the recogniser that hears live speech as it comes (`none`: no other than `asr`, "
        "again and again), `tts` an engine that speaks; `[profiles.mine.devices]` says by role what "
        "computes.",
    )
    engine_dirs: Annotated[tuple[Path, ...], NoDecode] = Field(
        (),
        description="Folders with engine files of your own: each `*.py` in them that exports `SPEC`. "
        "In the environment they stand as in PATH: `/one:/two` (on Windows `;` between them).",
    )
    workers: int = Field(
        0, ge=0, le=256, description="Speech worker processes; 0 means one per processor core, at most 4."
    )
    unit_seconds: float = Field(
        30.0,
        ge=1,
        le=600,
        description="Seconds of speech in one unit of work; what a killed worker has to do again.",
    )
    max_duration_hours: float = Field(24.0, gt=0, description="Longest recording that is accepted, in hours.")
    max_file_mib: int = Field(
        5000, gt=0, description="Largest file that is accepted from standard input, in MiB."
    )
    max_channels: int = Field(16, ge=1, le=64, description="Most channels a recording may have.")
    pcm_cache_mib: int = Field(
        2048, ge=0, description="Disk space for decoded audio that is kept after a run, in MiB; 0 keeps none."
    )
    cache_mib: int = Field(1024, ge=0, description="Disk space for remembered units and transcripts, in MiB.")
    cache_days: float = Field(
        90.0, gt=0, description="Days after which a transcript nobody asked for is forgotten."
    )
    call_floor_s: float = Field(
        60.0,
        gt=0,
        description="A worker without progress for this many seconds, plus `call_per_audio_s` for each "
        "second of audio in its call, is killed.",
    )
    call_per_audio_s: float = Field(
        5.0, ge=0, description="Seconds of patience for each second of audio in a worker's call."
    )
    worker_rss_growth_mib: int = Field(
        1024,
        gt=0,
        description="A worker whose memory grew by more than this many MiB is replaced in the background.",
    )
    log_level: str = Field(
        "error",
        pattern="^(debug|info|warning|error)$",
        description="Least severe log line that reaches standard error; lost workers are told anyway.",
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="Log lines for people (`text`) or as one JSON object each (`json`)."
    )

    server: ServerSettings = Field(ServerSettings(), description="Doors of the server.")
    auth: AuthSettings = Field(AuthSettings(), description="Who may use the server.")
    uploads: UploadSettings = Field(UploadSettings(), description="Recordings on their way in.")
    queue: QueueSettings = Field(QueueSettings(), description="Tasks of the server.")
    live: LiveSettings = Field(LiveSettings(), description="Live speech.")
    voices: VoicesSettings = Field(VoicesSettings(), description="Text to speech.")
    assistant: AssistantSettings = Field(AssistantSettings(), description="Conversations.")
    cache: CacheSettings = Field(CacheSettings(), description="Transcripts found again.")
    notify: NotifySettings = Field(NotifySettings(), description="Who is told.")
    engines: EnginesSettings = Field(EnginesSettings(), description="Engines beside Parley's own.")
    models: ModelsSettings = Field(ModelsSettings(), description="Downloads.")
    devices: DevicesSettings = Field(DevicesSettings(), description="What computes.")
    client: ClientSettings = Field(ClientSettings(), description="Commands with `--server`.")

    @field_validator("data_dir", "engine_dirs", mode="after")
    @classmethod
    def _expand_home(cls, value: Path | tuple[Path, ...]) -> Path | tuple[Path, ...]:
        """`~` is a shell's word; in a file or a variable nobody has replaced it yet."""
        return value.expanduser() if isinstance(value, Path) else tuple(path.expanduser() for path in value)

    @field_validator("log_level", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("engine_dirs", mode="before")
    @classmethod
    def _split_folders(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        if value.startswith("["):
            return json.loads(value)
        return [part for part in value.split(os.pathsep) if part]

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is handed over: `layers` reads the sources, and remembers which one said what."""
        return (init_settings,)

    def environments_dir(self) -> Path:
        """Where engine environments live."""
        return self.engines.dir or self.data_dir / "environments"

    def models_dir(self) -> Path:
        """Where models live."""
        return self.models.dir or self.data_dir / "models"

    def worker_count(self) -> int:
        """Speech workers to run; beyond four the embedded engines gain little for the memory they take."""
        return self.workers or max(1, min(processors(), 4))


def processors() -> int:
    """Those this process may use; a container or `taskset` may grant fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
