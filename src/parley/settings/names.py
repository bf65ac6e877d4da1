"""The names of keys and variables, and what was probably meant by one that does not exist."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import BaseModel

from parley.errors import InvalidSettings
from parley.settings.keys import Settings

_FREE = ("PARLEY_CONFIG",)
"""Variables that are no keys."""

_OTHERS = ("PARLEY_TEST_",)
"""Prefixes of variables that are not for us."""


def groups() -> Mapping[str, type[BaseModel]]:
    """The keys that hold keys, with their models."""
    return {
        name: field.annotation
        for name, field in Settings.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
    }


def every_key() -> list[tuple[str, ...]]:
    """The path of each key that holds a value, in the order of the settings."""
    within = groups()
    return [
        path
        for name in Settings.model_fields
        for path in ([(name, key) for key in within[name].model_fields] if name in within else [(name,)])
    ]


def variable_of(path: Iterable[str]) -> str:
    """The environment variable of a key."""
    return f"PARLEY_{'__'.join(path)}".upper()


def refuse_unknown_variables(names: Iterable[str], where: str) -> None:
    """Raise InvalidSettings for a misspelt variable, which would otherwise be ignored without a word."""
    known = {*_FREE, *map(variable_of, every_key()), *(variable_of((name,)) for name in groups())}
    for name in names:
        shouted = name.upper()
        if shouted in known or shouted.startswith(_OTHERS) or _is_inside_a_value(shouted):
            continue
        raise InvalidSettings(f"{name}{where} is not a setting{suggest(name, known)}; see docs/settings.md.")


def suggest(name: str, known: Iterable[str]) -> str:
    """`; did you mean ...?`, or nothing."""
    from difflib import get_close_matches

    close = get_close_matches(name, list(known), n=1)
    return f"; did you mean '{close[0]}'?" if close else ""


def explain_unknown(path: tuple[str, ...]) -> str:
    """The sentence about a key of the file, or of a flag, that does not exist."""
    within = groups()
    siblings = list(within[path[0]].model_fields) if path[0] in within else list(Settings.model_fields)
    if path[0] in within:
        known = [f"{path[0]}.{name}" for name in siblings]
    else:
        known = [*siblings, *(".".join(other) for other in every_key())]
    key = ".".join(path)
    return f"'{key}' is not a setting{suggest(key, known)}; see docs/settings.md."


def _is_inside_a_value(name: str) -> bool:
    """Profiles have names of their own: PARLEY_PROFILES__MINE."""
    return name.startswith("PARLEY_PROFILES__")
