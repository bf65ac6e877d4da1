"""What sherpa-onnx has heard of one live input, as words with times.

A stream of the library holds all that changes; what is kept here beside it is what the library does not say.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from parley.signal.timed_text import spell_joined, spell_pieces, words_of
from parley.signal.tokens import Token


class Listening(Protocol):
    """The library's stream of one input, and what is particular to the kind of model."""

    stream: Any

    def step(self) -> None:
        """Let the model hear what it can; there is enough of it."""
        ...

    def tokens(self) -> list[Token]:
        """Words of the utterance so far, in seconds of the input."""
        ...

    def begin_anew(self) -> None:
        """The utterance has ended."""
        ...


class ZipformerListening:
    """A transducer says when each symbol was spoken."""

    def __init__(self, recognizer: Any, stream: Any) -> None:
        self._recognizer = recognizer
        self.stream = stream

    def step(self) -> None:
        """See Listening."""
        self._recognizer.decode_stream(self.stream)

    def tokens(self) -> list[Token]:
        """See Listening."""
        found = self._recognizer.get_result_all(self.stream)
        spelt = spell_pieces(found.tokens)
        starts = [found.start_time + start for start in found.timestamps]
        if len(starts) != len(spelt):
            # One that the model does not know has a time, but no text.
            starts = [found.start_time] * len(spelt) if not starts else _fitted(starts, len(spelt))
        return words_of(spelt, starts, max(starts, default=0.0) + 1.0)

    def begin_anew(self) -> None:
        """See Listening."""
        self._recognizer.reset(self.stream)


def _fitted(starts: Sequence[float], count: int) -> list[float]:
    return [float(at) for at in np.interp(np.linspace(0, len(starts) - 1, count), range(len(starts)), starts)]


class ParaformerListening:
    """A streaming Paraformer gives no times: what comes out of a step was spoken in that step's chunk."""

    CHUNK_S = 0.6
    AHEAD_S = 0.18
    """It hears so much further before it decides."""

    def __init__(self, recognizer: Any, stream: Any) -> None:
        self._recognizer = recognizer
        self.stream = stream
        self._steps = 0
        self._starts: list[float] = []

    def step(self) -> None:
        """See Listening."""
        self._recognizer.decode_stream(self.stream)
        fresh = len(self._symbols()) - len(self._starts)
        begin = self._steps * self.CHUNK_S - self.AHEAD_S
        self._starts += [max(0.0, begin + self.CHUNK_S * index / fresh) for index in range(fresh)]
        self._steps += 1

    def tokens(self) -> list[Token]:
        """See Listening."""
        spelt = spell_joined(self._symbols())
        return words_of(spelt, self._starts, max(self._starts, default=0.0) + self.CHUNK_S)

    def begin_anew(self) -> None:
        """See Listening."""
        self._recognizer.reset(self.stream)
        self._starts = []

    def _symbols(self) -> list[str]:
        return self._recognizer.get_result_all(self.stream).tokens
