"""Where settings come from: flags, the environment, `.env`, the configuration file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic_settings import EnvSettingsSource, TomlConfigSettingsSource

from parley.errors import InvalidSettings
from parley.settings.borrowed import borrowed
from parley.settings.keys import Settings
from parley.settings.names import refuse_unknown_variables

PREFIX = "PARLEY_"
CONFIG_VARIABLE = "PARLEY_CONFIG"


class Origin(StrEnum):
    """Who said what a key is."""

    FLAG = "flag"
    ENVIRONMENT = "environment"
    DOTENV = ".env"
    FILE = "file"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Layer:
    """What one source says; groups are dictionaries inside."""

    origin: Origin
    values: Mapping[str, Any]

    def says(self, *path: str) -> bool:
        """Whether the source names the key."""
        found: Any = self.values
        for part in path:
            if not isinstance(found, Mapping) or part not in found:
                return False
            found = found[part]
        return True


def read_layers(config: Path | None, flags: Mapping[str, Any]) -> tuple[Layer, ...]:
    """All sources, the strongest first. Raises InvalidSettings, SettingsError, ValueError, OSError."""
    environment, dotenv = _environment(), _dotenv()
    refuse_unknown_variables(environment, "")
    refuse_unknown_variables(dotenv, " in .env")
    file = config_file(config, environment | {k: v for k, v in dotenv.items() if k not in environment})
    return (
        Layer(Origin.FLAG, given(flags)),
        Layer(Origin.ENVIRONMENT, _Variables(environment)()),
        Layer(Origin.DOTENV, _Variables(dotenv)()),
        Layer(Origin.FILE, TomlConfigSettingsSource(Settings, file)() if file else {}),
        Layer(Origin.ENVIRONMENT, borrowed(os.environ)),
    )


def merged(layers: Iterable[Layer]) -> dict[str, Any]:
    """One dictionary; a stronger source replaces a key, never the group around it."""
    values: dict[str, Any] = {}
    for layer in layers:
        _fill_in(values, layer.values)
    return values


def given(flags: Mapping[str, Any]) -> dict[str, Any]:
    """Flags without those that are None; a group may be given as a dictionary."""
    inner = {key: given(value) if isinstance(value, Mapping) else value for key, value in flags.items()}
    return {key: value for key, value in inner.items() if value is not None and value != {}}


def config_file(named: Path | None = None, variables: Mapping[str, str] | None = None) -> Path | None:
    """The configuration file in force: the one named, that of `PARLEY_CONFIG`, else `./parley.toml`."""
    by_variable = (_environment() if variables is None else variables).get(CONFIG_VARIABLE)
    if named is None and not by_variable:
        usual = Path("parley.toml")
        return usual if usual.is_file() else None
    path = named or Path(by_variable or "")
    if path.is_file():
        return path
    if named is not None:
        raise InvalidSettings("The file that --config names does not exist; correct the name.")
    raise InvalidSettings(
        "The file that PARLEY_CONFIG names does not exist; correct it or unset the variable."
    )


class _Variables(EnvSettingsSource):
    """Reads `PARLEY_*` variables from a mapping; `__` parts a group from its key."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._given = {name.lower(): value for name, value in variables.items() if value}
        super().__init__(Settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return self._given


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.upper().startswith(PREFIX)}


def _dotenv() -> dict[str, str]:
    """Our variables in `.env`, as they stand there; other programs' are none of our business."""
    path = Path(".env")
    if not path.is_file():
        return {}
    from dotenv import dotenv_values

    try:
        # A password may hold a dollar sign.
        found = dotenv_values(path, interpolate=False)
    except (OSError, UnicodeError) as error:
        raise InvalidSettings("The file .env cannot be read; correct it.", detail=str(error)) from error
    return {name: value or "" for name, value in found.items() if name.upper().startswith(PREFIX)}


def _fill_in(values: dict[str, Any], weaker: Mapping[str, Any]) -> None:
    for key, value in weaker.items():
        if key not in values:
            values[key] = dict(value) if isinstance(value, Mapping) else value
        elif isinstance(values[key], dict) and isinstance(value, Mapping):
            _fill_in(values[key], value)
