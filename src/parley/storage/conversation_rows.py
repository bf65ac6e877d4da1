"""The tables of conversations."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from parley.storage.tables import Row


class ConversationRow(Row):
    """A conversation of a user; it is listed while it has messages. `title` is how it began."""

    __tablename__ = "conversations"
    __table_args__ = (
        Index("ix_conversations_user", "user", "updated_at"),
        Index("ix_conversations_updated_at", "updated_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    user: Mapped[str]
    language: Mapped[str | None]
    title: Mapped[str]
    started_at: Mapped[float]
    updated_at: Mapped[float]
    messages: Mapped[int]


class ConversationMessageRow(Row):
    """What was said, numbered in order. Of a very long conversation the oldest go: numbers may begin late."""

    __tablename__ = "conversation_messages"

    conversation: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    role: Mapped[str]
    text: Mapped[str]
    at: Mapped[float]
    interrupted: Mapped[bool]
