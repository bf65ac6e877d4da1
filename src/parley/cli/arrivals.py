"""What a person sees while models are downloaded; everything here goes to standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from parley.cli import tell
from parley.cli.tell import printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from parley.supply.finding import Report

_EVERY_S = 5.0
_MEGA = 1e6


@contextmanager
def showing() -> Generator[Report]:
    """A bar on a terminal, plain lines otherwise."""
    if not (sys.stderr and sys.stderr.isatty()):
        yield Lines()
        return
    bar = Bar()
    try:
        yield bar
    finally:
        bar.close()


def bytes_text(size_bytes: float) -> str:
    """As a person reads it, in units of ten."""
    return f"{size_bytes / 1e9:.2f} GB" if size_bytes >= 1e9 else f"{size_bytes / _MEGA:.1f} MB"


class Lines:
    """A line for each sentence, and for progress at most every five seconds."""

    def __init__(self) -> None:
        self._said_at = time.monotonic()

    def say(self, sentence: str) -> None:
        """A line."""
        tell.line(printable(sentence))

    def moved(self, name: str, done_bytes: int, total_bytes: int) -> None:
        """Now and then a line."""
        if time.monotonic() - self._said_at >= _EVERY_S:
            self._said_at = time.monotonic()
            self.say(f"{name}: {bytes_text(done_bytes)} of {bytes_text(total_bytes)}")


class Bar:
    """Bytes, speed, and what remains; sentences scroll by above."""

    def __init__(self) -> None:
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def say(self, sentence: str) -> None:
        """A line above the bar."""
        if self._progress is None:
            tell.line(printable(sentence))
        else:
            self._progress.console.print(printable(sentence), markup=False, soft_wrap=True)

    def moved(self, name: str, done_bytes: int, total_bytes: int) -> None:
        """Move the bar of the model."""
        progress = self._opened()
        if name not in self._tasks:
            self._tasks[name] = progress.add_task(name, total=total_bytes, completed=done_bytes)
        progress.update(self._tasks[name], completed=done_bytes, total=total_bytes)

    def close(self) -> None:
        """Leave the terminal as it was, the bars where they are."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def _opened(self) -> Progress:
        if self._progress is None:
            from rich.console import Console
            from rich.progress import (
                BarColumn,
                DownloadColumn,
                Progress,
                TextColumn,
                TimeRemainingColumn,
                TransferSpeedColumn,
            )

            self._progress = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=28),
                DownloadColumn(),
                TransferSpeedColumn(),
                TimeRemainingColumn(),
                console=Console(stderr=True, highlight=False),
            )
            self._progress.start()
        return self._progress
