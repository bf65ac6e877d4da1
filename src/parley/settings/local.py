"""The only reader of the environment and the configuration file.

Order of precedence: command line, `PARLEY_*` variables, the file `parley.toml` (or the one that
`PARLEY_CONFIG` names), defaults. Rooms are handed frozen option values, never this object.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Annotated, Any

import platformdirs
import pydantic
from pydantic import Field, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from parley.errors import InvalidSettings
from parley.settings.server import (
    AuthSettings,
    CacheSettings,
    NotifySettings,
    QueueSettings,
    ServerSettings,
    UploadSettings,
)

MIB = 1024 * 1024


def default_data_dir() -> Path:
    """Where this system keeps a user's application data."""
    return Path(platformdirs.user_data_dir("parley", appauthor=False))


class Settings(BaseSettings):
    """Every key, its default and its meaning; `docs/settings.md` is generated from here."""

    model_config = SettingsConfigDict(
        env_prefix="PARLEY_", env_nested_delimiter="__", env_ignore_empty=True, extra="forbid", frozen=True
    )

    data_dir: Path = Field(
        default_factory=default_data_dir,
        description="Folder of the database and decoded audio; default: the system's place for app data.",
    )
    profile: str = Field("embedded", description="Profile used when none is named.")
    profiles: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description='More profiles: role = engine, for instance `[profiles.mine]` with `asr = "moonshine"`.',
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

    server: ServerSettings = Field(ServerSettings(), description="Doors of the server.")
    auth: AuthSettings = Field(AuthSettings(), description="Who may use the server.")
    uploads: UploadSettings = Field(UploadSettings(), description="Recordings on their way in.")
    queue: QueueSettings = Field(QueueSettings(), description="Tasks of the server.")
    cache: CacheSettings = Field(CacheSettings(), description="Transcripts found again.")
    notify: NotifySettings = Field(NotifySettings(), description="Who is told.")

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
        """Flags over environment over file."""
        file = config_file()
        sources = (init_settings, env_settings)
        return (*sources, TomlConfigSettingsSource(settings_cls, file)) if file else sources

    def worker_count(self) -> int:
        """Speech workers to run; beyond four the embedded engines gain little for the memory they take."""
        return self.workers or max(1, min(_processors(), 4))


def _processors() -> int:
    """Those this process may use; a container or `taskset` may grant fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def config_file() -> Path | None:
    """The configuration file in force: `PARLEY_CONFIG`, else `parley.toml` in the working directory."""
    named = os.environ.get("PARLEY_CONFIG")
    path = Path(named) if named else Path("parley.toml")
    if path.is_file():
        return path
    if named:
        raise InvalidSettings(
            "The file that PARLEY_CONFIG names does not exist; correct it or unset the variable."
        )
    return None


def load_settings(**overrides: Any) -> Settings:
    """Settings with the flags that were given; None means not given. Raises InvalidSettings."""
    given = {key: value for key, value in overrides.items() if value is not None}
    try:
        settings = Settings(**given)
    except pydantic.ValidationError as error:
        raise InvalidSettings(_explain(error)) from error
    except SettingsError as error:
        raise InvalidSettings(_explain_variable(error), detail=str(error)) from error
    except (ValueError, OSError) as error:
        raise InvalidSettings(
            "The configuration file is not valid TOML; correct it.", detail=str(error)
        ) from error
    _refuse_unknown_variables()
    return settings


def _refuse_unknown_variables() -> None:
    """A misspelt `PARLEY_*` variable would otherwise be ignored without a word."""
    known = {f"PARLEY_{name}".upper() for name in Settings.model_fields} | {"PARLEY_CONFIG"}
    for name in os.environ:
        if name.startswith("PARLEY_") and name not in known and not name.startswith("PARLEY_TEST_"):
            raise InvalidSettings(f"{name} is not a setting{_suggest(name, known)}; see docs/settings.md.")


def _explain(error: pydantic.ValidationError) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"'{key}' is not a setting{_suggest(key, Settings.model_fields)}; see docs/settings.md."
    return f"The setting '{key}' is not valid: {first['msg'].lower()}."


def _explain_variable(error: SettingsError) -> str:
    # pydantic-settings names the field in its sentence only: error parsing value for field "profiles" ...
    named = re.search(r'field "(\w+)"', str(error))
    variable = f"PARLEY_{named[1]}".upper() if named else "A PARLEY_* variable"
    return f'{variable} is not valid JSON, for instance {{"mine": {{"asr": "moonshine"}}}}.'


def _suggest(name: str, known: Any) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, list(known), n=1)
    return f"; did you mean '{close[0]}'?" if close else ""
