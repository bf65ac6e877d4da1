"""What the server says of its profiles, and whether one that is broken makes it unready."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from parley.app import house as app
from parley.app.conditions import profile_facts, trouble_of
from parley.engines.contract import Capability, EngineSpec, Role
from parley.engines.profiles import Profile
from parley.errors import EngineBroken
from parley.fleet.health import FleetHealth, LoadedEngine, PoolHealth
from parley.jobs.books import DeskStats
from parley.server.http.profiles import ProfileFacts
from parley.settings import Settings


def asr(name: str, **facts: Any) -> EngineSpec:
    return EngineSpec(
        name=name, role=Role.ASR, factory="m:C", revision="1", summary="", licence="MIT", **facts
    )


FINE = Profile(
    "fine", {Role.ASR: asr("good", languages=frozenset({"en"}), public_names=("whisper-1",))}, {}, asr("live")
)
SICK = Profile("sick", {Role.ASR: asr("bad", capabilities=frozenset({Capability.WORDS}))})
ABSENT = Profile("absent", {Role.ASR: asr("elsewhere")})
PROFILES = {profile.name: profile for profile in (SICK, FINE, ABSENT)}


def pool(name: str = "main", **facts: Any) -> PoolHealth:
    numbers = dict.fromkeys(("alive", "starting", "dead", "waiting", "restarts", "recycled"), 0)
    facts = {"gave_up": False, "reasons": (), **facts}
    return PoolHealth(name=name, **numbers, **facts)


LOADED = (
    LoadedEngine(name="good", device="cuda:1", workers=1, memory_mib=5),
    LoadedEngine(name="good", device="cuda:0", workers=2, memory_mib=10),
)
HEALTH = FleetHealth(pools=(pool(loaded=LOADED, broken={"bad": "It does not load."}),))


def test_a_profile_is_broken_with_the_reason_while_others_are_ready() -> None:
    facts = [
        ProfileFacts.model_validate(each)
        for each in profile_facts(PROFILES, {"fine", "sick"}, "fine", HEALTH)
    ]
    assert [(each.name, each.state, each.default) for each in facts] == [
        ("absent", "not_installed", False), ("fine", "ready", True), ("sick", "broken", False),
    ]  # fmt: skip
    assert facts[0].reason is not None and "pull absent, then start the server again" in facts[0].reason
    assert facts[2].reason == "It does not load."
    assert facts[1].engines[0].devices == ["cuda:0", "cuda:1"]
    assert (facts[1].languages, facts[1].public_names) == (["en"], ["whisper-1"])
    assert (facts[2].languages, facts[2].capabilities) == (None, ["words"])
    assert [each.streaming for each in facts] == [None, "live", None]


def test_what_is_broken_on_the_spare_processor_breaks_no_profile() -> None:
    spare = pool("main-cpu", broken={"good": "no memory"}, is_spare=True)
    assert trouble_of(FINE, FleetHealth(pools=(spare,))) == ""


class Rooms:
    """A fleet whose engines break and heal as the test says."""

    def __init__(self) -> None:
        self.broken: dict[str, str] = {}
        self.gave_up: tuple[str, ...] = ()
        self.warmed = 0

    async def warm(self, *engines: str) -> None:
        self.warmed += 1
        if self.broken:
            raise EngineBroken(next(iter(self.broken.values())))

    def health(self) -> FleetHealth:
        gave_up = (pool(gave_up=True, engines=(engine,)) for engine in self.gave_up)
        return FleetHealth(pools=(pool(broken=self.broken, engines=("good", "bad")), *gave_up))

    def stats(self) -> DeskStats:
        return DeskStats(
            waiting=0, running=0, oldest_waiting_s=0, ended={}, cache_hits=0, cache_misses=0, s_per_byte=0
        )


def house_of(rooms: Rooms) -> app.House:
    anything = cast("Any", rooms)
    return app.House(
        settings=Settings(), profile=FINE, store=anything, fleet=anything, desk=anything, reception=anything,
        live=anything,
        synthesis=anything,
        assistant=anything,
        metrics=anything,
    )  # fmt: skip


async def until(condition: Any) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def test_only_the_default_profile_makes_the_server_unready_and_it_heals_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(app, "_WARM_AGAIN_S", 0.01)
    rooms = Rooms()
    house = house_of(rooms)

    async def main() -> None:
        keeping = asyncio.create_task(app._keep_loaded(house))
        await until(lambda: house.loaded)
        rooms.broken = {"bad": "It does not load."}
        assert house.unready() == []
        rooms.broken = {"good": "No memory is left."}
        assert "No memory is left." in house.unready()[0]
        before = rooms.warmed
        await until(lambda: rooms.warmed > before + 1)
        rooms.broken = {}
        await until(lambda: house.unready() == [])
        # Nothing is warmed as long as all is well: workers that went home are left alone.
        before = rooms.warmed
        await asyncio.sleep(0.2)
        assert rooms.warmed <= before + 1
        keeping.cancel()

    asyncio.run(main())


def test_a_pool_that_gave_up_makes_the_server_unready_only_where_the_default_profile_needs_it() -> None:
    rooms = Rooms()
    house = house_of(rooms)
    house.loaded = True
    rooms.gave_up = ("bad",)
    assert house.unready() == []
    rooms.gave_up = ("bad", "good")
    assert house.unready() == ["workers were lost too often; see the log"]
