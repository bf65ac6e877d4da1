"""The bar on a terminal: segments scroll by above it."""

from __future__ import annotations

import time

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn
from rich.text import Text

from parley.batch.events import Advanced, Heard, Notice, Stage
from parley.batch.options import Outcome
from parley.cli.display import LABELS, Shown, Step, figures, summary
from parley.cli.tell import printable
from parley.errors import ParleyError
from parley.formats.clock import clock, to_ms

SHOWN = (Stage.DECODE, Stage.FIND_SPEECH, Stage.RECOGNISE)
"""Stages that move the bar; the others run beside recognition or take no time worth showing."""

SETTLING_S = 0.3
"""Units remembered from before come in at once; the pace counts what is done after them."""


class TerminalBar:
    """Real seconds of speech done, how many times faster than real time, and what remains."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._stage: str | None = None
        self._began = self._stage_began = self._pace_since = time.monotonic()
        self._pace_from = 0.0

    def begin(self, name: str) -> None:
        """A fresh bar."""
        self.close()
        self._began = time.monotonic()
        self._stage = None
        self._progress = Progress(
            SpinnerColumn(),
            # A file may be called [red].
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=28),
            TextColumn("{task.fields[figures]}", markup=False),
            console=self._console,
            transient=True,
        )
        self._task = self._progress.add_task(printable(name), total=None, figures="")
        self._progress.start()

    def publish(self, event: Shown) -> None:
        """Move the bar or print a line above it."""
        if isinstance(event, Heard):
            stamp = Text(f"{clock(to_ms(event.segment.start))}  ", style="dim")
            self._console.print(stamp + Text(printable(event.segment.text)), soft_wrap=True)
        elif isinstance(event, Notice):
            self.notice(event.message)
        elif isinstance(event, Step):
            self._step(event)
        elif event.stage in SHOWN:
            self._advance(event)

    def _step(self, step: Step) -> None:
        if self._progress is None or self._task is None:
            return
        now = time.monotonic()
        if step.stage != self._stage:
            self._stage, self._pace_from, self._pace_since = step.stage, step.done, now
        spent = now - self._pace_since
        speed = (step.done - self._pace_from) / spent / 1e6 if spent > SETTLING_S else 0.0
        pace = f"  {speed:.1f} MB/s" if step.unit == "bytes" and speed else ""
        self._progress.update(
            self._task,
            description=step.label,
            completed=step.done,
            total=step.total or None,
            figures=printable(figures(step)) + pace,
        )

    def _advance(self, event: Advanced) -> None:
        if self._progress is None or self._task is None:
            return
        now = time.monotonic()
        if event.stage != self._stage:
            self._stage, self._stage_began = event.stage, now
        if now - self._stage_began < SETTLING_S:
            self._pace_from, self._pace_since = event.done_s, now
        self._progress.update(
            self._task,
            description=LABELS[event.stage],
            completed=event.done_s,
            total=event.total_s or None,
            figures=self._figures(event),
        )

    def _figures(self, event: Advanced) -> str:
        spent = time.monotonic() - self._pace_since
        speed = (event.done_s - self._pace_from) / spent if spent > SETTLING_S else 0.0
        if not event.total_s or not speed:
            return f"{clock(to_ms(event.done_s))}" + (f"  {speed:.0f}x" if speed else "")
        left = (event.total_s - event.done_s) / speed
        done, total = clock(to_ms(event.done_s)), clock(to_ms(event.total_s))
        return f"{done} of {total}  {speed:.0f}x  {clock(to_ms(left))} left"

    def finish(self, name: str, outcome: Outcome) -> None:
        """Replace the bar by a line."""
        self.close()
        self._console.print(Text(summary(name, outcome, time.monotonic() - self._began), style="green"))
        for warning in outcome.transcript.warnings:
            self._console.print(Text(f"warning: {warning}", style="yellow"))

    def failed(self, name: str, error: ParleyError) -> None:
        """Replace the bar by the sentence of the error."""
        self.close()
        self._console.print(Text(printable(f"parley: {name}: {error.message}"), style="red"))

    def notice(self, message: str) -> None:
        """A line above the bar."""
        self._console.print(Text(printable(message), style="yellow"))

    def log(self, record: str) -> None:
        """Above the bar; a traceback keeps its lines."""
        shown = "\n".join(printable(part) for part in record.split("\n"))
        self._console.print(Text(shown, style="dim"), soft_wrap=True)

    def close(self) -> None:
        """Take the bar away."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
