"""`parley config show`: every setting in force and where it came from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(help="Look at the settings.", no_args_is_help=True)

MASK = "******"
"""What is shown of a secret."""


@app.callback()
def root() -> None:
    """Look at the settings."""


@app.command("show")
def show(
    origin: Annotated[
        bool,
        typer.Option("--origin", help="Say where each value came from: environment, .env, file, default."),
    ] = False,
    json_output: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    config: Annotated[Path | None, typer.Option(help="Configuration file; ./parley.toml by default.")] = None,
) -> None:
    """Print every key and its value; secrets are masked."""
    import json

    from parley.settings import load_with_origins

    settings, origins = load_with_origins(config, {})
    plain = settings.model_dump()
    rows = {".".join(path): (_shown(_value(plain, path)), origins[path].value) for path in origins}
    if json_output:
        facts = {
            key: {"value": value, "origin": source} if origin else value
            for key, (value, source) in rows.items()
        }
        typer.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    width = max(map(len, rows))
    for key, (value, source) in rows.items():
        line = f"{key:<{width}}  {json.dumps(value, ensure_ascii=False)}"
        typer.echo(f"{line}  ({source})" if origin else line)


def _value(plain: dict[str, Any], path: tuple[str, ...]) -> Any:
    found: Any = plain
    for part in path:
        found = found[part]
    return found


def _shown(value: Any) -> Any:
    from pydantic import SecretStr

    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, list | tuple):
        return [_shown(item) for item in value]
    return str(value) if isinstance(value, Path) else value
