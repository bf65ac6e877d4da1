"""How clients say who they are, over WebSocket and by the cookie of the page."""

from __future__ import annotations

import asyncio
import logging
from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from parley.errors import AuthFailed
from parley.server import identity
from parley.server.authority import Authority, AuthorityOptions
from parley.server.gate import Gate, GateOptions
from parley.server.pace import Pace
from parley.storage.store import Store
from tests.integration.server.scripted import Scene, until

MESSAGE = "Authentication failed; send a valid token."


def opened(tmp_path: Path) -> Authority:
    return Authority.open(tmp_path, AuthorityOptions(enabled=True))


@pytest.mark.parametrize("frame", ["beside", "inside", "both"])
def test_a_token_may_stand_beside_type_or_in_data(frame: str, tmp_path: Path):
    async def main() -> None:
        authority = opened(tmp_path)
        token = authority.mint("anna", 60)
        async with Scene(authority=authority).served() as scene, scene.client() as client:
            assert (await client.expect("auth_required"))["message"]
            sent = {
                "beside": f'{{"type":"auth","token":"{token}"}}',
                "inside": f'{{"type":"auth","data":{{"token":"{token}"}}}}',
                "both": f'{{"type":"auth","token":"{token}","data":null}}',
            }
            await client.connection.send(sent[frame])
            assert (await client.expect("auth_success"))["user"] == {"username": "anna"}
            assert (await client.expect("connected"))["connection_id"]
            assert (await client.ask("ping"))["type"] == "pong"

    asyncio.run(main())


def test_a_token_may_come_with_the_handshake_and_is_never_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("websockets.client").setLevel(logging.ERROR)  # the other end of the line

    async def main() -> None:
        authority = opened(tmp_path)
        token = authority.mint("anna", 60)
        async with Scene(authority=authority).served() as scene:
            for path, headers in (
                (f"?token={token}", {}),
                ("", {"Authorization": f"Bearer {token}"}),
                ("", {"Authorization": f"bearer {token}"}),
                ("", {"Cookie": f"parley_session={token}"}),
            ):
                async with scene.client(path, additional_headers=headers) as client:
                    assert (await client.expect("auth_success"))["user"]["username"] == "anna"
                    await client.expect("connected")
            async with scene.client("", additional_headers={"Cookie": "parley_session=old"}) as client:
                await client.expect("auth_required")
        assert token not in caplog.text and token.rpartition(".")[2] not in caplog.text

    asyncio.run(main())


@pytest.mark.parametrize(
    "frame",
    [
        '{"type":"auth","token":"nonsense"}',
        '{"type":"auth","token":""}',
        '{"type":"auth","token":5}',
        '{"type":"auth"}',
        '{"type":"ping"}',
        '{"type":"task_list","token":"x"}',
        "not json",
        "[]",
        b"binary",
    ],
)
def test_every_failure_looks_the_same(frame: str | bytes, tmp_path: Path):
    async def main() -> None:
        async with Scene(authority=opened(tmp_path)).served() as scene, scene.client() as client:
            await client.expect("auth_required")
            await client.connection.send(frame)
            error = await client.expect("error")
            assert error == {
                "error": "auth_failed",
                "message": MESSAGE,
                "details": None,
                "task_id": None,
                "chunk_index": None,
            }
            await client.ends(1000)
            await until(lambda: scene.door.connections == 0)

    asyncio.run(main())


@pytest.mark.parametrize("path", ["?token=nonsense", "?token=pk_0123456789ab_" + "x" * 43])
def test_a_bad_token_in_the_handshake_looks_the_same_too(path: str, tmp_path: Path):
    async def main() -> None:
        async with Scene(authority=opened(tmp_path)).served() as scene, scene.client(path) as client:
            assert (await client.expect("error"))["message"] == MESSAGE
            await client.ends(1000)

    asyncio.run(main())


def test_who_says_nothing_is_not_waited_for(tmp_path: Path):
    async def main() -> None:
        scene = Scene(authority=opened(tmp_path), auth_timeout_s=0.2)
        async with scene.served(), scene.client() as client:
            await client.expect("auth_required")
            assert (await client.expect("error"))["message"] == MESSAGE
            await client.ends(1000)

    asyncio.run(main())


