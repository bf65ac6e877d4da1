"""Tasks as tables on standard output; names in any script stay in their columns."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from parley.cli.tell import printable
from parley.formats.clock import clock, to_ms
from parley.wire.native.server import ListItem, TaskStatus

_WIDTH_OF_A_FILE = 160
"""Where nobody looks at a terminal, lines are as long as they need to be."""

_COLOURS = {"completed": "green", "failed": "red", "timed_out": "red", "processing": "cyan"}


def print_json(value: Any) -> None:
    """One document, other scripts unescaped, for UTF-8 and terminals alike."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2).encode("utf-8", "replace"))


def print_list(items: Sequence[ListItem]) -> None:
    """A row for each task."""
    table = Table(box=None, pad_edge=False)
    for heading in ("ID", "STATUS", "DONE", "CREATED", "AUDIO"):
        table.add_column(heading, no_wrap=True, justify="right" if heading in ("DONE", "AUDIO") else "left")
    table.add_column("FILE", no_wrap=True, overflow="ellipsis")
    for item in items:
        table.add_row(
            Text(item.task_id),
            _coloured(item.status),
            f"{item.progress:.0f} %",
            _moment(item.created_at),
            "" if item.duration is None else clock(to_ms(item.duration)),
            Text(printable(item.file_name)),
        )
    _print(table)


def print_status(status: TaskStatus) -> None:
    """A line for each fact."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("id", Text(status.task_id))
    table.add_row("status", _coloured(status.status))
    table.add_row("done", f"{status.progress:.0f} %")
    if status.result is not None:
        table.add_row("file", Text(printable(status.result.file_name)))
        table.add_row("audio", clock(to_ms(status.result.duration)))
        table.add_row("profile", Text(printable(status.result.metadata.engine)))
        for warning in status.result.metadata.warnings:
            table.add_row("warning", Text(printable(warning)))
    if status.error:
        table.add_row("error", Text(printable(status.error), style="red"))
    _print(table)


def _print(table: Table) -> None:
    is_watched = sys.stdout.isatty()
    console = Console(highlight=False, width=None if is_watched else _WIDTH_OF_A_FILE)
    with console.capture() as captured:
        console.print(table)
    # Through typer, because rich would break on a locale without the letters of a name.
    lines = (line.rstrip() for line in captured.get().splitlines())
    typer.echo("\n".join(lines).encode("utf-8", "replace"))


def _coloured(status: str) -> Text:
    return Text(status, style=_COLOURS.get(status, ""))


def _moment(stamp: str) -> str:
    return datetime.fromisoformat(stamp).astimezone().strftime("%Y-%m-%d %H:%M")
