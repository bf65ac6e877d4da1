"""The page of the settings: one row a key, one table a group."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic.fields import FieldInfo

from parley.settings import Settings
from parley.settings.names import groups

_PREAMBLE = """\
# Settings

Generated from `src/parley/settings/` by `make docs`.

Keys stand in `parley.toml` (in the working directory, or the file that `--config` or `PARLEY_CONFIG`
names), in a file `.env` in the working directory, and in the environment. There the key `workers` is
`PARLEY_WORKERS`, and `port` in the group `[server]` is `PARLEY_SERVER__PORT` (two underscores). Flags win
over the environment, the environment over `.env`, `.env` over the file, key by key. An unknown key is an
error, wherever it stands.

A list stands in the environment as words with commas between them, or as JSON:
`PARLEY_SERVER__HOSTS=speech.example,10.0.0.7`. `parley config show --origin` prints every key, its value and
where it came from; secrets are masked.
"""


def settings_page() -> str:
    """Every key, its default and its meaning."""
    parts = [_PREAMBLE, "\n".join(_table(_plain_fields(), ""))]
    for name, group in groups().items():
        meaning = Settings.model_fields[name].description
        parts.append(f"## `[{name}]`\n\n{meaning}\n\n" + "\n".join(_table(group.model_fields, f"{name}.")))
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _plain_fields() -> dict[str, FieldInfo]:
    return {name: field for name, field in Settings.model_fields.items() if name not in groups()}


def _table(fields: Mapping[str, FieldInfo], prefix: str) -> Iterator[str]:
    yield "| key | default | meaning |"
    yield "|---|---|---|"
    for name, field in fields.items():
        yield f"| `{prefix}{name}` | {_default(field)} | {field.description} |"


def _default(field: FieldInfo) -> str:
    value: Any = field.default
    if field.default_factory is not None or value is None:
        return ""
    return f"`{json.dumps(value, default=str)}`"
