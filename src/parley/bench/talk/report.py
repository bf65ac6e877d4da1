"""What a benchmark of conversations found, as values; `write_talk` gives its JSON form."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from parley.bench.live.delays import Delays
from parley.bench.report import Machine, Material

KIND = "parley-bench-talk"

SCHEMA_VERSION = 1
"""Raised when the meaning of a field changes; a new optional field does not raise it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What a stage adds to the delay, as the server says."""

    name: str
    delay: Delays


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkReport:
    """One benchmark. `delay` is from the end of speech to the first sound, both heard on a recording;
    `unheard` turns had no answer that can be heard. `late_s` is by how much our own microphone was late
    (95th percentile)."""

    made_at: str
    command: str
    machine: Machine
    material: Material
    profile: str
    voice: str
    model: str
    is_own: bool
    turns: int
    unheard: int
    delay: Delays | None
    stages: tuple[Stage, ...]
    late_s: float
    notes: tuple[str, ...] = ()
    is_complete: bool = True
    kind: str = KIND
    schema_version: int = SCHEMA_VERSION


def write_talk(report: TalkReport) -> str:
    """The JSON form."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n"


def talk_schema() -> dict[str, object]:
    """The JSON schema of a report."""
    return msgspec.json.schema(TalkReport)
