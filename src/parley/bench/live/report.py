"""What a benchmark of live speech found, as values; `write_live` gives its JSON form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from parley.bench.live.delays import Delays
from parley.bench.report import Machine, Material

KIND = "parley-bench-live"

SCHEMA_VERSION = 1
"""Raised when the meaning of a field changes; a new optional field does not raise it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Under what everything was measured; `is_own` says that the server shared the machine with us.

    `silence_ms` is the silence that ends an utterance, `max_lag_ms` the bound on the lag's 95th percentile,
    `speech_share` how much of what sessions say in trials is speech.
    """

    profile: str
    streaming: bool
    partials: bool
    is_own: bool
    silence_ms: int
    chunk_ms: int
    max_lag_ms: int
    step_s: float
    speech_share: float
    live_workers: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """How long texts had to be waited for, with `sessions` sessions in all of which `asked` were listened to.

    `final` is from the end of speech to the final text, `beyond` the same less the silence that ends an
    utterance; `word` is from the end of a word to its first partial. `without_final` were said and no
    final tells of them; of the words, `only_final` were in no partial, `misheard` in no text.
    """

    sessions: int
    asked: int
    final: Delays | None
    beyond: Delays | None
    word: Delays | None
    without_final: int
    only_final: int
    misheard: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """So many sessions for a while. Lags are 95th percentiles in seconds: as the server says, and as finals
    came later than the silence that ends an utterance. `own` and `server` are shares of one core, `late_s`
    by how much our own sending was late (95th percentile)."""

    sessions: int
    seconds: float
    holds: bool
    lag_s: float
    final_s: float
    finals: int
    skipped: int
    refused: Mapping[str, int]
    lost: Mapping[str, int]
    own: float
    server: float | None
    late_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """The largest number of sessions that was seen to hold, and the least that did not (None: not found)."""

    holds: int
    fails: int | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overload:
    """More sessions than hold were asked for; `recovered_s` after most had left, the lag was under the
    bound again, None where it was not in time."""

    asked: int
    step: Step
    left: int
    recovered_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveAccuracy:
    """Word error rates of finals and of the same recordings as files, and of how many words."""

    recordings: int
    words: int
    live: float
    file: float
    sessions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StageShare:
    """Processor seconds of a stage per second of audio received."""

    stage: str
    cpu: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveReport:
    """One benchmark; what was not measured is None. `command` is what a person typed, `made_at` ISO 8601."""

    made_at: str
    command: str
    machine: Machine
    material: Material
    conditions: Conditions
    latencies: tuple[Latency, ...] = ()
    capacity: Capacity | None = None
    overload: Overload | None = None
    accuracy: LiveAccuracy | None = None
    stages: tuple[StageShare, ...] = ()
    notes: tuple[str, ...] = ()
    is_complete: bool = True
    kind: str = KIND
    schema_version: int = SCHEMA_VERSION


def write_live(report: LiveReport) -> str:
    """The JSON form."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n"


def live_schema() -> dict[str, object]:
    """The JSON schema of a report."""
    return msgspec.json.schema(LiveReport)
