"""Conversations over HTTP: listed in pages, read, forgotten, and nobody else's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from parley.server.application import build
from parley.speech.conversation import Message
from parley.storage.conversations import Conversations
from parley.storage.store import Store

from .behind import Introduced, Scene


@dataclass
class Served:
    """The door in front of a real store."""

    kept: Conversations
    client: httpx.AsyncClient

    async def talk(self, user: str, *texts: str, at: float | None = None) -> str:
        """A conversation of a user, who speaks and is answered in turn."""
        conversation = await self.kept.begin(user, "en")
        for number, text in enumerate(texts):
            moment = (time.time() if at is None else at) + number
            role = "assistant" if number % 2 else "user"
            await self.kept.append(user, conversation, Message(role=role, text=text, at=moment))
        return conversation


@asynccontextmanager
async def opened(data_dir: Path, users: tuple[str, ...]) -> AsyncIterator[Served]:
    store = await Store.open(data_dir)
    try:
        app = build(replace(Scene(users).rooms, conversations=store.conversations))
        app.add_middleware(Introduced)
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 5000), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            yield Served(store.conversations, client)
    finally:
        await store.close()


def run(
    data_dir: Path, check: Callable[[Served], Coroutine[None, None, None]], users: tuple[str, ...] = ()
) -> None:
    async def main() -> None:
        async with opened(data_dir / "data", users) as served:
            await check(served)

    asyncio.run(main())


def test_a_conversation_is_listed_read_and_forgotten(tmp_path: Path) -> None:
    async def check(served: Served) -> None:
        conversation = await served.talk("anybody", "你好！", "你好，有什么事？", at=1_750_000_000.0)
        listed = (await served.client.get("/v1/conversations")).json()
        shown = {
            "conversation_id": conversation,
            "title": "你好！",
            "language": "en",
            "updated_at": "2025-06-15T15:06:41+00:00",
            "messages": 2,
        }
        assert listed["next_cursor"] is None
        assert [{**each, "started_at": None} for each in listed["items"]] == [{**shown, "started_at": None}]
        read = (await served.client.get(f"/v1/conversations/{conversation}")).json()
        assert {key: read[key] for key in shown} == shown
        assert [(item["role"], item["text"], item["interrupted"]) for item in read["items"]] == [
            ("user", "你好！", False),
            ("assistant", "你好，有什么事？", False),
        ]
        lately = (await served.client.get(f"/v1/conversations/{conversation}?last=1")).json()
        assert [item["role"] for item in lately["items"]] == ["assistant"]
        gone = await served.client.delete(f"/v1/conversations/{conversation}")
        assert (gone.status_code, gone.content) == (204, b"")
        for answer in (
            await served.client.get(f"/v1/conversations/{conversation}"),
            await served.client.delete(f"/v1/conversations/{conversation}"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (404, "conversation_not_found")

    run(tmp_path, check)


def test_pages_follow_one_another(tmp_path: Path) -> None:
    async def check(served: Served) -> None:
        made = [await served.talk("anybody", str(number), at=1000.0 + number) for number in range(5)]
        found: list[str] = []
        query: dict[str, object] = {"limit": 2}
        while True:
            page = (await served.client.get("/v1/conversations", params=query)).json()  # type: ignore[arg-type]
            found += [item["conversation_id"] for item in page["items"]]
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]
        assert found == made[::-1]
        wrong = await served.client.get("/v1/conversations", params={"cursor": "nonsense"})
        assert (wrong.status_code, wrong.json()["code"]) == (400, "invalid_option")
        assert (await served.client.get("/v1/conversations?limit=0")).status_code == 400

    run(tmp_path, check)


def test_a_conversation_is_its_users_only(tmp_path: Path) -> None:
    async def check(served: Served) -> None:
        conversation = await served.talk("anna", "a secret")
        for user, status in (("anna", 200), ("bert", 404)):
            headers = {"Authorization": f"Bearer {user}"}
            read = await served.client.get(f"/v1/conversations/{conversation}", headers=headers)
            assert read.status_code == status
            listed = (await served.client.get("/v1/conversations", headers=headers)).json()
            assert len(listed["items"]) == (1 if status == 200 else 0)
        bert = {"Authorization": "Bearer bert"}
        assert (
            await served.client.delete(f"/v1/conversations/{conversation}", headers=bert)
        ).status_code == 404
        assert (await served.client.get("/v1/conversations")).status_code == 401
        assert len((await served.kept.conversations("anna", 10))[0]) == 1

    run(tmp_path, check, ("anna", "bert"))


def test_a_server_without_them_says_so(tmp_path: Path) -> None:
    async def main() -> None:
        app = build(replace(Scene().rooms, conversations=None))
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            answer = await client.get("/v1/conversations")
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    asyncio.run(main())
