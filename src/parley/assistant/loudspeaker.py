"""The audio of one answer, from its voice to its listener; kept until it was played."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from parley.assistant.events import AnswerAudio

PIECE_S = 0.2
"""Longest piece that is told at once: so much is on its way when playback is held."""

_SAMPLE_BYTES = 2


@dataclass(frozen=True, slots=True)
class _Piece:
    first: int
    pcm: bytes
    text: str

    @property
    def end(self) -> int:
        return self.first + len(self.pcm) // _SAMPLE_BYTES


class Loudspeaker:
    """Holds what was made and not played. Nothing comes out before `let_sound`, nor while it is held;
    `changed` is called when there may be something to take."""

    def __init__(self, sample_rate_hz: int, changed: Callable[[], None]) -> None:
        self.sample_rate_hz = sample_rate_hz
        self._changed = changed
        self.turn = self.revision = 0
        self._pieces: deque[_Piece] = deque()
        self._next = 0
        self._made = 0
        self._rest = b""
        self._text = ""
        self._is_let = self._is_held = False

    @property
    def made(self) -> int:
        """The sample behind the last one there is."""
        return self._made

    def begin(self, turn: int, revision: int, first_sample: int) -> None:
        """The next answer; what there was of another is gone."""
        self.clear()
        self.turn, self.revision = turn, revision
        self._made = self._next = first_sample

    def clear(self) -> None:
        """Throw everything away; nothing sounds before the next `let_sound`."""
        self._pieces.clear()
        self._rest, self._text = b"", ""
        self._next = self._made
        self._is_let = self._is_held = False

    def flush(self) -> None:
        """What waits is not wanted any more."""
        self._is_held = False
        self._next = self._made

    def let_sound(self) -> None:
        """What is made may be told from now on."""
        self._is_let = True
        self._changed()

    def hold(self) -> None:
        """Tell nothing for now."""
        self._is_held = True

    def resume(self) -> None:
        """Tell on."""
        self._is_held = False
        self._changed()

    def clause(self, text: str) -> None:
        """The audio of a clause follows."""
        self._rest, self._text = b"", text

    def add(self, pcm: bytes) -> None:
        """More of the clause's audio."""
        pcm, odd = self._rest + pcm, (len(self._rest) + len(pcm)) % _SAMPLE_BYTES
        whole, self._rest = (pcm[:-odd], pcm[-odd:]) if odd else (pcm, b"")
        step = round(PIECE_S * self.sample_rate_hz) * _SAMPLE_BYTES
        for at in range(0, len(whole), step):
            piece = _Piece(self._made, whole[at : at + step], self._text)
            self._pieces.append(piece)
            self._made, self._text = piece.end, ""
        self._changed()

    def take(self) -> AnswerAudio | None:
        """The next piece for the listener."""
        if not self._is_let or self._is_held:
            return None
        for piece in self._pieces:
            if piece.end > self._next:
                skipped = max(0, self._next - piece.first)
                self._next = piece.end
                return AnswerAudio(
                    turn=self.turn,
                    sample_rate_hz=self.sample_rate_hz,
                    first_sample=piece.first + skipped,
                    pcm=piece.pcm[skipped * _SAMPLE_BYTES :],
                    text="" if skipped else piece.text,
                )
        return None

    def rewind(self, sample: int) -> None:
        """Tell again what comes from this sample on."""
        self._next = sample
        self._is_held = False
        self._changed()

    def forget(self, played: int) -> None:
        """What was played is not needed any more."""
        while self._pieces and self._pieces[0].end <= min(played, self._next):
            self._pieces.popleft()
