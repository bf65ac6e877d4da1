"""Which language model answers."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from parley.assistant.contract import LanguageModel
from parley.assistant.openai_model import OpenAiModel
from parley.assistant.options import LanguageModelOptions
from parley.assistant.parrot import Parrot


@asynccontextmanager
async def open_language_model(options: LanguageModelOptions) -> AsyncGenerator[LanguageModel]:
    """The one that is set up, the parrot where there is no key; its connections are closed in the end."""
    if options.key is None:
        yield Parrot()
        return
    async with OpenAiModel(options) as model:
        yield model
