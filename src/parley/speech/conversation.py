"""What is remembered of conversations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a conversation as it is remembered: of an answer, the words that were heard. `at`: seconds
    since the epoch."""

    role: Literal["user", "assistant"]
    text: str
    at: float
    interrupted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredConversation:
    """A conversation without its messages; times are seconds since the epoch. `title` is how it began."""

    conversation_id: str
    title: str
    language: str | None
    started_at: float
    updated_at: float
    messages: int
