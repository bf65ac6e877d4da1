"""What a live session tells, in the answers of each mode; no input or output, only words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from parley.errors import ParleyError
from parley.formats.text import join
from parley.server.funasr.deltas import Deltas
from parley.server.funasr.manner import Manner
from parley.server.funasr.stamps import Stamped, clauses, stamped, timestamp
from parley.speech.live import Final, Partial
from parley.wire.funasr.server import Answer, Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """What else there is to say in the last answer to an input."""

    error: ParleyError | None = None
    ignored: tuple[str, ...] = ()


class Narrator(Protocol):
    """Tells one input. `offset_s` is where the present session begins in it."""

    offset_s: float

    def partial(self, event: Partial, *, streams: bool) -> Sequence[Answer]:
        """Somebody goes on speaking; `streams` says that the recogniser only adds to its text."""
        ...

    def final(self, event: Final) -> Sequence[Answer]:
        """An utterance has ended."""
        ...

    def finishing(self) -> None:
        """The end of the input has come; finals may still follow."""
        ...

    def close(self, close: Close) -> Answer:
        """The last answer."""
        ...


def narrator(manner: Manner) -> Narrator:
    """The one for the mode."""
    match manner.mode:
        case "offline":
            return AllAtOnce(manner.wav_name, is_final=manner.ends_with_true)
        case "online":
            return Pieces(manner.wav_name)
        case "2pass":
            return TwoPasses(manner.wav_name)


@dataclass(slots=True)
class AllAtOnce:
    """Mode `offline`: exactly one answer."""

    wav_name: str
    is_final: bool
    offset_s: float = 0.0
    _text: str = ""
    _words: list[Stamped] = field(default_factory=list[Stamped])

    def partial(self, event: Partial, *, streams: bool) -> Sequence[Answer]:
        """Nobody wants to know."""
        return ()

    def final(self, event: Final) -> Sequence[Answer]:
        """Keep it for the end."""
        self._text = join(self._text, event.text)
        self._words += stamped(event.words or (), self.offset_s)
        return ()

    def finishing(self) -> None:
        """The answer comes with `close`."""

    def close(self, close: Close) -> Answer:
        """Everything."""
        answer = _timed("offline", self._text, self._words, self.wav_name)
        return _last(answer, close, is_final=self.is_final)


@dataclass(slots=True)
class Pieces:
    """Mode `online`: pieces to append, and an empty one at the end."""

    wav_name: str
    offset_s: float = 0.0
    _deltas: Deltas = field(default_factory=Deltas)

    def partial(self, event: Partial, *, streams: bool) -> Sequence[Answer]:
        """What is new, and certain."""
        self._deltas.revises = not streams
        return self._piece(self._deltas.more(event))

    def final(self, event: Final) -> Sequence[Answer]:
        """What was not told of the utterance yet."""
        return self._piece(self._deltas.rest(event.text))

    def finishing(self) -> None:
        """Nothing is held back."""

    def close(self, close: Close) -> Answer:
        """An end for those who wait for one."""
        return _last(Answer(mode="online", text="", wav_name=self.wav_name, is_final=False), close)

    def _piece(self, text: str) -> Sequence[Answer]:
        return (Answer(mode="online", text=text, wav_name=self.wav_name, is_final=False),) if text else ()


@dataclass(slots=True)
class TwoPasses:
    """Mode `2pass`: pieces to append, and for each utterance its text in their place.

    When the end has come, the newest text is held back until it is known whether it is the last one:
    clients look for `is_final` and take the text that comes with it.
    """

    wav_name: str
    offset_s: float = 0.0
    _deltas: Deltas = field(default_factory=Deltas)
    _held: Answer | None = None
    _is_finishing: bool = False

    def partial(self, event: Partial, *, streams: bool) -> Sequence[Answer]:
        """What is new, and certain for now."""
        self._deltas.revises = not streams
        text = self._deltas.more(event)
        if not text:
            return ()
        piece = Answer(mode="2pass-online", text=text, wav_name=self.wav_name, is_final=False)
        return (*self._release(), piece)

    def final(self, event: Final) -> Sequence[Answer]:
        """The utterance's own text; an empty one only where it has to replace pieces."""
        if not event.text and not self._deltas.told:
            return ()
        text = self._deltas.lead(event.text) + event.text
        self._deltas.begin_next(event.text)
        words = stamped(event.words or (), self.offset_s)
        answer = _timed("2pass-offline", text, words, self.wav_name)
        if not self._is_finishing:
            return (answer,)
        before, self._held = self._release(), answer
        return before

    def finishing(self) -> None:
        """Hold the newest text back from now on."""
        self._is_finishing = True

    def close(self, close: Close) -> Answer:
        """The last text, or an empty one where all was told."""
        empty = Answer(mode="2pass-offline", text="", wav_name=self.wav_name, is_final=False)
        return _last(self._held or empty, close)

    def _release(self) -> Sequence[Answer]:
        held, self._held = self._held, None
        return (held,) if held else ()


def _timed(mode: Mode, text: str, words: list[Stamped], wav_name: str) -> Answer:
    return Answer(
        mode=mode,
        text=text,
        wav_name=wav_name,
        is_final=False,
        timestamp=timestamp(text, words) if text else None,
        stamp_sents=clauses(text, words) if text else None,
    )


def _last(answer: Answer, close: Close, *, is_final: bool = True) -> Answer:
    return answer.model_copy(
        update={
            "is_final": is_final,
            "error": close.error.code if close.error else None,
            "message": close.error.message if close.error else None,
            "ignored": close.ignored or None,
        }
    )
