"""The loss of a worker, inside the fleet."""

from __future__ import annotations

from parley.engines.contract import EngineSpec
from parley.errors import WorkerDied, WorkerError, WorkerHung


class Lost(Exception):
    """A worker is of no more use.

    `fate` says what it did, as the end of a sentence; `detail` holds the last lines it printed;
    `is_nonsense` says that it does not speak our frames; `loading` is the engine that it
    loaded then, and `device` the one it tried.
    """

    def __init__(
        self,
        kind: type[WorkerDied] | type[WorkerHung],
        fate: str,
        detail: str = "",
        *,
        is_nonsense: bool = False,
    ) -> None:
        super().__init__(fate)
        self.kind = kind
        self.fate = fate
        self.detail = detail
        self.is_nonsense = is_nonsense
        self.loading: EngineSpec | None = None
        self.device = ""

    def error(self) -> WorkerError:
        """The same for those outside."""
        return self.kind(f"A worker {self.fate}.", detail=self.detail)


class NoRoom(Exception):
    """A worker cannot load what its call needs beside what it holds; another has to do the call."""


class TooLarge(Exception):
    """A worker holds more memory than it may; it has to end, and its call was too much for it."""
