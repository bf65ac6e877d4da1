"""Has one answer written by the language model."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from parley.assistant.contract import LanguageModel, Message
from parley.assistant.happenings import Happening, ModelDone, ModelFailed, ModelWrote, ToolWished
from parley.errors import LanguageModelError, ParleyError

_log = logging.getLogger(__name__)


class Writer:
    """Runs until the answer is written, has failed, or is dropped."""

    def __init__(
        self,
        model: LanguageModel,
        turn: int,
        revision: int,
        instructions: str,
        history: Sequence[Message],
        language: str | None,
        feed: Callable[[Happening], None],
    ) -> None:
        self._turn, self._revision = turn, revision
        self._feed = feed
        self._is_dropped = False
        self._task = asyncio.create_task(self._write(model, instructions, history, language))
        self._task.add_done_callback(self._ended)

    def drop(self) -> asyncio.Task[None]:
        """Write no more; the task ends when the language model is free."""
        self._is_dropped = True
        self._task.cancel()
        return self._task

    async def _write(
        self, model: LanguageModel, instructions: str, history: Sequence[Message], language: str | None
    ) -> None:
        turn, revision = self._turn, self._revision
        async for piece in model.answer(instructions, history, language):
            if isinstance(piece, str):
                self._feed(ModelWrote(turn=turn, revision=revision, text=piece))
            else:
                self._feed(ToolWished(turn=turn, revision=revision, wish=piece))
        self._feed(ModelDone(turn=turn, revision=revision))

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is None or self._is_dropped:
            return
        if not isinstance(error, ParleyError):
            _log.error("a language model broke", exc_info=error)
            error = LanguageModelError("Something unforeseen ended the answer; ask again.")
        self._feed(ModelFailed(turn=self._turn, revision=self._revision, error=error))
