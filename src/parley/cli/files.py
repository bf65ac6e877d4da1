"""One recording after another, whoever transcribes them: results delivered, failures counted."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import typer

from parley.batch.options import Outcome
from parley.cli import tell
from parley.cli.delivery import Delivery, ReaderLeft, write_out, write_whole
from parley.cli.display import Display
from parley.cli.main import INTERRUPTED
from parley.errors import ParleyError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A recording's result as text, and how it came about."""

    text: str
    outcome: Outcome


Produce = Callable[[str], Awaitable[Product]]
"""Transcribes the file of that name; raises ParleyError."""


class Closable(Protocol):
    """What is shown, as far as its end is concerned."""

    def close(self) -> None:
        """Leave the terminal as it was; may be called twice."""
        ...


def run_to_end(work: Coroutine[Any, Any, int], display: Closable, interrupted: Callable[[], None]) -> None:
    """Run what transcribes; exit with its code, or with 130 after Ctrl-C or SIGTERM."""
    try:
        code = asyncio.run(work)
    except (KeyboardInterrupt, asyncio.CancelledError):
        display.close()
        interrupted()
        code = INTERRUPTED
    finally:
        display.close()
    if code:
        raise typer.Exit(code)


async def each_file(
    files: Sequence[str],
    targets: Sequence[Path | None],
    delivery: Delivery,
    display: Display,
    produce: Produce,
) -> int:
    """Transcribe every file; gives the first failure's code, after all were tried."""
    code = 0
    for name, target in zip(files, targets, strict=True):
        heading = "" if len(files) == 1 or delivery.format != "txt" else f"== {tell.printable(name)}\n"
        try:
            display.begin(name)
            product = await produce(name)
            display.finish(name, product.outcome)
            await _deliver(heading, product.text, target)
        except ParleyError as error:
            display.failed(name, error)
            code = code or error.exit_code
        except ReaderLeft:
            break
        except Exception as error:  # noqa: BLE001 - a door: one file's misfortune is not the next one's
            _log.debug("unforeseen", exc_info=True)
            display.failed(name, ParleyError(f"An internal error ({type(error).__name__}) ended this file."))
            code = code or ParleyError.exit_code
    return code


def stop_on_terminate() -> None:
    """SIGTERM stops as Ctrl-C does: workers first, nothing half-written."""
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    if task is not None and sys.platform != "win32":
        loop.add_signal_handler(signal.SIGTERM, task.cancel)


async def _deliver(heading: str, text: str, target: Path | None) -> None:
    if target is None:
        await _apart(lambda: write_out(heading + text))
    else:
        await asyncio.to_thread(write_whole, target, text)


async def _apart(work: Callable[[], None]) -> None:
    """Do what may block for ever (`| less`) in a thread that an interrupted command need not wait for."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def settle(error: Exception | None) -> None:
        if not done.done():
            done.set_exception(error) if error else done.set_result(None)

    def run() -> None:
        problem = _problem(work)
        # The loop is closed when the command was interrupted meanwhile.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, problem)

    threading.Thread(target=run, name="result", daemon=True).start()
    await done


def _problem(work: Callable[[], None]) -> Exception | None:
    try:
        work()
    except (OSError, ParleyError, ReaderLeft) as error:
        return error
    return None
