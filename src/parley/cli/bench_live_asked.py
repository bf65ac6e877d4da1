"""What `parley bench live` was asked to measure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from parley.bench.corpus import Sample, corpus, files
from parley.bench.live.course import Plan
from parley.wire.speech.asr_client import Start


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to measure, as on the command line."""

    files: tuple[str, ...]
    corpus: Path | None
    only: tuple[str, ...]
    words: tuple[str, ...]
    limit: int | None
    with_wer: bool
    with_delays: bool
    with_load: bool
    profile: str | None
    language: str
    partials: bool
    silence_ms: int
    max_lag_ms: int
    step_s: float
    first: int | None
    most: int
    trials: int
    server: str | None
    token: str | None

    def samples(self) -> tuple[tuple[Sample, ...], tuple[Sample, ...]]:
        """Recordings of speech, and those of one word each; raises InputError."""
        if self.corpus is not None:
            speech = corpus(self.corpus, self.only, self.limit, self.language)
            single = corpus(self.corpus, self.words, None, self.language) if self.words else ()
            return speech, single
        if self.files:
            return files(self.files, self.language), ()
        from parley.cli.demo import recording

        return files([str(recording())], "en"), ()

    def plan(self) -> Plan:
        """The share of the course."""
        return Plan(
            silence_s=self.silence_ms / 1000,
            max_lag_s=self.max_lag_ms / 1000,
            step_s=self.step_s,
            first=self.first,
            most=self.most,
            trials=self.trials,
            with_delays=self.with_delays,
            with_load=self.with_load,
        )

    def start(self, profile: str) -> Start:
        """What every session begins with."""
        return Start(
            language=self.language or None,
            profile=profile,
            partials=self.partials,
            endpoint_silence_ms=self.silence_ms,
        )
