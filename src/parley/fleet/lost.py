"""The loss of a worker, inside the fleet."""

from __future__ import annotations

from parley.errors import WorkerDied, WorkerError, WorkerHung


class Lost(Exception):
    """A worker is of no more use.

    `fate` says what it did, as the end of a sentence; `detail` holds the last lines it printed;
    `is_nonsense` says that it does not speak our frames.
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

    def error(self) -> WorkerError:
        """The same for those outside."""
        return self.kind(f"A worker {self.fate}.", detail=self.detail)


class TooLarge(Exception):
    """A worker holds more memory than it may; it has to end, and its call was too much for it."""
