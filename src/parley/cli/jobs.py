"""`parley jobs list|show|cancel|watch --server URL`: tasks of a server."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Annotated, Any

import typer

from parley.cli.server_options import TlsCaOption, TokenOption

if TYPE_CHECKING:
    from pathlib import Path

    from parley.client import AsyncClient
    from parley.wire.native.client import TaskStatusName

app = typer.Typer(no_args_is_help=True, help="Tasks of a server: list, show, cancel, watch.")

_Server = Annotated[str, typer.Option("--server", metavar="URL", help="The server: host:port, or a URL.")]
_Json = Annotated[bool, typer.Option("--json", help="JSON on standard output, for programs.")]
_Id = Annotated[str, typer.Argument(metavar="ID", help="The task's id.")]

DEFAULT_SERVER = "127.0.0.1:8767"


@app.command("list")
def list_jobs(
    server: _Server = DEFAULT_SERVER,
    token: TokenOption = None,
    tls_ca: TlsCaOption = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    status: Annotated[
        str | None,
        typer.Option(help="pending, processing, completed, failed, cancelled or timed_out only."),
    ] = None,
    as_json: _Json = False,
) -> None:
    """List your tasks, the newest first."""
    from parley.cli import job_tables

    wanted = _status(status)

    async def work(client: AsyncClient) -> None:
        items = await client.jobs(limit=limit, status=wanted)
        if as_json:
            job_tables.print_json([item.model_dump(mode="json") for item in items])
        else:
            job_tables.print_list(items)

    _with_client(server, token, tls_ca, work)


@app.command("show", short_help="Show how a task stands.")
def show(
    task_id: _Id,
    server: _Server = DEFAULT_SERVER,
    token: TokenOption = None,
    tls_ca: TlsCaOption = None,
    as_json: _Json = False,
) -> None:
    """Show how a task stands; --json has the result of a completed one, too."""
    from parley.cli import job_tables

    async def work(client: AsyncClient) -> None:
        status = await client.job(task_id).status()
        if as_json:
            job_tables.print_json(status.model_dump(mode="json"))
        else:
            job_tables.print_status(status)

    _with_client(server, token, tls_ca, work)


@app.command("cancel")
def cancel(
    task_id: _Id,
    server: _Server = DEFAULT_SERVER,
    token: TokenOption = None,
    tls_ca: TlsCaOption = None,
    as_json: _Json = False,
) -> None:
    """Stop a task for good."""
    from parley.cli import job_tables

    async def work(client: AsyncClient) -> None:
        message = await client.job(task_id).cancel()
        if as_json:
            job_tables.print_json({"task_id": task_id, "message": message})
        else:
            typer.echo(message)

    _with_client(server, token, tls_ca, work)


@app.command("watch", short_help="Follow a task to its end, and print its result.")
def watch(
    task_id: _Id,
    server: _Server = DEFAULT_SERVER,
    token: TokenOption = None,
    tls_ca: TlsCaOption = None,
    as_json: _Json = False,
) -> None:
    """Follow a task to its end, and print its result in the format that was ordered.

    With --json, each event is an object on a line of its own. Ctrl-C leaves the task as it is.
    """
    from parley.cli import tell, watching

    try:
        _with_client(server, token, tls_ca, lambda client: watching.watch(client, task_id, as_json=as_json))
    except KeyboardInterrupt:
        tell.interrupted("detached; the task goes on at the server.")
        raise


def _with_client(
    server: str,
    token: str | None,
    tls_ca: Path | None,
    work: Callable[[AsyncClient], Coroutine[Any, Any, None]],
) -> None:
    import asyncio

    from parley.cli.remote import Server
    from parley.cli.start import start

    client = Server(url=server, token=token, tls_ca=tls_ca).client(start())
    asyncio.run(work(client))


def _status(text: str | None) -> TaskStatusName | None:
    from typing import get_args

    from parley.errors import InvalidOption
    from parley.wire.native.client import TaskStatusName

    if text is None:
        return None
    for name in get_args(TaskStatusName):
        if name == text:
            return name
    raise InvalidOption(f"--status is one of {', '.join(get_args(TaskStatusName))}, not '{text}'.")
