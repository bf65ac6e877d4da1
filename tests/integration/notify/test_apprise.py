"""Apprise against a loopback address; `json://` is its plain webhook."""

from __future__ import annotations

import asyncio
import json

import pytest
from tests.integration.notify.listening import listening

from parley.notify.apprise_target import AppriseTarget
from parley.notify.events import Event
from parley.notify.target import DeliveryFailed, TargetGone


def target(address: str, timeout_s: float = 30.0) -> AppriseTarget:
    return AppriseTarget(address, server="box", language="zh", timeout_s=timeout_s)


def test_a_sentence_arrives() -> None:
    async def scenario() -> None:
        async with listening() as listener:
            await target(f"json://127.0.0.1:{listener.port}/in").send(Event(kind="server_started"))
            body = json.loads(listener.requests[0].body)
            assert body["title"] == "Parley 已启动"
            assert body["message"] == "Parley 已启动：box"

    asyncio.run(asyncio.wait_for(scenario(), 60))


def test_a_failure_is_one() -> None:
    async def scenario() -> None:
        async with listening() as listener:
            listener.status = 500
            with pytest.raises(DeliveryFailed, match="could not deliver"):
                await target(f"json://127.0.0.1:{listener.port}").send(Event(kind="server_started"))

    asyncio.run(asyncio.wait_for(scenario(), 60))


def test_a_hanging_target_is_left_and_not_asked_beside_itself() -> None:
    async def scenario() -> None:
        async with listening() as listener:
            listener.status = None
            hanging = target(f"json://127.0.0.1:{listener.port}?rto=6", timeout_s=0.2)
            with pytest.raises(DeliveryFailed, match="No answer within"):
                await hanging.send(Event(kind="server_started"))
            with pytest.raises(DeliveryFailed, match="still hangs"):
                await hanging.send(Event(kind="server_started"))

    asyncio.run(asyncio.wait_for(scenario(), 60))


def test_an_address_of_no_kind_is_named_without_being_shown() -> None:
    async def scenario() -> None:
        with pytest.raises(TargetGone) as caught:
            await target("nonsense://hush").send(Event(kind="server_started"))
        assert "hush" not in caught.value.message

    asyncio.run(asyncio.wait_for(scenario(), 60))


def test_the_name_in_the_outbox_gives_nothing_away() -> None:
    assert "hush" not in target("wecombot://hush").name
    assert target("wecombot://hush").name == target("wecombot://hush").name != target("wecombot://x").name
