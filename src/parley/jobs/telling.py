"""Writes down how far the works are, then lets watchers see it.

In this order, so that what somebody was told is never taken back by a restart: progress does not
fall, and a number once given to a piece of text stays with it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence

from parley.errors import StorageError
from parley.jobs.books import Books
from parley.jobs.works import Work

TELL_S = 0.25
"""How often: soon enough for a reader, and one small transaction for all works."""

_log = logging.getLogger(__name__)


class Teller:
    """One loop for all works."""

    def __init__(self, books: Books) -> None:
        self._books = books

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(TELL_S)
            running = self._books.works.running
            if running:
                try:
                    await self.tell(running)
                except Exception:  # noqa: BLE001 - the supervisor: one slip must not end all news
                    _log.exception("news of the works could not be told")

    async def tell(self, works: Sequence[Work]) -> None:
        """Write down and show what is new about these works."""
        now = time.monotonic()
        news = [(work, work.progress.at(now), work.progress.message, len(work.told)) for work in works]
        changed = [(work, reached, told) for work, reached, _, told in news if _is_new(work, reached, told)]
        if changed:
            await self._write(changed)
        for work, reached, message, told in news:
            work.show(max(work.reached, reached), message, max(work.shown, told))

    async def _write(self, changed: Sequence[tuple[Work, float, int]]) -> None:
        """A disk that is full costs what a restart would need, but no watcher its news."""
        progress = {
            task: reached for work, reached, _ in changed for task in work.members if reached > work.reached
        }
        told = {
            work.id: (work.shown, work.told[work.shown : told])
            for work, _, told in changed
            if told > work.shown
        }
        try:
            if progress:
                await self._books.store.tasks.advance(progress)
            if told:
                await self._books.store.heard.add(told)
        except StorageError as error:
            _log.warning("progress could not be written down: %s (%s)", error.code, error.detail)


def _is_new(work: Work, reached: float, told: int) -> bool:
    return reached > work.reached or told > work.shown
