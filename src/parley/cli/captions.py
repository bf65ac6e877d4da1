"""What a person sees while somebody speaks: the text so far in grey, rewritten in place, then in ink."""

from __future__ import annotations

from typing import Protocol, TextIO

from rich.cells import cell_len, get_character_cell_size
from rich.console import Console
from rich.control import Control
from rich.segment import ControlType
from rich.text import Text

from parley.cli import tell
from parley.cli.tell import printable
from parley.formats.clock import clock, to_ms
from parley.speech.live import Final, LiveEvent, Partial, Received, Trouble

LARGE_LAG_MS = 3000

_ELLIPSIS = "…"


class View(Protocol):
    """Shows a live session."""

    def show(self, event: LiveEvent) -> None:
        """Something was heard."""
        ...

    def notice(self, message: str) -> None:
        """Something happened beside it."""
        ...

    def log(self, record: str) -> None:
        """A line of the log."""
        ...

    def close(self) -> None:
        """Leave the terminal as it was; may be called twice."""
        ...


class NoCaptions:
    """For programs and files: what went wrong, and when recognition falls behind."""

    def __init__(self) -> None:
        self._is_late = False

    def show(self, event: LiveEvent) -> None:
        """A line for an utterance that was lost, and one when a large lag begins."""
        if isinstance(event, Trouble):
            self.notice(event.error.message)
        elif isinstance(event, Received):
            if event.lag_ms >= LARGE_LAG_MS and not self._is_late:
                self.notice(f"Recognition is {event.lag_ms / 1000:.1f} s behind.")
            self._is_late = event.lag_ms >= LARGE_LAG_MS

    def notice(self, message: str) -> None:
        """A line."""
        tell.line(printable(message))

    def log(self, record: str) -> None:
        """Among the other lines."""
        tell.log(record)

    def close(self) -> None:
        """Nothing to restore."""


class Captions:
    """On a terminal. The text so far takes one row at most, so that rewriting it never scrolls."""

    def __init__(self, stream: TextIO) -> None:
        self._console = Console(file=stream, highlight=False)
        self._partial: Partial | None = None
        self._lag_ms = 0
        self._is_drawn = False

    def show(self, event: LiveEvent) -> None:
        """Draw what changed."""
        match event:
            case Partial():
                self._partial = event
            case Final():
                if self._partial is not None and self._partial.utterance <= event.utterance:
                    self._partial = None
                self._finish(event)
            case Received() if self._is_lag_new(event):
                self._lag_ms = event.lag_ms
            case Trouble():
                self.notice(event.error.message)
            case _:
                return
        self._draw()

    def notice(self, message: str) -> None:
        """A line above the text so far."""
        self._above(Text(printable(message), style="yellow"))

    def log(self, record: str) -> None:
        """Above too; a traceback keeps its lines."""
        self._above(Text("\n".join(printable(part) for part in record.split("\n")), style="dim"))

    def close(self) -> None:
        """Take the text so far away."""
        self._partial, self._lag_ms = None, 0
        self._erase()

    def _finish(self, final: Final) -> None:
        self._erase()
        if final.text:
            stamp = Text(f"{clock(to_ms(final.start))}  ", style="dim")
            self._console.print(stamp + Text(printable(final.text)), soft_wrap=True)

    def _is_lag_new(self, event: Received) -> bool:
        return max(event.lag_ms, self._lag_ms) >= LARGE_LAG_MS

    def _above(self, text: Text) -> None:
        self._erase()
        self._console.print(text, soft_wrap=True)
        self._draw()

    def _draw(self) -> None:
        self._erase()
        lag = f"  [{self._lag_ms / 1000:.1f} s behind]" if self._lag_ms >= LARGE_LAG_MS else ""
        words = printable(self._partial.text) if self._partial else ""
        if not words and not lag:
            return
        # The last column stays free: some terminals wrap when it is written.
        room = self._console.width - 1
        lag = lag if cell_len(lag) < room else ""
        row = Text(tail(words, room - cell_len(lag)), style="bright_black") + Text(lag, style="yellow")
        self._console.print(row, end="", soft_wrap=True)
        self._is_drawn = True

    def _erase(self) -> None:
        if self._is_drawn:
            self._console.control(Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2)))
            self._is_drawn = False


def tail(text: str, columns: int) -> str:
    """The end of a text, in so many columns; a Chinese character takes two, an accent none."""
    if cell_len(text) <= columns:
        return text
    left = columns - cell_len(_ELLIPSIS)
    first = len(text)
    while first > 0 and (size := get_character_cell_size(text[first - 1])) <= left:
        left -= size
        first -= 1
    return _ELLIPSIS + text[first:].lstrip() if left >= 0 else ""
