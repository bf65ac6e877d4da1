"""What the failures of an OpenAI-compatible server mean to whoever talks to it.

Sentences never hold the key, an address, or what was said; what the server wrote goes to the log's detail,
shortened.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.errors import (
    LanguageModelBusy,
    LanguageModelError,
    LanguageModelRefused,
    LanguageModelUnreachable,
)

if TYPE_CHECKING:
    import openai

NOT_UNDERSTOOD = "What the language model's server sent is no answer; check 'assistant.llm_base_url'."
BROKEN_OFF = "The language model broke off its answer; ask again."
SILENT = "The language model did not answer in time; ask again, or use a faster one."
UNREACHABLE = (
    "Nobody answers at the address of the language model; start its server, or correct "
    "'assistant.llm_base_url'."
)
_NO_CREDIT = "The account of the language model has no credit left; see to it, or use another one."
_BUSY = "The language model takes no more requests at the moment; wait a little and ask again."
_FAILED = "The language model's server failed; ask again, or look at its log."

_REFUSED: Mapping[int, str] = {
    401: "The language model does not accept the key; set LLM_API_KEY to one of that server.",
    403: "The key does not allow this language model; use another key, or another 'assistant.llm_model'.",
    404: "The server does not know the language model; correct 'assistant.llm_model' or "
    "'assistant.llm_base_url'.",
}
_REFUSED_OTHERWISE = (
    "The language model did not accept the request; check 'assistant.llm_model', and lower "
    "'assistant.history_tokens' or 'assistant.max_answer_tokens' if it is a small one."
)

_MOST_DETAIL = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Setback:
    """A failure: what to say, whether the same request may succeed soon, and when if the server said so."""

    error: LanguageModelError
    is_passing: bool = False
    retry_after_s: float | None = None


def line_errors() -> tuple[type[BaseException], ...]:
    """What reading from a broken connection raises; which HTTP library that is, is the SDK's affair."""
    libraries = [sys.modules[name] for name in ("httpx", "httpx2") if name in sys.modules]
    kinds = [getattr(library, name, None) for library in libraries for name in ("HTTPError", "StreamError")]
    return (OSError, *(kind for kind in kinds if isinstance(kind, type)))


def setback_of(error: openai.APIError, *, has_answered: bool) -> Setback:
    """What an error of the SDK means, before the server has answered and while it does."""
    import openai as sdk

    # The only time-out that the SDK is given is that of connecting.
    if isinstance(error, sdk.APIConnectionError) and not has_answered:
        return Setback(error=LanguageModelUnreachable(UNREACHABLE), is_passing=True)
    if isinstance(error, sdk.APIResponseValidationError):
        return Setback(error=LanguageModelError(NOT_UNDERSTOOD))
    if isinstance(error, sdk.APIStatusError):
        return _of_status(error)
    return Setback(error=LanguageModelError(BROKEN_OFF, detail=_detail(error)), is_passing=True)


def _of_status(error: openai.APIStatusError) -> Setback:
    status, detail = error.status_code, _detail(error)
    if status == 429:
        return _of_too_many(error, detail)
    if status in (408, 409) or status >= 500:
        busy = status in (503, 529)
        told = LanguageModelBusy(_BUSY, detail=detail) if busy else LanguageModelError(_FAILED, detail=detail)
        return Setback(error=told, is_passing=True, retry_after_s=_retry_after_s(error))
    return Setback(error=LanguageModelRefused(_REFUSED.get(status, _REFUSED_OTHERWISE), detail=detail))


def _of_too_many(error: openai.APIStatusError, detail: str) -> Setback:
    if error.code == "insufficient_quota":
        return Setback(error=LanguageModelBusy(_NO_CREDIT, detail=detail))
    wait_s = _retry_after_s(error)
    told = LanguageModelBusy(_BUSY, detail=detail)
    if wait_s is not None:
        told = LanguageModelBusy(
            f"The language model takes no more requests at the moment; ask again in {wait_s:.0f} seconds.",
            detail=detail,
        )
    return Setback(error=told, is_passing=True, retry_after_s=wait_s)


def _retry_after_s(error: openai.APIStatusError) -> float | None:
    """Seconds; a server that names a date instead is not heeded."""
    headers = error.response.headers
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * unit_s
        except ValueError:
            continue
        if 0 <= seconds < 86_400:
            return seconds
    return None


def _detail(error: openai.APIError) -> str:
    """Its kind and code: the message may quote the key or the conversation."""
    status = getattr(error, "status_code", "")
    return f"{type(error).__name__} {status} {error.code or ''}".strip()[:_MOST_DETAIL]
