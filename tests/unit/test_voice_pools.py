"""Which workers speak."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from parley.app.options import synthesis_limits
from parley.app.pools import pools_for
from parley.app.voice_pools import judge_of, voice_pools
from parley.app.workshop import load_profiles, supplies_of
from parley.engines.contract import EngineSpec, Role
from parley.engines.profiles import choose
from parley.fleet.limits import FleetLimits
from parley.fleet.spec import PoolSpec, own_limits
from parley.settings import Settings

OWN = EngineSpec(name="own", role=Role.TTS, factory="x:y", revision="1", summary="", licence="MIT")
THEIRS = replace(OWN, name="theirs", environment="sherpa-onnx")
MORE = replace(OWN, name="more", environment="sherpa-onnx")


def pools_of(*specs: EngineSpec, **given: Any) -> tuple[PoolSpec, ...]:
    settings = Settings(**given)
    return voice_pools({spec.name: spec for spec in specs}, settings, supplies_of(settings))


def test_each_environment_has_a_pool_that_comes_and_goes() -> None:
    own, theirs = pools_of(OWN, THEIRS, MORE, voices={"workers": 3})
    assert (own.name, theirs.name) == ("voices", "voices-sherpa-onnx")
    assert [spec.name for spec in theirs.engines] == ["theirs", "more"]
    for pool in (own, theirs):
        assert pool.workers == 3 and pool.min_workers == 0 and pool.is_elastic
        assert not pool.is_live and not pool.takes_turns
    assert own.installed_as == "" and theirs.installed_as == "sherpa-onnx"


def test_without_voices_there_is_no_pool() -> None:
    assert pools_of() == ()


def test_in_lock_mode_one_worker_takes_turns_with_all_others() -> None:
    [pool] = pools_of(OWN, voices={"workers": 3}, queue={"mode": "lock"})
    assert pool.workers == 1 and pool.takes_turns


def test_names_do_not_meet_those_of_recognition() -> None:
    settings = Settings()
    profile = choose(load_profiles(settings), "sensevoice")
    others = {pool.name for pool in pools_for([profile], settings, supplies_of(settings))}
    assert not others & {pool.name for pool in pools_of(OWN, THEIRS)}


def test_patience_grows_with_the_text() -> None:
    [pool] = pools_of(OWN, voices={"call_floor_s": 7.0, "call_per_char_s": 0.2})
    limits = own_limits(pool, FleetLimits())
    # A hundred characters are told as the seconds that they take to say.
    assert round(limits.silence_allowed(100 / 15.0), 6) == 27.0
    assert limits.given_up_s is not None and limits.given_up_s > FleetLimits().stop_grace_s


def test_who_judges_tells_speakers_apart() -> None:
    profiles = load_profiles(Settings())
    embedded, other = profiles["embedded"], profiles["qwen3-asr"]
    deaf = replace(other, engines={r: e for r, e in other.engines.items() if r != Role.SPEAKERS})
    assert judge_of(embedded, {}) is embedded
    assert judge_of(deaf, {"embedded": embedded}) is embedded
    assert judge_of(deaf, {}) is deaf


def test_limits_are_those_of_the_settings() -> None:
    limits = synthesis_limits(
        Settings(voices={"max_requests": 3, "max_requests_per_client": 2, "max_library": 0, "idle_s": 5})
    )
    assert (limits.max_requests, limits.max_requests_per_user) == (3, 2)
    assert (limits.max_voices_per_user, limits.idle_s) == (0, 5.0)
