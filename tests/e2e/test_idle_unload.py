"""A server that has nothing to do gives the memory of its models back, stays ready, and loads them again."""

from __future__ import annotations

import asyncio

from tests.e2e.command import Parley, is_alive, wait_until, workers_of
from tests.e2e.native import line, tone
from tests.e2e.serving import Served, serve


def test_models_go_when_nobody_needs_them_and_come_back_on_demand(parley: Parley) -> None:
    parley.settings |= {"PARLEY_QUEUE__MIN_WORKERS": "1", "PARLEY_ENGINES__IDLE_UNLOAD_S": "3"}
    served = serve(parley.with_profile(asr="level", vad="whole", speakers="none"), "--workers", "2")
    served.wait_ready()
    for level in (100, 200):
        wait_until(lambda: not workers_of(served.process.pid), 60)
        # What went home is no fault: work is taken, and nobody comes back before there is any.
        assert served.get("/ready").status_code == 200
        assert states(served) == {"test": ("ready", [])}
        assert asyncio.run(text_of(served, level)) == f"Level {level}."
    assert "parley_ready 1.0" in served.get("/metrics").text
    last = workers_of(served.process.pid)
    assert served.stop() == 0
    wait_until(lambda: not any(map(is_alive, last)))


def states(served: Served) -> dict[str, tuple[str, list[str]]]:
    """The state of the default profile, and where its recogniser is loaded."""
    listed = served.get("/v1/profiles").json()["profiles"]
    return {
        one["name"]: (one["state"], next(e["devices"] for e in one["engines"] if e["role"] == "asr"))
        for one in listed
        if one["default"]
    }


async def text_of(served: Served, level: int) -> str:
    async with line(served.socket_url) as one:
        await one.expect("connected")
        ended = await one.result(f"{level}.wav", tone(level))
        assert ended["type"] == "task_complete", ended
        return ended["data"]["result"]["segments"][0]["text"]
