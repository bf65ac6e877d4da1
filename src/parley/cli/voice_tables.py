"""Voices as lines and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

import typer

from parley.cli import tell
from parley.speech.voice import VoiceFacts


def print_json(voices: Sequence[VoiceFacts]) -> None:
    """For programs; the id is called as in `/v1/voices`."""
    rows: list[dict[str, object]] = []
    for voice in voices:
        facts = asdict(voice)
        rows.append({"id": facts.pop("voice_id"), **facts, "languages": list(voice.languages)})
    typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))


def print_list(voices: Sequence[VoiceFacts]) -> None:
    """One voice a line."""
    if not voices:
        tell.line("No engine that speaks is installed; `pip install 'parley[espeak]'` is the smallest one.")
        return
    width = max(len(voice.voice_id) for voice in voices)
    for voice in voices:
        typer.echo(tell.printable(_line(voice, width)).rstrip())


def _line(voice: VoiceFacts, width: int) -> str:
    languages = ",".join(voice.languages) or "any"
    name = "" if voice.voice_id.endswith(f"/{voice.name}") else voice.name
    about = "  ".join(part for part in (name, voice.summary) if part)
    return f"{voice.voice_id:<{width}}  {voice.kind:<8}  {languages:<8}  {about}"
