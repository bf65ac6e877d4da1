"""Conversations: what users said to the assistant, and what they heard of its answers."""

from __future__ import annotations

import base64
import binascii
import time
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, select, tuple_, update
from sqlalchemy.dialects.sqlite import insert

from parley.errors import ConversationNotFound, InvalidOption
from parley.speech.conversation import Message, StoredConversation
from parley.storage.conversation_rows import ConversationMessageRow, ConversationRow
from parley.storage.database import Database

MOST_MESSAGES = 2000
"""Kept of one conversation, the latest: some ten hours of lively talk."""

TITLE_CHARS = 80

_MOST_SILENT = 100
"""Conversations of one user in which nothing was said, the latest: more than may be open at once."""

_SILENT_S = 86400.0
_FORGOTTEN_AT_ONCE = 200

_COLUMNS = (
    ConversationRow.id,
    ConversationRow.title,
    ConversationRow.language,
    ConversationRow.started_at,
    ConversationRow.updated_at,
    ConversationRow.messages,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """How much is remembered: `most` conversations of one user, each for `keep_s` after its last words."""

    most: int = 1000
    keep_s: float = 90 * 86400.0


class Conversations:
    """A conversation is its user's only: for everybody else it does not exist. Every method may raise
    StorageError.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._keeping = Keeping()

    def keep(self, keeping: Keeping) -> None:
        """How much is remembered from now on."""
        self._keeping = keeping

    async def begin(self, user: str, language: str | None) -> str:
        """A new one; its id. It is listed once something was said."""
        now, conversation_id = time.time(), uuid.uuid4().hex
        row = insert(ConversationRow).values(
            id=conversation_id,
            user=user,
            language=language,
            title="",
            started_at=now,
            updated_at=now,
            messages=0,
        )

        def write(connection: Connection) -> None:
            connection.execute(row)
            _forget_beyond(connection, user, _MOST_SILENT, has_messages=False)

        await self._database.write(write, survives_power_cut=False)
        return conversation_id

    async def append(self, user: str, conversation_id: str, message: Message) -> None:
        """Remember what was said; of a conversation that was deleted nothing. A new one takes the place of
        the user's oldest where there are too many.
        """

        def write(connection: Connection) -> None:
            known = _known(connection, user, conversation_id)
            if known is None:
                return
            number = _say(connection, conversation_id, message)
            kept = _forget_messages(connection, conversation_id, number)
            title = known.title or (_title(message.text) if message.role == "user" else "")
            values = {"updated_at": message.at, "messages": known.messages + 1 - kept, "title": title}
            connection.execute(
                update(ConversationRow).where(ConversationRow.id == conversation_id).values(values)
            )
            if not known.messages:
                _forget_beyond(connection, user, self._keeping.most, has_messages=True)

        await self._database.write(write)

    async def conversation(self, user: str, conversation_id: str) -> StoredConversation:
        """One of the user's; raises ConversationNotFound."""
        known = await self._database.read(lambda connection: _known(connection, user, conversation_id))
        return _stored(_found(known))

    async def messages(self, user: str, conversation_id: str, last: int | None = None) -> Sequence[Message]:
        """What was said, in order, or the `last` messages of it; raises ConversationNotFound."""
        rows = (
            select(ConversationMessageRow)
            .with_only_columns(
                ConversationMessageRow.role,
                ConversationMessageRow.text,
                ConversationMessageRow.at,
                ConversationMessageRow.interrupted,
            )
            .where(ConversationMessageRow.conversation == conversation_id)
            .order_by(ConversationMessageRow.number.desc())
            .limit(MOST_MESSAGES if last is None else last)
        )

        def read(connection: Connection) -> Sequence[Any]:
            _found(_known(connection, user, conversation_id))
            return connection.execute(rows).all()

        return [
            Message(role=row.role, text=row.text, at=row.at, interrupted=row.interrupted)
            for row in reversed(await self._database.read(read))
        ]

    async def conversations(
        self, user: str, limit: int, before: str | None = None
    ) -> tuple[Sequence[StoredConversation], str | None]:
        """The user's in which something was said, the newest first, and where to go on.

        Raises InvalidOption for a cursor that was not given here.
        """
        rows = select(*_COLUMNS).where(ConversationRow.user == user, ConversationRow.messages > 0)
        if (place := _read_cursor(before)) is not None:
            rows = rows.where(tuple_(ConversationRow.updated_at, ConversationRow.id) < place)
        rows = rows.order_by(ConversationRow.updated_at.desc(), ConversationRow.id.desc()).limit(limit + 1)
        found = await self._database.read(lambda connection: connection.execute(rows).all())
        stored = [_stored(row) for row in found[:limit]]
        return stored, _cursor(stored[-1]) if len(found) > limit else None

    async def delete(self, user: str, conversation_id: str) -> bool:
        """Forget one; False where there is none."""

        def write(connection: Connection) -> bool:
            if _known(connection, user, conversation_id) is None:
                return False
            _forget(connection, [conversation_id])
            return True

        return await self._database.write(write)

    async def sweep(self) -> int:
        """Forget those that nobody went on with for too long, and those in which nothing was ever said; how
        many that were.
        """
        now, forgotten = time.time(), 0
        old = ConversationRow.updated_at < now - self._keeping.keep_s
        silent = (ConversationRow.messages == 0) & (ConversationRow.updated_at < now - _SILENT_S)
        rows = select(ConversationRow.id).where(old | silent).limit(_FORGOTTEN_AT_ONCE)

        def write(connection: Connection) -> int:
            # Other processes wait for each transaction with results in their hands.
            ids = connection.execute(rows).scalars().all()
            _forget(connection, ids)
            return len(ids)

        while some := await self._database.write(write, survives_power_cut=False):
            forgotten += some
        return forgotten


def _known(connection: Connection, user: str, conversation_id: str) -> Any:
    mine = (ConversationRow.id == conversation_id, ConversationRow.user == user)
    return connection.execute(select(*_COLUMNS).where(*mine)).one_or_none()


def _found(row: Any) -> Any:
    if row is None:
        raise ConversationNotFound("There is no conversation with this id.")
    return row


def _say(connection: Connection, conversation_id: str, message: Message) -> int:
    """Write a message down; its number."""
    last = select(func.max(ConversationMessageRow.number)).where(
        ConversationMessageRow.conversation == conversation_id
    )
    number = 1 + (connection.execute(last).scalar() or 0)
    connection.execute(
        insert(ConversationMessageRow).values(
            conversation=conversation_id,
            number=number,
            role=message.role,
            text=message.text,
            at=message.at,
            interrupted=message.interrupted,
        )
    )
    return number


def _forget_messages(connection: Connection, conversation_id: str, number: int) -> int:
    """Forget what was said too long before this message; how many messages that were."""
    old = delete(ConversationMessageRow).where(
        ConversationMessageRow.conversation == conversation_id,
        ConversationMessageRow.number <= number - MOST_MESSAGES,
    )
    return connection.execute(old).rowcount


def _forget_beyond(connection: Connection, user: str, most: int, *, has_messages: bool) -> None:
    """Forget the user's oldest beyond so many, among those with messages or those without."""
    spoken = ConversationRow.messages > 0 if has_messages else ConversationRow.messages == 0
    rows = (
        select(ConversationRow.id)
        .where(ConversationRow.user == user, spoken)
        .order_by(ConversationRow.updated_at.desc(), ConversationRow.id.desc())
        .limit(_FORGOTTEN_AT_ONCE)
        .offset(most)
    )
    _forget(connection, connection.execute(rows).scalars().all())


def _forget(connection: Connection, ids: Collection[str]) -> None:
    if ids:
        connection.execute(delete(ConversationMessageRow).where(ConversationMessageRow.conversation.in_(ids)))
        connection.execute(delete(ConversationRow).where(ConversationRow.id.in_(ids)))


def _title(text: str) -> str:
    """How it began, in one line."""
    line = " ".join(text.split())
    return line if len(line) <= TITLE_CHARS else line[: TITLE_CHARS - 1].rstrip() + "…"


def _stored(row: Any) -> StoredConversation:
    return StoredConversation(
        conversation_id=row.id,
        title=row.title,
        language=row.language,
        started_at=row.started_at,
        updated_at=row.updated_at,
        messages=row.messages,
    )


def _cursor(last: StoredConversation) -> str:
    return base64.urlsafe_b64encode(f"{last.updated_at!r} {last.conversation_id}".encode()).decode()


def _read_cursor(cursor: str | None) -> tuple[float, str] | None:
    if cursor is None:
        return None
    try:
        moment, _, conversation_id = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        return float(moment), conversation_id
    except (ValueError, binascii.Error) as error:
        raise InvalidOption("The cursor is not one of this server's; begin without one.") from error
