"""Who gets through the gate, and who is told why not."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from parley.errors import InvalidSettings
from parley.server.gate import Gate, GateOptions
from parley.server.identity import PEER
from parley.server.pace import Pace

HOST = ("host", "127.0.0.1:8767")


def pass_through(
    *headers: tuple[str, str],
    options: GateOptions | None = None,
    pace: Pace | None = None,
    gate: Gate | None = None,
    kind: str = "http",
    **scope: Any,
) -> tuple[int, dict[str, Any]]:
    """The status (200 when it got through) and what the application saw, or the problem."""
    seen: dict[str, Any] = {}
    sent: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.update(scope)

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect" if kind == "websocket" else "http.request"}

    async def send(event: dict[str, Any]) -> None:
        sent.append(event)

    given = {
        "type": kind,
        "method": "GET",
        "path": "/",
        "scheme": "http" if kind == "http" else "ws",
        "server": ("127.0.0.1", 8767),
        "client": ("127.0.0.1", 50000),
        "query_string": b"",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
        "extensions": {"websocket.http.response": {}},
        **scope,
    }
    asyncio.run((gate or Gate(app, options or GateOptions(), pace or Pace(0)))(given, receive, send))
    if seen:
        return 200, seen
    assert sent[0]["type"].endswith("http.response.start")
    return sent[0]["status"], json.loads(sent[1]["body"])


LAN = {"server": ("192.168.1.5", 8767), "client": ("192.168.1.9", 50000)}
OPEN = GateOptions(host="0.0.0.0", trusts_loopback=False)


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8767", 200),
        ("127.0.0.1", 200),
        ("localhost:8767", 200),
        ("LOCALHOST:8767", 200),
        ("localhost.:8767", 200),
        ("[::1]:8767", 200),
        ("evil.example", 403),
        ("evil.example:8767", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("192.168.1.5", 403),
        ("", 400),
        ("a b", 403),
        ("[", 403),
    ],
)
def test_hosts(host: str, status: int, kind: str):
    assert pass_through(("host", host), kind=kind)[0] == status


def test_a_request_has_one_host():
    assert pass_through()[0] == 400
    assert pass_through(HOST, HOST)[0] == 400


@pytest.mark.parametrize(
    ("host", "hosts", "status"),
    [
        ("192.168.1.5:8767", (), 200),
        ("parley.lan", (), 403),
        ("parley.lan:443", ("parley.lan",), 200),
        ("localhost", (), 403),
        ("0.0.0.0:8767", (), 403),
        ("anything.example", ("*",), 200),
    ],
)
def test_hosts_of_a_public_address(host: str, hosts: tuple[str, ...], status: int):
    options = GateOptions(host="0.0.0.0", hosts=hosts, trusts_loopback=False)
    assert pass_through(("host", host), options=options, **LAN)[0] == status


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    ("origin", "origins", "status"),
    [
        ("http://127.0.0.1:8767", (), 200),
        ("http://localhost:8767", (), 403),
        ("https://127.0.0.1:8767", (), 403),
        ("http://127.0.0.1", (), 403),
        ("http://127.0.0.1:9000", (), 403),
        ("https://evil.example", (), 403),
        ("null", (), 403),
        ("", (), 403),
        ("http://[", (), 403),
        ("file://", (), 403),
        ("https://app.example", ("https://app.example",), 200),
        ("https://APP.example", ("https://app.example/",), 200),
        ("https://app.example.evil", ("https://app.example",), 403),
        ("https://evil.example", ("*",), 200),
        ("null", ("*",), 200),
    ],
)
def test_origins(origin: str, origins: tuple[str, ...], status: int, kind: str):
    options = GateOptions(origins=origins)
    found, answer = pass_through(HOST, ("origin", origin), options=options, kind=kind)
    assert found == status
    if status == 403:
        assert answer["code"] == "forbidden" and answer["status"] == 403


def test_one_good_origin_does_not_cover_a_bad_one():
    good, bad = ("origin", "http://127.0.0.1:8767"), ("origin", "https://evil.example")
    assert pass_through(HOST, good, bad)[0] == 403


def test_an_encrypted_page_is_of_our_origin_where_we_speak_tls():
    origin = ("origin", "https://127.0.0.1:8767")
    assert pass_through(HOST, origin, scheme="https")[0] == 200
    assert pass_through(HOST, origin, kind="websocket", scheme="wss")[0] == 200
    assert pass_through(("host", "127.0.0.1"), ("origin", "https://127.0.0.1:443"), scheme="https")[0] == 200


def test_a_forwarded_request_has_lost_the_trust_in_loopback():
    forwarded = ("x-forwarded-for", "9.9.9.9")
    for name in ("x-forwarded-for", "forwarded", "x-real-ip", "x-forwarded-host", "x-forwarded-proto"):
        assert pass_through(HOST, (name, "9.9.9.9"))[0] == 403
    status, scope = pass_through(HOST, forwarded, options=GateOptions(trusts_loopback=False))
    assert status == 200 and not scope[PEER].is_local and scope[PEER].address == "127.0.0.1"
    assert pass_through(HOST)[1][PEER].is_local


@pytest.mark.parametrize(
    ("forwarded", "address", "is_local"),
    [
        (["9.9.9.9"], "9.9.9.9", False),
        (["1.1.1.1, 9.9.9.9"], "9.9.9.9", False),
        (["127.0.0.1, 9.9.9.9"], "9.9.9.9", False),
        (["9.9.9.9, 10.0.0.7"], "9.9.9.9", False),
        (["1.1.1.1", "9.9.9.9"], "9.9.9.9", False),
        (["nonsense"], "127.0.0.1", False),
        (["9.9.9.9, "], "127.0.0.1", False),
        ([], "127.0.0.1", False),
    ],
)
def test_a_trusted_proxy_says_who_asks(forwarded: list[str], address: str, is_local: bool):
    options = GateOptions(trusted_proxies=("127.0.0.1", "10.0.0.0/8"))
    lines = [("x-forwarded-for", line) for line in forwarded] or [("x-forwarded-host", "x")]
    status, scope = pass_through(HOST, *lines, options=options)
    assert status == 200
    assert (scope[PEER].address, scope[PEER].is_local) == (address, is_local)
    assert scope["client"][0] == address


def test_a_trusted_proxy_says_how_the_page_was_reached():
    options = GateOptions(trusted_proxies=("127.0.0.1",), hosts=("parley.example",))
    headers = (
        ("host", "parley.example"),
        ("x-forwarded-proto", "https"),
        ("origin", "https://parley.example"),
    )
    status, scope = pass_through(*headers, options=options)
    assert (status, scope["scheme"]) == (200, "https")
    assert pass_through(*headers, options=options, kind="websocket")[1]["scheme"] == "wss"
    # Somebody else may not say so.
    strangers = GateOptions(hosts=("parley.example",), trusts_loopback=False)
    assert pass_through(*headers, options=strangers)[0] == 403


def test_proxies_are_addresses():
    with pytest.raises(InvalidSettings):
        Gate(None, GateOptions(trusted_proxies=("proxy.example",)), Pace(0))  # type: ignore[arg-type]


def test_too_many_requests_are_told_when_to_come_back():
    pace = Pace(3)
    assert [pass_through(HOST, pace=pace)[0] for _ in range(4)] == [200, 200, 200, 429]
    status, problem = pass_through(HOST, pace=pace)
    assert (status, problem["code"]) == (429, "rate_limited")
    assert pass_through(HOST, pace=pace, client=("127.0.0.2", 1))[0] == 200
    assert pass_through(HOST, pace=pace, method="PATCH", path="/v1/uploads/x")[0] == 200
    assert pass_through(HOST, pace=pace, method="PATCH", path="/v1/jobs/x/edits")[0] == 429


def test_a_handshake_where_refusals_cannot_be_told_is_closed():
    closed: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(event: dict[str, Any]) -> None:
        closed.append(event)

    scope = {"type": "websocket", "scheme": "ws", "headers": [], "path": "/", "server": None, "client": None}
    asyncio.run(Gate(None, GateOptions(), Pace(0))(scope, receive, send))  # type: ignore[arg-type]
    assert closed == [{"type": "websocket.close", "code": 1008}]
