"""What answers where there is no language model, so that the rest can be tried: it repeats, and says so."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from parley.assistant.contract import Message, ToolWish
from parley.signal.tokens import is_unspaced

NAME = "parrot (no language model is set up)"


class Parrot:
    """See contract.LanguageModel: the last thing that the user said comes back, labelled."""

    @property
    def name(self) -> str:
        """See LanguageModel."""
        return NAME

    async def answer(
        self, instructions: str, history: Sequence[Message], language: str | None
    ) -> AsyncIterator[str | ToolWish]:
        """See LanguageModel."""
        said = next((message.text for message in reversed(history) if message.role == "user"), "")
        yield "你说：" if is_unspaced(said) else "You said: "
        yield said
