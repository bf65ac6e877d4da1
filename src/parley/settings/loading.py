"""Reads the settings, and says in one sentence what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pydantic
from pydantic_settings import SettingsError

from parley.errors import InvalidSettings
from parley.settings.keys import Settings
from parley.settings.layers import Layer, Origin, merged, read_layers
from parley.settings.names import every_key, explain_unknown


def load_settings(config: Path | None = None, **overrides: Any) -> Settings:
    """Settings with the flags that were given; None means not given.

    A group is given as a dictionary (`server={"port": 80}`) and replaces those keys only. Raises
    InvalidSettings.
    """
    return load_with_origins(config, overrides)[0]


def load_with_origins(
    config: Path | None, flags: Mapping[str, Any]
) -> tuple[Settings, Mapping[tuple[str, ...], Origin]]:
    """The settings, and who said what each key is. Raises InvalidSettings."""
    try:
        layers = read_layers(config, flags)
        settings = Settings(**merged(layers))
    except pydantic.ValidationError as error:
        raise InvalidSettings(_explain(error)) from error
    except SettingsError as error:
        raise InvalidSettings(_explain_variable(error), detail=str(error)) from error
    except (ValueError, OSError) as error:
        raise InvalidSettings(
            "The configuration file is not valid TOML; correct it.", detail=str(error)
        ) from error
    return settings, {path: _origin(layers, path) for path in every_key()}


def _origin(layers: tuple[Layer, ...], path: tuple[str, ...]) -> Origin:
    return next((layer.origin for layer in layers if layer.says(*path)), Origin.DEFAULT)


def _explain(error: pydantic.ValidationError) -> str:
    first = error.errors(include_input=False)[0]
    path = tuple(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return explain_unknown(path)
    return f"The setting '{'.'.join(path)}' is not valid: {_as_clause(first['msg'])}."


def _as_clause(sentence: str) -> str:
    return sentence.removeprefix("Value error, ").lower().rstrip(".")


def _explain_variable(error: SettingsError) -> str:
    # pydantic-settings names the field in its sentence only: error parsing value for field "profiles" ...
    named = re.search(r'field "(\w+)"', str(error))
    variable = f"PARLEY_{named[1]}".upper() if named else "A PARLEY_* variable"
    return f'{variable} is not valid JSON, for instance {{"mine": {{"asr": "moonshine"}}}}.'
