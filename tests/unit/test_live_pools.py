"""Which workers hear live speech."""

from __future__ import annotations

from typing import Any

import pytest

from parley.app import live_pools as module
from parley.app.live_pools import LivePools, live_pools, live_seats
from parley.app.options import live_limits
from parley.app.pools import pools_for
from parley.app.workshop import load_profiles, supplies_of
from parley.engines.contract import Role
from parley.engines.profiles import choose
from parley.fleet.limits import FleetLimits
from parley.fleet.spec import own_limits
from parley.settings import Settings


def pools_of(*profiles: str, **given: Any) -> LivePools:
    settings = Settings(**given)
    known = load_profiles(settings)
    return live_pools([choose(known, name) for name in profiles], settings, supplies_of(settings))


def test_a_seat_has_a_worker_of_its_own_and_knows_who_has_an_engine() -> None:
    made = pools_of("embedded", live={"workers": 3})
    assert [pool.name for pool in made.pools] == ["live-1", "live-2", "live-3"]
    for pool, seat in zip(made.pools, made.seats, strict=True):
        assert pool.is_live and pool.workers == 1 and pool.min_workers == 0 and pool.is_elastic
        assert seat == {engine.name: pool.name for engine in pool.engines}
        assert {engine.role for engine in pool.engines} >= {Role.VAD, Role.ASR, Role.TURN}
        assert not {engine.role for engine in pool.engines} & {Role.MEDIA, Role.SPEAKERS}


def test_workers_of_an_engine_environment_are_shared_where_there_are_fewer_of_them() -> None:
    made = pools_of("embedded", "paraformer-zh", live={"workers": 3}, engines={"workers": {"funasr": 2}})
    names = [pool.name for pool in made.pools]
    assert names == ["live-1", "live-2", "live-3", "live-1-funasr", "live-2-funasr"]
    shared = {engine.name for engine in made.pools[-1].engines}
    assert [{seat[name] for name in shared} for seat in made.seats] == [
        {"live-1-funasr"},
        {"live-2-funasr"},
        {"live-1-funasr"},
    ]
    own, foreign = made.pools[0], made.pools[-1]
    assert (own.installed_as, foreign.installed_as) == ("", "funasr")
    assert own.locate is None and foreign.locate is not None


def test_the_streaming_recogniser_is_there_though_recordings_do_not_need_it() -> None:
    profile = choose(load_profiles(Settings()), "paraformer-zh")
    assert profile.streaming is not None
    made = pools_of("paraformer-zh", live={"workers": 1})
    assert profile.streaming.name in made.seats[0]
    settings = Settings()
    recordings = pools_for([profile], settings, supplies_of(settings))
    assert profile.streaming.name not in {engine.name for pool in recordings for engine in pool.engines}


def test_its_patience_is_never_longer_than_that_of_recordings() -> None:
    [pool] = pools_of("embedded", live={"workers": 1}).pools
    limits = own_limits(pool, FleetLimits())
    assert limits.silence_allowed(0.1) < 10
    assert limits.recycle_after_calls is None
    [pool] = pools_of("embedded", live={"workers": 1}, call_floor_s=2.0, call_per_audio_s=0.5).pools
    assert (pool.call_floor_s, pool.call_per_audio_s) == (2.0, 0.5)


@pytest.mark.parametrize(
    ("processors", "workers", "mode", "seats"),
    [
        (1, 0, "pool", 1),
        (2, 0, "pool", 1),
        (5, 0, "pool", 2),
        (64, 0, "pool", 4),
        (2, 7, "pool", 7),
        (64, 7, "lock", 1),
    ],
)
def test_a_seat_for_each_two_processors_unless_somebody_says(
    monkeypatch: pytest.MonkeyPatch, processors: int, workers: int, mode: str, seats: int
) -> None:
    monkeypatch.setattr(module, "processors", lambda: processors)
    given: dict[str, Any] = {"live": {"workers": workers}, "queue": {"mode": mode}}
    settings = Settings(**given)
    assert live_seats(settings) == seats
    made = pools_of("embedded", **given)
    assert len(made.seats) == seats
    assert all(pool.takes_turns is (mode == "lock") for pool in made.pools)
    assert 1 <= made.pools[0].threads <= max(1, processors // seats)
    assert live_limits(settings).max_sessions == 16 * seats


def test_workers_go_home_as_those_of_recordings_do() -> None:
    [pool] = pools_of("embedded", live={"workers": 1}).pools
    assert (pool.idle_s, pool.unload_s) == (300.0, None)
    given: dict[str, Any] = {"engines": {"idle_unload_s": 20.0}, "queue": {"worker_idle_s": 9.0}}
    [pool] = pools_of("embedded", live={"workers": 1}, **given).pools
    assert (pool.idle_s, pool.unload_s) == (9.0, 20.0)


def test_limits_are_those_of_the_settings() -> None:
    given: dict[str, Any] = {
        "live": {"max_sessions": 5, "max_lag_ms": 1500, "partial_interval_ms": 300, "resume_s": 7.0}
    }
    limits = live_limits(Settings(**given))
    assert (limits.max_sessions, limits.max_lag_s, limits.partial_interval_s) == (5, 1.5, 0.3)
    assert (limits.resume_s, limits.endpoint_silence_s) == (7.0, 0.7)
