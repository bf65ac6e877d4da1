"""`parley profiles`: which profiles there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

MOST_SHOWN = 12
"""Language codes that are listed one by one."""

WELL_KNOWN = ("zh", "yue", "en", "ja", "ko", "es", "fr", "de", "ru", "ar")

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
    for row in sorted(rows, key=lambda row: bool(row["missing"])):
        _show(row)


def _facts(profile: Profile, default: str, supplies: Supplies) -> dict[str, object]:
    from dataclasses import asdict

    from parley.engines.contract import Role

    lack = supplies.lack(profile.engines.values())
    unheard = supplies.lack([profile.streaming] if profile.streaming else [])
    unsaid = supplies.lack([profile.tts] if profile.tts else [])
    return {
        "name": profile.name,
        "default": profile.name == default,
        "engines": {role.value: spec.name for role, spec in profile.engines.items()},
        "languages": sorted(profile.languages) if profile.languages is not None else None,
        "capabilities": sorted(profile.capabilities),
        "public_names": list(profile.engines[Role.ASR].public_names),
        "missing": {kind: list(names) for kind, names in asdict(lack).items() if names},
        "streaming": profile.streaming.name if profile.streaming else None,
        "streaming_missing": {kind: list(names) for kind, names in asdict(unheard).items() if names},
        "tts": profile.tts.name if profile.tts else None,
        "tts_missing": {kind: list(names) for kind, names in asdict(unsaid).items() if names},
    }


def _show(row: dict[str, object]) -> None:
    mark = " (default)" if row["default"] else ""
    engines = row["engines"]
    typer.echo(f"{row['name']}{mark}")
    if isinstance(engines, dict):
        typer.echo("  engines    " + ", ".join(f"{role}={name}" for role, name in engines.items()))
    typer.echo(f"  languages  {_languages(row['languages'])}")
    capabilities = row["capabilities"]
    if isinstance(capabilities, list):
        typer.echo(f"  can also   {', '.join(capabilities) or 'nothing beyond text, times and speakers'}")
    typer.echo(f"  live       {_live(row)}")
    typer.echo(f"  voice      {_voice(row)}")
    typer.echo(f"  state      {_state(row)}")


def _languages(codes: object) -> str:
    if not isinstance(codes, list):
        return "any"
    known = [str(code) for code in codes]
    if len(known) <= MOST_SHOWN:
        return ", ".join(known)
    shown = [code for code in WELL_KNOWN if code in known]
    return f"{len(known)} of them: {', '.join(shown)} ...; --json lists all"


def _live(row: dict[str, object]) -> str:
    """How live speech is heard."""
    again = "recognises the growing utterance again and again"
    streaming, engines = row["streaming"], row["engines"]
    if streaming is None:
        return again
    if row["streaming_missing"] and not row["missing"]:
        return f"{again}; {streaming} comes by: parley pull {row['name']}"
    last = engines["asr"] if isinstance(engines, dict) else ""
    return f"{streaming}" if streaming == last else f"{streaming}, then {last} on each utterance"


def _voice(row: dict[str, object]) -> str:
    """Who speaks where this profile listens, unless somebody names a voice."""
    if row["tts"] is None:
        return "none"
    return (
        f"{row['tts']}, which is not installed; see: parley engines"
        if row["tts_missing"]
        else f"{row['tts']}"
    )


def _state(row: dict[str, object]) -> str:
    return f"not installed; parley pull {row['name']}" if row["missing"] else "ready"
