"""How many workers decode in a server, and who takes turns."""

from __future__ import annotations

from typing import Any

import pytest

from parley.app.pools import MEDIA, elastic, pools_for
from parley.app.workshop import load_profiles, supplies_of
from parley.engines.profiles import choose
from parley.settings import Settings


@pytest.mark.parametrize(
    ("keep", "mode", "workers"),
    [("compact", "pool", 2), ("compact", "lock", 1), ("original", "pool", 1), ("none", "pool", 1)],
)
def test_a_second_one_while_compact_copies_are_made(keep: str, mode: str, workers: int) -> None:
    given: dict[str, Any] = {"uploads": {"keep_media": keep}, "queue": {"mode": mode}}
    settings = Settings(**given)
    pools = elastic(
        pools_for([choose(load_profiles(settings), "embedded")], settings, supplies_of(settings)), settings
    )
    assert {pool.name: pool.workers for pool in pools}[MEDIA] == workers


@pytest.mark.parametrize(("mode", "takes_turns"), [("lock", True), ("pool", False)])
def test_in_lock_mode_all_pools_but_that_of_decoding_take_turns_with_one_worker_each(
    mode: str, takes_turns: bool
) -> None:
    given: dict[str, Any] = {"queue": {"mode": mode}, "workers": 3, "engines": {"workers": {"funasr": 3}}}
    settings = Settings(**given)
    profiles = load_profiles(settings)
    chosen = [choose(profiles, name) for name in ("embedded", "sensevoice", "paraformer-zh")]
    pools = elastic(pools_for(chosen, settings, supplies_of(settings)), settings)
    assert {"speech", "sherpa-onnx", "funasr"} < {pool.name for pool in pools}
    for pool in pools:
        assert pool.takes_turns is (takes_turns and pool.name != MEDIA)
        assert not pool.takes_turns or pool.workers == 1
