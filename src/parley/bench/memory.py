"""The most memory that this process and its workers held together."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

import psutil

MIB = 1024 * 1024

EVERY_S = 0.1
FAMILY_EVERY_S = 1.0
"""Looking for new workers reads the table of all processes, which is dearer than asking known ones."""


class PeakMemory:
    """Adds up resident memory ten times a second while the context lasts; pages that processes share
    count in each. A peak shorter than that may be missed."""

    def __init__(self) -> None:
        self._own = psutil.Process()
        self._family: list[psutil.Process] = []
        self._looked = float("-inf")
        self._peak_bytes = 0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()
        self._look()

    @property
    def peak_mib(self) -> float | None:
        """None where the system did not say."""
        return self._peak_bytes / MIB if self._peak_bytes else None

    def _watch(self) -> None:
        while not self._is_over.wait(EVERY_S):
            self._look()

    def _look(self) -> None:
        now = time.monotonic()
        try:
            if now - self._looked >= FAMILY_EVERY_S:
                self._family = self._own.children(recursive=True)
                self._looked = now
            total = self._own.memory_info().rss + sum(_resident(each) for each in self._family)
        except (psutil.Error, OSError):
            return
        self._peak_bytes = max(self._peak_bytes, total)


def _resident(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0  # it ended while we looked
