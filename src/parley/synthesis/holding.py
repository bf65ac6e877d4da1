"""Text that waits until it is clear what it is, and what was let out of it."""

from __future__ import annotations


class Holding:
    """`_held` waits, `_before` is the character before it, `_said` is let out and not taken yet.

    `_breaks` line ends were let out last, as many as there are ever to be before the first word.
    """

    def __init__(self) -> None:
        self._held = ""
        self._before = "\n"
        self._said: list[str] = []
        self._breaks = 2

    def _take(self) -> str:
        said, self._said = "".join(self._said), []
        return said

    def _say(self, text: str) -> None:
        if text:
            self._said.append(text)
            self._breaks = 0

    def _break(self, count: int) -> None:
        """As many line ends as there are to be after what was said last, and none before the first word."""
        if count > self._breaks:
            self._said.append("\n" * (count - self._breaks))
            self._breaks = count

    def _drop(self, count: int) -> None:
        self._before = self._held[count - 1] if count else self._before
        self._held = self._held[count:]

    def _pass(self, count: int) -> bool:
        """Characters are words."""
        self._say(self._held[:count])
        self._drop(count)
        return True
