"""Runs `parley transcribe --server`: the recordings go to a server, the results come back."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from parley.batch.options import Outcome
from parley.cli import tell
from parley.cli.delivery import STANDARD_INPUT, Delivery, check_streams, plan_targets, stem
from parley.cli.display import Display
from parley.cli.files import Product, each_file, run_to_end, stop_on_terminate
from parley.cli.happenings import outcome_of, show_all
from parley.client import AsyncClient, Event, Options, Progress, Queued, Uploading
from parley.client.address import parse_address
from parley.client.notes import FolderNotes
from parley.formats.options import RenderOptions
from parley.formats.registry import check_options, render
from parley.settings import Settings
from parley.telemetry.log import configure
from parley.wire.native.client import OutputFormat

RENDERED_BY_SERVERS = frozenset({"vtt", "txt", "tsv"})
"""In the usual layout they come as they are; for the rest the whole transcript is fetched and written
here, so that every file is the one that the local command writes.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where it is, and how to get in."""

    url: str
    token: str | None = None
    tls_ca: Path | None = None

    def client(self, settings: Settings) -> AsyncClient:
        """A client that can go on where an interrupted command stopped; raises InvalidOption."""
        own = settings.client
        return AsyncClient(
            self.url,
            self.token or (own.token.get_secret_value() if own.token else None),
            tls_ca=self.tls_ca or own.tls_ca,
            notes=FolderNotes(settings.data_dir / "remote", parse_address(self.url)),
        )


class Attachment:
    """What the server has of the recording in hand, for the sentence after Ctrl-C."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._task_id = ""
        self._is_admitted = False

    def begin(self) -> None:
        """Another recording."""
        self._task_id, self._is_admitted = "", False

    def hear(self, event: Event) -> None:
        """Keep in mind how far it came."""
        if isinstance(event, (Uploading, Queued, Progress)):
            self._task_id = event.task_id
            self._is_admitted = self._is_admitted or not isinstance(event, Uploading)

    def leave(self) -> None:
        """Say how to come back."""
        again = "the same command goes on where this one stopped"
        if self._is_admitted:
            watch = f"parley jobs watch {self._task_id} --server {self._server.url}"
            sentence = f"detached; the task goes on at the server. To come back: {watch}, or {again}."
        elif self._task_id:
            sentence = f"interrupted; the server keeps for a while what has arrived, and {again}."
        else:
            sentence = "interrupted; nothing was sent."
        tell.interrupted(sentence, task_id=self._task_id or None)


def transcribe_files(
    settings: Settings,
    files: Sequence[str],
    server: Server,
    options: Options,
    delivery: Delivery,
    display: Display,
) -> None:
    """Transcribe every file; exit with the first failure's code, or 130 when detached."""
    configure(settings.log_level, display.log)
    check_options(delivery.render, [delivery.format])
    targets = plan_targets(files, delivery)
    check_streams(files, targets)
    client = server.client(settings)
    attachment = Attachment(server)

    async def run() -> int:
        stop_on_terminate()

        async def produce(name: str) -> Product:
            attachment.begin()
            return await _produce(client, name, options, delivery, display, attachment)

        return await each_file(files, targets, delivery, display, produce)

    run_to_end(run(), display, attachment.leave)


async def _produce(
    client: AsyncClient,
    name: str,
    options: Options,
    delivery: Delivery,
    display: Display,
    attachment: Attachment,
) -> Product:
    is_ready = delivery.format in RENDERED_BY_SERVERS and delivery.render == RenderOptions()
    asked: Options = {**options, "file_name": _shown_name(name), "segments": True}
    asked["output_format"] = cast(OutputFormat, delivery.format) if is_ready else "json"
    source = sys.stdin.buffer if name == STANDARD_INPUT else name
    async with aclosing(client.stream(source, **asked)) as events:
        completed = await show_all(events, display, attachment.hear)
    if is_ready:
        return Product(text=completed.result.content, outcome=outcome_of(completed))
    transcript = await client.job(completed.task_id).transcript()
    layout = replace(delivery.render, file_id=stem(name))
    outcome = Outcome(transcript=transcript, cached=completed.was_known)
    return Product(text=render(transcript, delivery.format, layout), outcome=outcome)


def _shown_name(name: str) -> str:
    """What the server calls it; bytes that are no UTF-8 would not survive JSON."""
    plain = "stdin" if name == STANDARD_INPUT else Path(name).name
    return plain.encode("utf-8", "replace").decode()
