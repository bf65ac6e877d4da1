"""What a person sees while a recording is transcribed; everything here goes to standard error."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from parley.batch.events import Advanced, Event, Heard, Notice, Stage
from parley.batch.options import Outcome
from parley.cli.tell import json_line, line, log, printable
from parley.errors import ParleyError
from parley.formats.clock import clock, to_ms

LABELS = {
    Stage.DECODE: "decoding",
    Stage.FIND_SPEECH: "finding speech",
    Stage.RECOGNISE: "recognising",
    Stage.ALIGN: "aligning words",
    Stage.PUNCTUATE: "punctuating",
    Stage.EMBED: "telling speakers apart",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Progress of what is no stage of a recipe, `total` 0 while nobody knows it; `note` is for people."""

    stage: Literal["read", "upload", "queue", "transcribe"]
    label: str
    done: float = 0.0
    total: float = 0.0
    unit: Literal["bytes", "percent"] = "percent"
    note: str = ""


Shown = Event | Step


class Display(Protocol):
    """Shows one recording after another."""

    def begin(self, name: str) -> None:
        """A recording is about to be worked on."""
        ...

    def publish(self, event: Shown) -> None:
        """Something happened to it."""
        ...

    def finish(self, name: str, outcome: Outcome) -> None:
        """It has its transcript."""
        ...

    def failed(self, name: str, error: ParleyError) -> None:
        """It has none."""
        ...

    def notice(self, message: str) -> None:
        """Something happened to a worker."""
        ...

    def log(self, record: str) -> None:
        """A line of the log, which must not break what is shown."""
        ...

    def close(self) -> None:
        """Leave the terminal as it was; may be called twice."""
        ...


def display_for(json_lines: bool) -> Display:
    """JSON lines where asked for, a bar on a terminal, plain lines otherwise."""
    if json_lines:
        return JsonLines()
    if sys.stderr and sys.stderr.isatty():
        from parley.cli.terminal import TerminalBar

        return TerminalBar()
    return PlainLines()


def summary(name: str, outcome: Outcome, wall_s: float) -> str:
    """One line about a finished recording."""
    transcript = outcome.transcript
    name = printable(name)
    who = f", {len(transcript.speakers)} speakers" if len(transcript.speakers) > 1 else ""
    if outcome.cached:
        return f"{name}: {clock(to_ms(transcript.duration))} of audio{who}; remembered from before"
    pace = f", {_rounded(transcript.duration / wall_s)} times real time" if wall_s > 0 else ""
    return f"{name}: {clock(to_ms(transcript.duration))} of audio{who} in {wall_s:.1f} s{pace}"


def _rounded(pace: float) -> str:
    """Two figures where one would say little."""
    return f"{pace:.0f}" if pace >= 10 else f"{pace:.2g}"


def figures(step: Step) -> str:
    """How far a step is, in words."""
    if step.note or not step.total:
        return step.note
    if step.unit == "bytes":
        return f"{step.done / 1e6:.1f} of {step.total / 1e6:.1f} MB"
    return f"{step.done:.0f} %"


def _sentence(event: Advanced | Step) -> str:
    if isinstance(event, Step):
        return printable(f"{event.label}: {figures(event)}")
    if event.stage not in LABELS:
        return ""
    total = f" of {event.total_s:.0f}" if event.total_s else ""
    return f"{LABELS[event.stage]}: {event.done_s:.0f}{total} s"


class PlainLines:
    """Plain text: segments as they come, and progress at most every five seconds."""

    EVERY_S = 5.0

    def __init__(self) -> None:
        self._began = self._said = time.monotonic()

    def begin(self, name: str) -> None:
        """Start the clock of a recording."""
        self._began = self._said = time.monotonic()

    def publish(self, event: Shown) -> None:
        """A line for text and notices, now and then one for progress."""
        if isinstance(event, Heard):
            line(f"[{clock(to_ms(event.segment.start))}] {printable(event.segment.text)}")
        elif isinstance(event, Notice):
            self.notice(event.message)
        elif time.monotonic() - self._said >= self.EVERY_S and (sentence := _sentence(event)):
            self._said = time.monotonic()
            line(sentence)

    def finish(self, name: str, outcome: Outcome) -> None:
        """The summary and the warnings."""
        line(summary(name, outcome, time.monotonic() - self._began))
        for warning in outcome.transcript.warnings:
            line(f"warning: {warning}")

    def failed(self, name: str, error: ParleyError) -> None:
        """The sentence of the error."""
        line(f"parley: {printable(name)}: {printable(error.message)}")

    def notice(self, message: str) -> None:
        """A line."""
        line(printable(message))

    def log(self, record: str) -> None:
        """Among the other lines."""
        log(record)

    def close(self) -> None:
        """Nothing to restore."""


class JsonLines:
    """One JSON object a line, for programs.

    Its `type` is progress, segment, notice, log, done, error or interrupted.
    """

    EVERY_S = 0.2

    def __init__(self) -> None:
        self._name = ""
        self._said: dict[str, float] = {}

    def begin(self, name: str) -> None:
        """Remember whose events follow."""
        self._name = name
        self._said.clear()

    def publish(self, event: Shown) -> None:
        """The event; progress at most five times a second and stage, its end always."""
        if isinstance(event, Heard):
            segment = event.segment
            self._write(
                "segment", start=segment.start, end=segment.end, text=segment.text, channel=segment.channel
            )
        elif isinstance(event, Notice):
            self._write("notice", message=event.message)
        elif isinstance(event, Step):
            if self._is_due(event.stage, event.done, event.total):
                amounts = {f"done_{event.unit}": event.done, f"total_{event.unit}": event.total}
                self._write("progress", stage=event.stage, message=event.note, **amounts)
        elif self._is_due(event.stage, event.done_s, event.total_s):
            self._write("progress", stage=event.stage.value, done_s=event.done_s, total_s=event.total_s)

    def _is_due(self, stage: str, done: float, total: float) -> bool:
        now = time.monotonic()
        ended = total > 0 and done >= total
        if not ended and now - self._said.get(stage, 0.0) < self.EVERY_S:
            return False
        self._said[stage] = now
        return True

    def finish(self, name: str, outcome: Outcome) -> None:
        """What it cost, stage by stage."""
        stages = {
            stage: {
                "units_done": cost.units_done,
                "units_remembered": cost.units_remembered,
                "cpu_s": round(cost.cpu_s, 4),
                "wall_s": round(cost.wall_s, 4),
            }
            for stage, cost in outcome.stages.items()
        }
        warnings = list(outcome.transcript.warnings)
        self._write(
            "done",
            duration=outcome.transcript.duration,
            cached=outcome.cached,
            stages=stages,
            warnings=warnings,
        )

    def failed(self, name: str, error: ParleyError) -> None:
        """Code and sentence."""
        self._name = name
        self._write("error", code=error.code, message=error.message)

    def notice(self, message: str) -> None:
        """Like any notice."""
        self._write("notice", message=message)

    def log(self, record: str) -> None:
        """An object too: whoever reads the lines reads all of them."""
        self._write("log", message=record)

    def close(self) -> None:
        """Nothing to restore."""

    def _write(self, kind: str, **fields: Any) -> None:
        rounded = {
            key: round(value, 3) if isinstance(value, float) else value for key, value in fields.items()
        }
        json_line(kind, self._name, **rounded)
