"""A language model behind any OpenAI-compatible server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from parley.assistant.chat import Reading, messages_of
from parley.assistant.contract import Message, ToolWish
from parley.assistant.openai_errors import (
    BROKEN_OFF,
    NOT_UNDERSTOOD,
    SILENT,
    Setback,
    line_errors,
    setback_of,
)
from parley.assistant.options import LanguageModelOptions
from parley.errors import LanguageModelError, LanguageModelRefused, LanguageModelSilent

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream
    from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam

CONNECT_S = 10.0
FIRST_BACKOFF_S = 0.5
MOST_BACKOFF_S = 8.0

_OPENAI = "https://api.openai.com/"
_NONE = "none"
"""What is sent for a key to a server that asks for none."""


class _SetBack(Exception):
    """One try has failed."""

    def __init__(self, setback: Setback) -> None:
        super().__init__(setback.error.message)
        self.setback = setback


class OpenAiModel:
    """See contract.LanguageModel. `async with` it, or `close` it, so that its connections are closed.

    Another try is made before the first piece only, and within the time that an answer has to begin.
    """

    def __init__(self, options: LanguageModelOptions) -> None:
        self._options = options
        self._client: AsyncOpenAI | None = None
        self._making = asyncio.Lock()

    @property
    def name(self) -> str:
        """See LanguageModel."""
        return self._options.model

    async def warm(self) -> None:
        """Load what takes a second, beside the event loop."""
        await self._ready()

    async def close(self) -> None:
        """Close what is open."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def __aenter__(self) -> OpenAiModel:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def answer(
        self, instructions: str, history: Sequence[Message], language: str | None
    ) -> AsyncIterator[str | ToolWish]:
        """See LanguageModel; of a longer history the newest messages are sent."""
        now = asyncio.get_running_loop().time
        messages = messages_of(instructions, history, language, self._options.history_tokens)
        client = await self._ready()
        begin_by, end_by = now() + self._options.first_token_s, now() + self._options.answer_s
        tries = 0
        while True:
            has_begun = False
            try:
                async with aclosing(self._try(client, messages, min(begin_by, end_by), end_by)) as pieces:
                    async for piece in pieces:
                        has_begun = True
                        yield piece
                return
            except _SetBack as failed:
                tries += 1
                wait_s = self._wait_s(failed.setback, tries)
                if has_begun or wait_s is None or now() + wait_s >= begin_by:
                    raise failed.setback.error from failed
            await asyncio.sleep(wait_s)

    def _wait_s(self, setback: Setback, tries: int) -> float | None:
        """How long to wait before the next try; None: there is none."""
        if not setback.is_passing or tries > self._options.retries:
            return None
        if setback.retry_after_s is not None:
            return setback.retry_after_s
        return min(MOST_BACKOFF_S, FIRST_BACKOFF_S * 2 ** (tries - 1))

    async def _ready(self) -> AsyncOpenAI:
        async with self._making:
            client = self._client
            if client is None:
                client = self._client = await asyncio.to_thread(_client, self._options)
            return client

    async def _try(
        self,
        client: AsyncOpenAI,
        messages: list[ChatCompletionMessageParam],
        begin_by: float,
        end_by: float,
    ) -> AsyncGenerator[str | ToolWish]:
        """One request, piece by piece. Raises _SetBack."""
        reading = Reading()
        stream = await _within(begin_by, lambda: self._request(client, messages), has_answered=False)
        try:
            until = begin_by
            while (chunk := await _within(until, lambda: _next(stream))) is not None:
                text = _taken(reading, chunk)
                if text:
                    yield text
                now = asyncio.get_running_loop().time()
                until = min(end_by, max(until if not text else 0.0, now + self._options.between_tokens_s))
            for rest in (reading.rest(), *reading.wishes()):
                if rest:
                    yield rest
            _judge(reading)
        finally:
            await stream.close()

    async def _request(
        self, client: AsyncOpenAI, messages: list[ChatCompletionMessageParam]
    ) -> AsyncStream[ChatCompletionChunk]:
        options = self._options
        wanted: dict[str, Any] = {"model": options.model, "messages": messages, "stream": True}
        # Its newer models take this name only, which many other servers do not know.
        is_openai = options.base_url.startswith(_OPENAI)
        wanted["max_completion_tokens" if is_openai else "max_tokens"] = options.max_answer_tokens
        if options.temperature is not None:
            wanted["temperature"] = options.temperature
        return await client.chat.completions.create(**wanted)


def _client(options: LanguageModelOptions) -> AsyncOpenAI:
    """Takes a second: the SDK is loaded, and with it the certificates that are trusted."""
    from openai import AsyncOpenAI, Timeout

    return AsyncOpenAI(
        api_key=options.key or _NONE,
        base_url=options.base_url,
        max_retries=0,
        timeout=Timeout(None, connect=CONNECT_S),
    )


async def _next(stream: AsyncStream[ChatCompletionChunk]) -> ChatCompletionChunk | None:
    """The next chunk, None at the end."""
    try:
        return await anext(stream)
    except StopAsyncIteration:
        return None


async def _within(until: float, ask: Callable[[], Any], *, has_answered: bool = True) -> Any:
    """Wait for the server until then, and say in our words what went wrong."""
    import openai

    try:
        async with asyncio.timeout_at(until):
            return await ask()
    except TimeoutError as error:
        raise _SetBack(Setback(error=LanguageModelSilent(SILENT))) from error
    except openai.APIError as error:
        raise _SetBack(setback_of(error, has_answered=has_answered)) from error
    except ValueError as error:
        raise _SetBack(Setback(error=LanguageModelError(NOT_UNDERSTOOD))) from error
    except line_errors() as error:
        raise _SetBack(Setback(error=LanguageModelError(BROKEN_OFF), is_passing=True)) from error


def _taken(reading: Reading, chunk: ChatCompletionChunk) -> str:
    try:
        return reading.take(chunk)
    except (AttributeError, TypeError, IndexError) as error:
        raise _SetBack(Setback(error=LanguageModelError(NOT_UNDERSTOOD))) from error


def _judge(reading: Reading) -> None:
    """Whether the stream ended as an answer does. Raises _SetBack."""
    if not reading.has_any:
        raise _SetBack(Setback(error=LanguageModelError(NOT_UNDERSTOOD), is_passing=True))
    if reading.finish_reason is None:
        raise _SetBack(Setback(error=LanguageModelError(BROKEN_OFF), is_passing=True))
    if reading.has_text or reading.wishes():
        return
    if reading.finish_reason == "length":
        raise _SetBack(Setback(error=LanguageModelError(_ALL_THOUGHT)))
    if reading.finish_reason == "content_filter":
        raise _SetBack(Setback(error=LanguageModelRefused(_FILTERED)))
    raise _SetBack(Setback(error=LanguageModelError(_EMPTY)))


_EMPTY = "The language model gave an empty answer; ask again, or use another model."
_ALL_THOUGHT = (
    "The language model used up its tokens before it said anything; raise 'assistant.max_answer_tokens'."
)
_FILTERED = "The language model declined to answer that; ask in another way."
