"""What waits to be sent on one line, in three lanes.

First orders to the loudspeaker: whoever begins to speak must not be talked over by a server that has other
things to say first. Then everything else, in order. Audio is last, and is handed out late (`ahead.py`), so
that an order never waits behind seconds of it in a socket.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from parley.assistant.events import (
    AnswerAudio,
    AnswerText,
    AssistantEvent,
    Farewell,
    Loudness,
    PlaybackOrder,
    UserText,
)

PIECE_S = 0.1
"""Audio is cut so fine that an order waits for little more than what is being written."""

MOST_WAITING = 256
"""Events, orders and audio apart, that wait before no more are taken from the conversation: where so many
wait, the client does not read.
"""

_SAMPLE_BYTES = 2


class Lanes:
    """Takes events in as they are told, gives them out in the order in which they are to be sent."""

    def __init__(self) -> None:
        self._orders: deque[PlaybackOrder] = deque()
        self._events: deque[AssistantEvent] = deque()
        self._audio: deque[AnswerAudio] = deque()
        self._held = False

    @property
    def is_full(self) -> bool:
        """Whether so much waits that nothing more should be taken in."""
        return len(self._events) >= MOST_WAITING

    @property
    def audio(self) -> AnswerAudio | None:
        """The audio that is next, unless it is held."""
        return self._audio[0] if self._audio and not self._held else None

    def put(self, event: AssistantEvent) -> None:
        """Take an event in."""
        match event:
            case PlaybackOrder():
                self._obey(event)
            case AnswerAudio():
                self._audio.extend(pieces_of(event))
            case Farewell():
                self._audio.clear()
                self._events.append(event)
            case _:
                self._insert(event)

    def take(self) -> AssistantEvent | None:
        """What is to be sent before any audio; None where there is nothing."""
        if self._orders:
            return self._orders.popleft()
        return self._events.popleft() if self._events else None

    def take_audio(self) -> AnswerAudio:
        """The audio that is next; there has to be some."""
        return self._audio.popleft()

    def _obey(self, order: PlaybackOrder) -> None:
        # The last one says what the loudspeaker is to do.
        self._orders = deque(old for old in self._orders if old.turn != order.turn)
        self._orders.append(order)
        self._held = order.action == "pause"
        if order.action == "flush":
            self._audio = deque(audio for audio in self._audio if audio.turn > order.turn)

    def _insert(self, event: AssistantEvent) -> None:
        """In its turn; what only counts while it is new takes the place of what is older."""
        if isinstance(event, UserText) and event.is_final:
            self._events = deque(old for old in self._events if not _is_older_text(event, old))
        index = next((at for at, old in enumerate(self._events) if _replaces(event, old)), None)
        if index is not None:
            del self._events[index]
        self._events.append(event)


def pieces_of(audio: AnswerAudio) -> list[AnswerAudio]:
    """The same audio in pieces of `PIECE_S`; the clause is named with the first."""
    size = max(1, int(PIECE_S * audio.sample_rate_hz)) * _SAMPLE_BYTES
    starts = range(0, len(audio.pcm), size)
    return [
        replace(
            audio,
            first_sample=audio.first_sample + start // _SAMPLE_BYTES,
            pcm=audio.pcm[start : start + size],
            text="" if start else audio.text,
        )
        for start in starts
    ]


def _replaces(new: AssistantEvent, old: AssistantEvent) -> bool:
    match new:
        case UserText(is_final=False):
            return _is_older_text(new, old)
        case AnswerText():
            return isinstance(old, AnswerText) and old.turn == new.turn and not old.is_complete
        case Loudness():
            return isinstance(old, Loudness)
        case _:
            return False


def _is_older_text(new: UserText, old: AssistantEvent) -> bool:
    return isinstance(old, UserText) and old.turn == new.turn and not old.is_final
