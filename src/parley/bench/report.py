"""What a benchmark found, as values; `read_report` and `write_report` are its JSON form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from parley.bench.spread import Spread
from parley.errors import InputError

SCHEMA_VERSION = 1
"""Raised when the meaning of a field changes; a new optional field does not raise it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the figures were measured on; `load_before` and `load_after` are the system's average over a
    minute, None where there is no such thing. `versions` are those of parley and the libraries used."""

    processor: str
    cores: int
    memory_mib: int
    system: str
    python: str
    devices: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict[str, str])
    load_before: float | None = None
    load_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """The recordings: how many, how long, how many have references, and a digest that tells sets apart."""

    recordings: int
    audio_s: float
    with_text: int
    with_speakers: int
    digest: str
    languages: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSpread:
    """Seconds of a stage per second of audio; `wall` None where the stage has no time of its own."""

    cpu: Spread
    wall: Spread | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """Error rates over all recordings that have references, None where none has.

    `wer` is over languages with spaces between words, `cer` over the others; the counts are reference
    words and characters. `der` and its parts are shares of `speech_s` seconds of reference speech.
    """

    wer: float | None = None
    words: int = 0
    cer: float | None = None
    characters: int = 0
    der: float | None = None
    confusion: float | None = None
    miss: float | None = None
    false_alarm: float | None = None
    speech_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A whole recipe, warm: medians over runs, seconds per second of audio where they say `rtf` or `cpu`.

    `first_s` is from the start of a recording to its first text, `ready_s` from nothing to workers that
    have loaded everything. `peak_mib` None: this system does not tell. Where `left_out` recordings
    were in languages that the profile does not know, or could not be read, `audio_s` is what remains.
    """

    recordings: int
    audio_s: float
    left_out: int
    ready_s: float
    warm_up_s: float
    rtf: Spread
    cpu: Spread
    first_s: Spread | None
    peak_mib: Spread | None
    stages: Mapping[str, StageSpread]
    accuracy: Accuracy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleResult:
    """One role by itself, one call after another on the same spans; seconds per second of audio.

    `load_s` is how long the engine took to load; `problem` says why there are no figures.
    """

    role: str
    engine: str
    ran_on: str = ""
    load_s: float | None = None
    wall: Spread | None = None
    cpu: Spread | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """A profile on a device with so many workers; `device` "" is what the settings say.

    `ran_on` are the devices that engines really took, by role; either there is `whole`, or `problem`
    says why not. `roles` are there where they were asked for, measured with one worker.
    """

    profile: str
    device: str
    workers: int
    ran_on: Mapping[str, str] = field(default_factory=dict[str, str])
    whole: Whole | None = None
    problem: str = ""
    notes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """How people tell it from the others."""
        many = "worker" if self.workers == 1 else "workers"
        return f"{self.profile}, {self.device or 'as configured'}, {self.workers} {many}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleTrial:
    """The roles of a profile on a device, each by itself, with one worker."""

    profile: str
    device: str
    roles: tuple[RoleResult, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One benchmark; `command` is what a person typed, `made_at` ISO 8601 in UTC."""

    made_at: str
    command: str
    machine: Machine
    material: Material
    runs: int
    combinations: tuple[Combination, ...]
    roles: tuple[RoleTrial, ...] = ()
    notes: tuple[str, ...] = ()
    is_complete: bool = True
    kind: str = "parley-bench"
    schema_version: int = SCHEMA_VERSION


class _Heading(msgspec.Struct):
    kind: str = ""
    schema_version: int = 0


def write_report(report: Report) -> str:
    """The JSON form."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n"


def read_report(text: str | bytes, name: str) -> Report:
    """A report from its JSON form; raises InputError, which calls the file by `name`."""
    try:
        heading = msgspec.json.decode(text, type=_Heading)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise InputError(f"'{name}' is not the JSON of a benchmark.", detail=str(error)) from error
    if heading.kind != "parley-bench":
        raise InputError(f"'{name}' is not the JSON of a benchmark; make one with: parley bench --json FILE")
    if heading.schema_version != SCHEMA_VERSION:
        raise InputError(
            f"'{name}' has version {heading.schema_version} of the form and this Parley knows "
            f"{SCHEMA_VERSION}; measure again."
        )
    try:
        return msgspec.json.decode(text, type=Report)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError) as error:
        raise InputError(f"'{name}' lacks something; measure again.", detail=str(error)) from error


def schema() -> dict[str, object]:
    """The JSON schema of a report."""
    return msgspec.json.schema(Report)