def test_users_see_their_own_tasks_only_and_admins_all(tmp_path: Path):
    async def main() -> None:
        authority = opened(tmp_path)
        async with Scene(authority=authority).served() as scene:
            task = scene.desk.put(user="anna")
            for user, scopes, allowed in (("anna", [], True), ("bert", [], False), ("eve", ["admin"], True)):
                async with scene.client(f"?token={authority.mint(user, 60, scopes)}") as client:
                    await client.expect("auth_success")
                    await client.expect("connected")
                    for kind in ("task_status", "subscribe"):
                        await client.send(kind, task_id=task.id)
                        await client.expect("task_status" if allowed else "error")
                    if not allowed:
                        error = await client.refused("cancel_task", task_id=task.id)
                        assert error["error"] == "task_not_found"

    asyncio.run(main())


def test_a_revoked_key_closes_the_lines_it_opened(tmp_path: Path):
    async def main() -> None:
        store = await Store.open(tmp_path)
        authority = Authority.open(tmp_path, AuthorityOptions(enabled=True), store.keys)
        key, text = await store.keys.create("anna", scopes=["admin"])
        async with Scene(authority=authority).served() as scene:
            task = scene.desk.put(user="anna")
            async with scene.client(f"?token={text}") as asking, scene.client(f"?token={text}") as waiting:
                for client in (asking, waiting):
                    assert (await client.expect("auth_success"))["user"]["username"] == "anna"
                    await client.expect("connected")
                await waiting.send("subscribe", task_id=task.id)
                await waiting.expect("task_status")
                await waiting.expect("task_progress")
                await store.keys.revoke(key.id)
                await asyncio.sleep(2.1)
                scene.desk.change(task.id, progress=50.0)
                assert (await waiting.expect("error"))["error"] == "auth_failed"
                await waiting.ends(1000)
                while (await asking.ask("ping"))["data"].get("error") != "auth_failed":
                    pass
                await asking.ends(1000)
            async with scene.client(f"?token={text}") as again:
                assert (await again.expect("error"))["error"] == "auth_failed"
        await store.close()

    asyncio.run(main())


def test_the_page_logs_in_to_a_cookie_that_scripts_cannot_read(tmp_path: Path):
    async def main() -> None:
        authority = opened(tmp_path)
        app = FastAPI()
        app.state.rooms = type("Rooms", (), {"authority": authority})
        app.include_router(identity.router)

        @app.exception_handler(AuthFailed)
        async def failed(request: object, error: AuthFailed) -> JSONResponse:
            return JSONResponse({"code": error.code}, error.http_status)

        @app.get("/me")
        async def me(request: identity.Request) -> str:
            return (await identity.principal(request)).user

        token = authority.mint("anna", 60)
        gate = Gate(app, GateOptions(), Pace(0))
        transport = httpx.ASGITransport(gate)
        for base in ("http://127.0.0.1", "https://127.0.0.1"):
            async with httpx.AsyncClient(transport=transport, base_url=base) as http:
                assert (await http.get("/me")).status_code == 401
                assert (await http.post("/v1/login", json={"token": "nonsense"})).status_code == 401
                answer = await http.post("/v1/login", json={"token": token})
                assert answer.json() == {"user": "anna"}
                cookie = SimpleCookie(answer.headers["set-cookie"])["parley_session"]
                assert cookie["httponly"] and cookie["samesite"].lower() == "strict" and cookie["path"] == "/"
                assert bool(cookie["secure"]) == base.startswith("https")
                assert (await http.get("/me")).json() == "anna"
                crossed = await http.post("/v1/logout", headers={"Origin": "https://evil.example"})
                assert crossed.status_code == 403
                assert (await http.post("/v1/logout")).status_code == 204
                assert (await http.get("/me")).status_code == 401
                assert (await http.get("/me", params={"token": token})).json() == "anna"
                bearer = {"Authorization": f"Bearer {token}"}
                assert (await http.get("/me", headers=bearer)).json() == "anna"

    asyncio.run(main())
