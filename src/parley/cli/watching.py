"""`parley jobs watch`: a task followed to its end."""

from __future__ import annotations

import dataclasses
import json
from contextlib import aclosing

import typer

from parley.cli.delivery import write_out
from parley.cli.display import display_for
from parley.cli.happenings import outcome_of, show_all
from parley.client import AsyncClient, Completed, Event, Progress


async def watch(client: AsyncClient, task_id: str, *, as_json: bool) -> None:
    """Show what happens, and print the result; raises what the task ends with."""
    if as_json:
        await _print_events(client, task_id)
        return
    display = display_for(json_lines=False)
    moves: list[Event] = []

    def hear(event: Event) -> None:
        if isinstance(event, Progress) and not moves:
            moves.append(event)

    try:
        display.begin(task_id)
        async with aclosing(client.job(task_id).watch()) as events:
            completed = await show_all(events, display, hear)
        display.finish(completed.result.file_name, outcome_of(completed, was_known=not moves))
    finally:
        display.close()
    write_out(completed.result.content)


async def _print_events(client: AsyncClient, task_id: str) -> None:
    async with aclosing(client.job(task_id).watch()) as events:
        async for event in events:
            typer.echo(json.dumps(_fields(event)))


def _fields(event: Event) -> dict[str, object]:
    kind = type(event).__name__.lower()
    if isinstance(event, Completed):
        result = event.result
        body = json.loads(result.content) if result.format == "json" else result.content
        return {"type": kind, "task_id": event.task_id, "format": result.format, "result": body}
    return {"type": kind, **dataclasses.asdict(event)}
