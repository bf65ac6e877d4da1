"""Runs `parley transcribe` over its files on this machine: one fleet for all."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from parley.app import Wish, Workshop, open_workshop
from parley.batch.options import Outcome
from parley.cli import tell
from parley.cli.delivery import STANDARD_INPUT, Delivery, check_streams, plan_targets, stem
from parley.cli.display import Display
from parley.cli.files import Product, each_file, run_to_end, stop_on_terminate
from parley.formats.registry import check_options, render
from parley.settings import MIB, Settings
from parley.telemetry.log import configure


def transcribe_files(
    settings: Settings, files: Sequence[str], wish: Wish, delivery: Delivery, display: Display
) -> None:
    """Transcribe every file; exit with the first failure's code, or 130 when interrupted."""
    configure(settings.log_level, display.log, settings.log_format)
    check_options(delivery.render, [delivery.format])
    targets = plan_targets(files, delivery)
    check_streams(files, targets)
    run_to_end(_run(settings, files, wish, delivery, targets, display), display, tell.interrupted)


async def _run(
    settings: Settings,
    files: Sequence[str],
    wish: Wish,
    delivery: Delivery,
    targets: Sequence[Path | None],
    display: Display,
) -> int:
    stop_on_terminate()
    async with open_workshop(settings, display.notice, wish.recognition.language) as workshop:

        async def produce(name: str) -> Product:
            outcome = await _transcribe(workshop, name, wish, display)
            layout = replace(delivery.render, file_id=stem(name))
            return Product(text=render(outcome.transcript, delivery.format, layout), outcome=outcome)

        return await each_file(files, targets, delivery, display, produce)


async def _transcribe(workshop: Workshop, name: str, wish: Wish, display: Display) -> Outcome:
    if name != STANDARD_INPUT:
        return await workshop.transcribe(Path(name), wish, display.publish)
    limit = workshop.settings.max_file_mib * MIB
    async with workshop.store.spool(sys.stdin.buffer, max_bytes=limit) as path:
        return await workshop.transcribe(path, wish, display.publish)
