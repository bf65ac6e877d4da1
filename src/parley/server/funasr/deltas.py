"""Text that is only ever appended to: what a client was told is never taken back."""

from __future__ import annotations

from parley.formats.text import join
from parley.signal.agreement import keep
from parley.speech.live import Partial


class Deltas:
    """What is told of one utterance after the other, piece by piece.

    `revises` says that a recogniser decodes again and again: then only what is stable may be told. Of a
    streaming recogniser all may, as long as it only adds to what it said.
    """

    def __init__(self, *, revises: bool = True) -> None:
        self.revises = revises
        self.told = ""
        self._before = ""

    def more(self, partial: Partial) -> str:
        """The piece to append now, which may be empty."""
        text = partial.text[: partial.stable_chars] if self.revises else partial.text
        if not text.startswith(self.told):
            return ""
        return self._tell(text[len(self.told) :])

    def rest(self, text: str) -> str:
        """The piece that completes the utterance, whose text turned out to be this; the next begins."""
        piece = self._tell(remainder(self.told, text))
        self.begin_next(self.told)
        return piece

    def lead(self, text: str) -> str:
        """The blank that belongs between the utterance before and this text, where its script has one."""
        joined = join(self._before, text)
        return joined[len(self._before) : len(joined) - len(text)]

    def begin_next(self, text: str) -> None:
        """The utterance is over, and this is how it stands with the client."""
        self._before = text or self._before
        self.told = ""

    def _tell(self, piece: str) -> str:
        if not piece:
            return ""
        lead = "" if self.told else self.lead(piece)
        self.told += piece
        return lead + piece


def remainder(told: str, text: str) -> str:
    """What is left of `text` for somebody who was told `told`, which may differ here and there."""
    if text.startswith(told):
        return text[len(told) :]
    piece = keep(told, text)[len(told) :]
    return piece.lstrip() if told[-1:].isspace() else piece
