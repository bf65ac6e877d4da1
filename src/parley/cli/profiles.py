"""`parley profiles`: which profiles there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from parley.engines.profiles import Profile
    from parley.supply.readiness import Supplies


def command(json_output: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """List profiles: their engines by role, languages, what they can do, and whether they can run here."""
    import json

    from parley.app import load_profiles, supplies_of
    from parley.cli.start import start

    settings = start()
    supplies = supplies_of(settings)
    rows = [_facts(profile, settings.profile, supplies) for profile in load_profiles(settings).values()]
    if json_output:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        _show(row)


def _facts(profile: Profile, default: str, supplies: Supplies) -> dict[str, object]:
    from dataclasses import asdict

    lack = supplies.lack(profile.engines.values())
    return {
        "name": profile.name,
        "default": profile.name == default,
        "engines": {role.value: spec.name for role, spec in profile.engines.items()},
        "languages": sorted(profile.languages) if profile.languages is not None else None,
        "capabilities": sorted(profile.capabilities),
        "missing": {kind: list(names) for kind, names in asdict(lack).items() if names},
    }


def _show(row: dict[str, object]) -> None:
    mark = " (default)" if row["default"] else ""
    languages = row["languages"]
    known = ", ".join(languages) if isinstance(languages, list) else "any"
    engines = row["engines"]
    typer.echo(f"{row['name']}{mark}")
    if isinstance(engines, dict):
        typer.echo("  engines    " + ", ".join(f"{role}={name}" for role, name in engines.items()))
    typer.echo(f"  languages  {known}")
    capabilities = row["capabilities"]
    if isinstance(capabilities, list):
        typer.echo(f"  can also   {', '.join(capabilities) or 'nothing beyond text, times and speakers'}")
    typer.echo(f"  state      {_state(row)}")


def _state(row: dict[str, object]) -> str:
    return f"not installed; parley pull {row['name']}" if row["missing"] else "ready"
