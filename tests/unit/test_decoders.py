"""How many workers decode in a server."""

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
