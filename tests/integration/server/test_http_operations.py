"""Health, readiness, numbers, the pages, headers, and errors of no door in particular."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace

import httpx
import pytest

from parley.server.http.profiles import ProfileList
from parley.server.http.small_bodies import SmallBodies
from parley.server.http.system import EXAMPLE
from parley.server.identity import SESSION_COOKIE

from .behind import Scene

Ask = Callable[[httpx.AsyncClient], Awaitable[None]]


def during(scene: Scene, ask: Ask, peer: str = "127.0.0.1") -> None:
    async def main() -> None:
        async with scene.client(peer=peer) as client:
            await ask(client)

    asyncio.run(main())


def test_it_lives_though_it_is_not_ready() -> None:
    scene = Scene(version="1.2.3")
    scene.unready.append("models are loading")

    async def ask(client: httpx.AsyncClient) -> None:
        assert (await client.get("/health")).json() == {"status": "alive", "version": "1.2.3"}
        refused = await client.get("/ready")
        assert (refused.status_code, refused.json()["reasons"]) == (503, ["models are loading"])
        scene.unready.clear()
        assert (await client.get("/ready")).json() == {"ready": True, "reasons": []}

    during(scene, ask)


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("192.0.2.7", {}, 401),
        ("192.0.2.7", {"authorization": "Bearer anna"}, 200),
        ("192.0.2.7", {"cookie": f"{SESSION_COOKIE}=anna"}, 200),
        ("192.0.2.7", {"authorization": "Bearer mallory"}, 401),
    ],
)
def test_numbers_are_for_this_machine_and_for_users(peer: str, headers: dict[str, str], status: int) -> None:
    async def ask(client: httpx.AsyncClient) -> None:
        answer = await client.get("/metrics", headers=headers)
        assert answer.status_code == status
        if status == 200:
            assert answer.text == "parley_up 1\n"
            assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")

    during(Scene(users=("anna",)), ask, peer)


def test_the_docs_load_nothing_and_run_nothing() -> None:
    async def ask(client: httpx.AsyncClient) -> None:
        answer = await client.get("/docs")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert not re.search(r"<script|src=|https?://", answer.text)
        policy = answer.headers["content-security-policy"]
        style = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)
        assert style
        digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
        assert policy.startswith("default-src 'none'") and f"'sha256-{digest}'" in policy
        assert "unsafe" not in policy

    during(Scene(), ask)


def test_the_docs_name_every_operation() -> None:
    async def ask(client: httpx.AsyncClient) -> None:
        text = (await client.get("/docs")).text
        for path in (await client.get("/openapi.json")).json()["paths"]:
            assert path in text

    during(Scene(), ask)


def test_every_answer_is_cautious() -> None:
    async def ask(client: httpx.AsyncClient) -> None:
        for path in ("/", "/health", "/v1/jobs", "/nowhere", "/openapi.json"):
            headers = (await client.get(path)).headers
            assert headers["x-content-type-options"] == "nosniff", path
            assert headers["x-frame-options"] == "DENY", path
            assert headers["referrer-policy"] == "no-referrer", path
            assert "default-src 'none'" in headers["content-security-policy"], path

    during(Scene(), ask)


def test_what_nobody_answers_is_a_problem_too() -> None:
    async def ask(client: httpx.AsyncClient) -> None:
        lost = await client.get("/nowhere")
        assert (lost.status_code, lost.json()["code"]) == (404, "not_found")
        wrong = await client.put("/v1/jobs")
        assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")
        assert set(wrong.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}
        for answer in (lost, wrong):
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["status"] == answer.status_code

    during(Scene(), ask)


def test_what_nobody_foresaw_tells_nothing() -> None:
    scene = Scene()

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("/secret/path")

    scene.desk.list = broken  # type: ignore[method-assign, assignment]

    async def ask(client: httpx.AsyncClient) -> None:
        answer = await client.get("/v1/jobs")
        assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
        assert "secret" not in answer.text

    during(scene, ask)


def test_pages_of_configured_origins_may_call() -> None:
    async def ask(client: httpx.AsyncClient) -> None:
        asked = {"origin": "https://app.example", "access-control-request-method": "PATCH",
                 "access-control-request-headers": "tus-resumable, upload-offset"}  # fmt: skip
        preflight = await client.options("/v1/uploads/x", headers=asked)
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == "https://app.example"
        answer = await client.get("/health", headers={"origin": "https://app.example"})
        assert "Upload-Offset" in answer.headers["access-control-expose-headers"]
        other = await client.options("/v1/uploads/x", headers={**asked, "origin": "https://other.example"})
        assert "access-control-allow-origin" not in other.headers
        assert "access-control-allow-credentials" not in preflight.headers

    during(Scene(origins=("https://app.example",)), ask)


def test_a_body_that_is_read_whole_has_a_limit() -> None:
    async def ask(client: httpx.AsyncClient) -> None:
        answer = await client.post("/v1/login", content=b'{"token": "' + b"x" * 100_000 + b'"}')
        assert answer.status_code == 413
        logged_in = await client.post("/v1/login", json={"token": "anna"})
        assert (logged_in.status_code, logged_in.json()) == (200, {"user": "anna"})

    during(Scene(users=("anna",)), ask)


def test_a_body_of_somebody_unknown_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SmallBodies.__init__, "__defaults__", (0.2,))

    async def slowly() -> AsyncGenerator[bytes, None]:
        yield b'{"token": '
        await asyncio.sleep(60)

    async def ask(client: httpx.AsyncClient) -> None:
        answer = await client.post("/v1/login", content=slowly())
        assert answer.status_code == 408

    during(Scene(users=("anna",)), ask)


def test_profiles_are_listed_with_what_is_wrong_with_them() -> None:
    scene = Scene()
    facts = {
        "name": "whisper-tiny",
        "default": False,
        "state": "broken",
        "reason": "The engine could not be loaded.",
        "languages": None,
        "capabilities": ["words"],
        "public_names": ["whisper-1"],
        "engines": [{"role": "asr", "name": "whisper-tiny", "devices": ["cuda:0"]}],
        "streaming": None,
    }
    scene.app.state.rooms = replace(scene.app.state.rooms, profiles=lambda: [facts])

    async def ask(client: httpx.AsyncClient) -> None:
        assert (await client.get("/v1/profiles")).json() == {"profiles": [facts]}

    during(scene, ask)


def test_who_has_no_token_is_told_nothing_of_profiles() -> None:
    async def ask(client: httpx.AsyncClient) -> None:
        assert (await client.get("/v1/profiles")).status_code == 401

    during(Scene(users=("ann",)), ask)


def test_the_example_in_the_description_is_what_profiles_look_like() -> None:
    async def ask(client: httpx.AsyncClient) -> None:
        described = (await client.get("/openapi.json")).json()
        assert "/v1/profiles" in described["paths"]
        example = described["components"]["schemas"]["ProfileList"]["example"]
        listed = ProfileList.model_validate(example)
        assert listed.model_dump(mode="json") == example
        assert {one.state for one in listed.profiles} == {"broken", "not_installed"}

    during(Scene(), ask)


def test_how_the_server_is_is_for_users_only() -> None:
    """With its example, which is what the room would say."""

    async def told() -> dict[str, object]:
        return dict(EXAMPLE)

    for users, headers, status in (
        ((), {}, 200),
        (("anna",), {}, 401),
        (("anna",), {"authorization": "Bearer anna"}, 200),
    ):
        scene = Scene(users=users)
        scene.rooms = replace(scene.rooms, system=told)
        scene.app.state.rooms = scene.rooms

        async def ask(
            client: httpx.AsyncClient, headers: dict[str, str] = headers, status: int = status
        ) -> None:
            answer = await client.get("/v1/system", headers=headers)
            assert answer.status_code == status
            if status == 200:
                assert answer.json() == EXAMPLE

        during(scene, ask)


def test_a_server_need_not_tell_how_it_is() -> None:
    async def ask(client: httpx.AsyncClient) -> None:
        assert (await client.get("/v1/system")).status_code == 404

    during(Scene(), ask)
