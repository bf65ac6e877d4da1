"""Conversations: of one user, bounded, listed in pages, forgotten in time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from parley.errors import ConversationNotFound, InvalidOption
from parley.speech.conversation import Message
from parley.storage import conversations
from parley.storage.conversations import Conversations, Keeping
from parley.storage.store import Store

Check = Callable[[Conversations], Coroutine[None, None, None]]


def said(text: str, at: float | None = None) -> Message:
    return Message(role="user", text=text, at=time.time() if at is None else at)


def answered(text: str, *, interrupted: bool = False) -> Message:
    return Message(role="assistant", text=text, at=time.time(), interrupted=interrupted)


@asynccontextmanager
async def opened(data_dir: Path) -> AsyncIterator[Conversations]:
    store = await Store.open(data_dir)
    try:
        yield store.conversations
    finally:
        await store.close()


def run(data_dir: Path, check: Check) -> None:
    async def main() -> None:
        async with opened(data_dir) as kept:
            await check(kept)

    asyncio.run(main())


async def texts(kept: Conversations, user: str = "anna", **page: object) -> list[str]:
    found, _ = await kept.conversations(user, 50, **page)  # type: ignore[arg-type]
    return [each.title for each in found]


def test_what_was_said_is_there_after_a_restart(data_dir: Path) -> None:
    said_so = [
        said("What is the  capital\nof Peru?"),
        answered("It is Li", interrupted=True),
        said("谢谢你。"),
    ]

    async def first(kept: Conversations) -> None:
        conversation = await kept.begin("anna", "en")
        for message in said_so:
            await kept.append("anna", conversation, message)

    async def then(kept: Conversations) -> None:
        [stored], following = await kept.conversations("anna", 50)
        assert following is None
        assert (stored.title, stored.language, stored.messages) == ("What is the capital of Peru?", "en", 3)
        assert stored.updated_at == said_so[-1].at
        assert await kept.messages("anna", stored.conversation_id) == said_so
        assert await kept.messages("anna", stored.conversation_id, last=2) == said_so[1:]
        assert await kept.conversation("anna", stored.conversation_id) == stored

    run(data_dir, first)
    run(data_dir, then)


def test_a_conversation_is_its_users_only(data_dir: Path) -> None:
    async def check(kept: Conversations) -> None:
        conversation = await kept.begin("anna", None)
        await kept.append("anna", conversation, said("mine"))
        await kept.append("bert", conversation, said("yours"))
        for user in ("bert", ""):
            assert await texts(kept, user) == []
            assert not await kept.delete(user, conversation)
            with pytest.raises(ConversationNotFound):
                await kept.messages(user, conversation)
            with pytest.raises(ConversationNotFound):
                await kept.conversation(user, conversation)
        assert [message.text for message in await kept.messages("anna", conversation)] == ["mine"]

    run(data_dir, check)


def test_what_was_deleted_does_not_come_back(data_dir: Path) -> None:
    async def check(kept: Conversations) -> None:
        conversation = await kept.begin("anna", None)
        await kept.append("anna", conversation, said("forget this"))
        assert await kept.delete("anna", conversation)
        assert not await kept.delete("anna", conversation)
        await kept.append("anna", conversation, said("too late"))
        assert await texts(kept) == []
        with pytest.raises(ConversationNotFound):
            await kept.messages("anna", conversation)

    run(data_dir, check)


def test_one_in_which_nothing_was_said_is_not_listed_and_does_not_stay(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversations, "_MOST_SILENT", 2)

    async def check(kept: Conversations) -> None:
        silent = [await kept.begin("anna", None) for _ in range(3)]
        assert await texts(kept) == []
        with pytest.raises(ConversationNotFound):
            await kept.messages("anna", silent[0])
        assert await kept.messages("anna", silent[2]) == []
        monkeypatch.setattr(conversations, "_SILENT_S", -1.0)
        await kept.append("anna", silent[1], said("hello"))
        assert await kept.sweep() == 1
        assert await texts(kept) == ["hello"]

    run(data_dir, check)


def test_the_oldest_of_a_user_gives_way(data_dir: Path) -> None:
    async def check(kept: Conversations) -> None:
        kept.keep(Keeping(most=2))
        other = await kept.begin("bert", None)
        await kept.append("bert", other, said("of another", at=1.0))
        began = time.time()
        ids = [await kept.begin("anna", None) for _ in range(3)]
        for number, conversation in enumerate(ids):
            await kept.append("anna", conversation, said(f"number {number}", at=began + number))
        assert await texts(kept) == ["number 2", "number 1"]
        with pytest.raises(ConversationNotFound):
            await kept.messages("anna", ids[0])
        await kept.append("anna", ids[1], said("again", at=began + 9))
        assert await texts(kept) == ["number 1", "number 2"]
        assert await texts(kept, "bert") == ["of another"]

    run(data_dir, check)


def test_a_long_one_keeps_its_latest_messages(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversations, "MOST_MESSAGES", 3)

    async def check(kept: Conversations) -> None:
        conversation = await kept.begin("anna", None)
        for number in range(7):
            await kept.append("anna", conversation, said(str(number)))
        assert [message.text for message in await kept.messages("anna", conversation)] == ["4", "5", "6"]
        assert (await kept.conversation("anna", conversation)).messages == 3
        assert await texts(kept) == ["0"]

    run(data_dir, check)


def test_nobody_going_on_it_is_forgotten_in_time(data_dir: Path) -> None:
    async def check(kept: Conversations) -> None:
        kept.keep(Keeping(keep_s=3600.0))
        ids = [await kept.begin("anna", None) for _ in range(2)]
        await kept.append("anna", ids[0], said("long ago", at=time.time() - 3700))
        await kept.append("anna", ids[1], said("lately", at=time.time() - 3500))
        assert await kept.sweep() == 1
        assert await texts(kept) == ["lately"]
        assert await kept.sweep() == 0

    run(data_dir, check)


def test_pages_follow_one_another(data_dir: Path) -> None:
    async def check(kept: Conversations) -> None:
        for number in range(5):
            conversation = await kept.begin("anna", None)
            # Two of the same moment: the id decides, and none is left out.
            await kept.append("anna", conversation, said(str(number), at=1000.0 + number // 2))
        pages: list[list[str]] = []
        cursor: str | None = None
        while not pages or cursor is not None:
            found, cursor = await kept.conversations("anna", 2, cursor)
            pages.append([each.title for each in found])
        assert [len(page) for page in pages] == [2, 2, 1]
        assert sorted(title for page in pages for title in page) == ["0", "1", "2", "3", "4"]
        assert pages[0][0] == "4"
        for nonsense in ("x", "é", "AAAA"):
            with pytest.raises(InvalidOption, match="cursor"):
                await kept.conversations("anna", 2, nonsense)

    run(data_dir, check)


def test_a_title_is_one_short_line_of_what_the_user_said_first(data_dir: Path) -> None:
    async def check(kept: Conversations) -> None:
        conversation = await kept.begin("anna", None)
        await kept.append("anna", conversation, answered("Hello!"))
        await kept.append("anna", conversation, said("long " * 100))
        [title] = await texts(kept)
        assert len(title) <= conversations.TITLE_CHARS and title.startswith("long long") and title[-1] == "…"

    run(data_dir, check)
