"""A conversation's mouth: the text of an answer becomes audio in the loudspeaker's buffer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from parley.assistant.happenings import ClauseMade, ClauseWhole, Happening, VoiceDone, VoiceFailed
from parley.assistant.loudspeaker import Loudspeaker
from parley.errors import ParleyError, SpeakingError
from parley.speech.speaking import (
    Sentence,
    SpeakingCancelled,
    SpeakingEvent,
    SpeakingFailed,
    Spoken,
    SpokenAudio,
)
from parley.synthesis.clauses import ClauseSplitter
from parley.synthesis.contract import Speaking, SynthesisRoom
from parley.synthesis.options import SpeakingWish

_log = logging.getLogger(__name__)

LOOK_S = 0.1
"""How often is looked whether a full buffer has been played."""

_CLAUSE_CHARS = 200


class Mouth:
    """Speaks one answer, the loudspeaker's. `write`, `end` and `drop` never wait; a request for speech is
    opened with the first text. Audio waits for `has_room`."""

    def __init__(
        self,
        room: SynthesisRoom,
        user: str,
        wish: SpeakingWish,
        loudspeaker: Loudspeaker,
        feed: Callable[[Happening], None],
        has_room: Callable[[], bool],
    ) -> None:
        self._room = room
        self._user = user
        self._wish = wish
        self._loudspeaker = loudspeaker
        self._turn, self._revision = loudspeaker.turn, loudspeaker.revision
        self._feed = feed
        self._has_room = has_room
        # Bounded by the longest answer.
        self._texts: asyncio.Queue[str | None] = asyncio.Queue()
        self._splitter: ClauseSplitter | None = None
        self._is_clause_whole = self._is_dropped = False
        self._task = asyncio.create_task(self._speak())
        self._task.add_done_callback(self._ended)

    def write(self, text: str) -> None:
        """More of the answer."""
        self._texts.put_nowait(text)
        if not self._is_clause_whole:
            self._splitter = self._splitter or ClauseSplitter(_CLAUSE_CHARS)
            if self._splitter.feed(text):
                self._note_clause()

    def end(self) -> None:
        """That was all of it."""
        self._texts.put_nowait(None)
        if not self._is_clause_whole:
            self._note_clause()

    def drop(self) -> asyncio.Task[None]:
        """Say no more: nothing gets into the buffer from now on. The task ends when the voice is free."""
        self._is_dropped = True
        self._task.cancel()
        return self._task

    def _note_clause(self) -> None:
        self._is_clause_whole = True
        self._splitter = None
        self._feed(ClauseWhole(turn=self._turn, revision=self._revision))

    async def _speak(self) -> None:
        first = await self._texts.get()
        if first is None:
            self._feed(VoiceDone(turn=self._turn, revision=self._revision))
            return
        speaking = await self._room.open(self._user, self._wish)
        try:
            async with asyncio.TaskGroup() as both:
                writing = both.create_task(self._write_on(speaking, first))
                both.create_task(self._listen(speaking, writing))
        finally:
            await speaking.cancel()

    async def _write_on(self, speaking: Speaking, first: str) -> None:
        text: str | None = first
        while text is not None:
            await speaking.write(text)
            text = await self._texts.get()
        await speaking.end()

    async def _listen(self, speaking: Speaking, writing: asyncio.Task[None]) -> None:
        async for event in speaking.listen():
            # Where a client does not say what it plays, only the clock makes room, which tells nobody.
            while not self._has_room():  # noqa: ASYNC110
                await asyncio.sleep(LOOK_S)
            if self._is_dropped:
                return
            self._hear(event)
        writing.cancel()

    def _hear(self, event: SpeakingEvent) -> None:
        match event:
            case Sentence():
                self._loudspeaker.clause(event.text)
                self._feed(
                    ClauseMade(
                        turn=self._turn, revision=self._revision, text=event.text, samples=event.samples
                    )
                )
            case SpokenAudio():
                self._loudspeaker.add(event.pcm)
            case Spoken():
                self._feed(VoiceDone(turn=self._turn, revision=self._revision))
            case SpeakingFailed():
                self._fail(event.error)
            case SpeakingCancelled():
                self._fail(SpeakingError("The voice was stopped; ask again."))

    def _fail(self, error: ParleyError) -> None:
        if not self._is_dropped:
            self._is_dropped = True
            self._feed(VoiceFailed(turn=self._turn, revision=self._revision, error=error))

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        if isinstance(error, ParleyError):
            self._fail(error)
        elif error is not None:
            _log.error("a voice of a conversation broke", exc_info=error)
            self._fail(SpeakingError("Something unforeseen ended the voice; ask again."))
