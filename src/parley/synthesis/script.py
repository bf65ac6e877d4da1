"""The text of a request on its way to the voice: written in pieces, taken in clauses."""

from __future__ import annotations

import asyncio
from collections import deque

from parley.errors import TextTooLong
from parley.synthesis.clauses import ClauseSplitter
from parley.synthesis.languages import says_anything
from parley.synthesis.options import SynthesisLimits
from parley.synthesis.speakable import Speakable

_AT_ONCE = 1000
"""Characters between two looks at the event loop, two milliseconds."""


class Script:
    """Bounded: more than `max_text_chars` is refused."""

    def __init__(self, limits: SynthesisLimits, most_chars: int) -> None:
        self._limits = limits
        self._speakable = Speakable()
        self._splitter = ClauseSplitter(most_chars)
        self._clauses: deque[str] = deque()
        self._written = 0
        self._writing = asyncio.Lock()
        self.unsaid = 0
        self.is_ended = False

    @property
    def is_full(self) -> bool:
        """Whether so much waits for the voice that who writes has to wait."""
        return self.unsaid > self._limits.max_unsaid_chars

    def __len__(self) -> int:
        return len(self._clauses)

    async def write(self, text: str) -> None:
        """Take a piece in; raises TextTooLong, and then nothing of it is said."""
        async with self._writing:
            if self.is_ended:
                return
            if self._written + len(text) > self._limits.max_text_chars:
                raise TextTooLong(
                    f"A text has {self._limits.max_text_chars} characters at most; send the rest as another."
                )
            self._written += len(text)
            for first in range(0, len(text), _AT_ONCE):
                if first:
                    await asyncio.sleep(0)
                self._add(self._splitter.feed(self._speakable.feed(text[first : first + _AT_ONCE])))

    async def flush(self) -> None:
        """What was written is whole."""
        async with self._writing:
            if not self.is_ended:
                self._add(self._splitter.feed(self._speakable.flush()))
                self._add(self._splitter.flush())

    def next(self) -> str:
        """The clause whose turn it is; `said` follows when it was."""
        return self._clauses.popleft()

    def said(self, clause: str) -> None:
        """A clause has become audio."""
        self.unsaid -= len(clause)

    def close(self) -> None:
        """Nothing more is taken, and nothing waits."""
        self.is_ended = True
        self._clauses.clear()
        self.unsaid = 0

    def _add(self, clauses: list[str]) -> None:
        if self.is_ended:
            return
        for clause in clauses:
            if says_anything(clause):
                self._clauses.append(clause)
                self.unsaid += len(clause)
