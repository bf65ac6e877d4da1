"""What is told of utterances: numbers without gaps, one final for each that had a partial, in order."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from parley.errors import OutOfMemory, ParleyError, RecognitionFailed, UnsupportedOption
from parley.live.outbox import Outbox
from parley.live.utterances import Utterance
from parley.signal.agreement import keep
from parley.signal.tokens import is_said
from parley.speech.live import Final, Partial, Trouble
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.transcript import Word

_log = logging.getLogger(__name__)

MOST_NOTICES = 16
"""Different ones that a session is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What an utterance says."""

    text: str = ""
    words: tuple[Word, ...] | None = None
    confidence: float | None = None
    language: str | None = None
    notices: tuple[str, ...] = ()


class Telling:
    """Puts texts into the outbox. `finals` counts those told; `turns` as in LiveWish."""

    def __init__(self, outbox: Outbox, *, turns: bool = False) -> None:
        self._outbox = outbox
        self._turns = turns
        self._next = 0
        self._noticed: set[str] = set()
        self.finals = 0

    def partial(self, utterance: Utterance, text: str, stable_chars: int = 0, *, whole: bool = False) -> None:
        """Show what is known; nothing is shown of an utterance before there is text."""
        if utterance.number is None and not is_said(text):
            return
        is_known = utterance.number is not None and text == utterance.shown
        if is_known and not (whole and self._turns):
            return
        number = self._number(utterance)
        utterance.shown, utterance.promised = text, text[:stable_chars]
        self._outbox.put(
            Partial(
                utterance=number,
                start=utterance.start,
                text=text,
                stable_chars=stable_chars,
                whole=whole,
            )
        )

    def final(self, utterance: Utterance, said: Said) -> None:
        """Say the last word, unless there is none and nobody waits for it."""
        if utterance.number is None and not is_said(said.text) and not self._turns:
            return
        self.notice(said.notices)
        number = self._number(utterance)
        self.finals += 1
        self._outbox.put(
            Final(
                utterance=number,
                start=utterance.start,
                end=max(utterance.start, utterance.end),
                text=keep(utterance.promised, said.text if is_said(said.text) else ""),
                confidence=said.confidence,
                words=said.words,
                language=said.language,
                decided=utterance.decided / SAMPLE_RATE_HZ if utterance.decided else None,
            )
        )

    def notice(self, notices: Sequence[str]) -> None:
        """Say what an engine leaves out of what it was told; once, and the session goes on."""
        for notice in notices:
            if notice not in self._noticed and len(self._noticed) < MOST_NOTICES:
                self._noticed.add(notice)
                self._outbox.put(Trouble(error=UnsupportedOption(notice)))

    def lost(self, utterance: Utterance, error: ParleyError) -> None:
        """An utterance could not be recognised: what was shown of it is all there is."""
        _log.warning("an utterance could not be recognised: %s", error.message)
        text = "This utterance could not be recognised; say it again."
        if isinstance(error, OutOfMemory):
            text = "There was not enough memory for this utterance; pause more often, or use a smaller model."
        trouble = RecognitionFailed(text, detail=error.message)
        self._outbox.put(Trouble(error=trouble, utterance=utterance.number))
        self.final(utterance, Said(text=utterance.shown))

    def surrender(self, utterance: Utterance) -> None:
        """The session ends before the utterance was recognised: nobody who saw it waits in vain."""
        if utterance.number is not None:
            utterance.end = utterance.end or utterance.heard / SAMPLE_RATE_HZ
            self.final(utterance, Said(text=utterance.shown))

    def _number(self, utterance: Utterance) -> int:
        if utterance.number is None:
            utterance.number = self._next
            self._next += 1
        return utterance.number

    @property
    def told(self) -> int:
        """Utterances that were told of."""
        return self._next
