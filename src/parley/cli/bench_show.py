"""A benchmark on a terminal: tables on standard output, progress on standard error."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from dataclasses import replace

from rich import box
from rich.console import Console
from rich.table import Table as Drawn
from rich.text import Text

from parley.bench.comparison import Comparison
from parley.bench.report import Report
from parley.bench.tables import SCORING, Measured, Table, changes, facts, is_scored, tables, without_notes
from parley.bench.verdicts import verdicts
from parley.cli import tell

PIPE_COLUMNS = 200
"""Where there is no terminal whose width counts."""

WIDEST = 10_000
"""For asking how wide a table would like to be."""


def progress(sentence: str) -> None:
    """How far the benchmark is."""
    tell.line(tell.printable(sentence))


def report(found: Report) -> None:
    """Everything that was measured."""
    scoring = (SCORING,) if is_scored(found) else ()
    show(found, tables(found), scoring, found.notes, verdicts(found))


def show(
    measured: Measured,
    found: Sequence[Table],
    small: Sequence[str],
    notes: Sequence[str],
    sentences: Sequence[str],
) -> None:
    """Tables, what is said of them in small letters, what to beware of, what they say, and the facts."""
    console = _console()
    for table in found:
        _draw(console, table)
    for line in small:
        _say(console, line, "dim")
    for note in notes:
        _say(console, note, "yellow")
    if sentences:
        _say(console, "\n" + "\n".join(f"* {sentence}" for sentence in sentences), "bold")
    _facts(console, facts(measured))


def comparison(found: Comparison) -> None:
    """Old beside new."""
    console = _console()
    _draw(console, changes(found))
    for caution in found.cautions:
        _say(console, caution, "yellow")
    worse = found.worse
    if worse:
        what = "; ".join(f"{each.subject}: {each.figure}" for each in worse)
        _say(console, f"{len(worse)} got worse: {what}.", "red")
    else:
        _say(console, "Nothing got worse beyond the spread.", "green")


def _console() -> Console:
    width = None if sys.stdout.isatty() else PIPE_COLUMNS
    return Console(highlight=False, width=width)


def _draw(console: Console, table: Table) -> None:
    """Notes under it, and where the terminal is too narrow, a list for each row."""
    shown, notes = without_notes(_printable(table))
    drawn = Drawn(title=Text(shown.title, style="bold"), title_justify="left", box=box.SIMPLE_HEAD)
    for name in shown.head:
        drawn.add_column(Text(name), no_wrap=True)
    for index, row in enumerate(shown.rows):
        drawn.add_row(*(Text(cell) for cell in row), style="red" if index in table.marks else None)
    if console.measure(drawn, options=console.options.update(width=WIDEST)).maximum <= console.width:
        console.print(drawn)
    else:
        _list(console, shown, table.marks)
    for note in notes:
        _say(console, note, "yellow")
    _say(console, table.note, "dim")


def _printable(table: Table) -> Table:
    return replace(table, rows=tuple(tuple(tell.printable(cell) for cell in row) for row in table.rows))


def _list(console: Console, table: Table, marks: Collection[int]) -> None:
    console.print()
    _say(console, table.title, "bold")
    for index, row in enumerate(table.rows):
        console.print()
        for name, cell in zip(table.head, row, strict=True):
            if cell:
                _say(console, f"  {name}: {cell}", "red" if index in marks else "none")


def _facts(console: Console, rows: Sequence[tuple[str, str]]) -> None:
    console.print()
    for name, value in rows:
        _say(console, f"{name}: {value}", "dim")


def _say(console: Console, text: str, style: str) -> None:
    shown = "\n".join(tell.printable(line) for line in text.split("\n"))
    console.print(Text(shown, style=style), soft_wrap=True)
