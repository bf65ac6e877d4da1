from parley.fleet.limits import FleetLimits
from parley.fleet.wear import Wear

MIB = 1 << 20
LIMITS = FleetLimits(recycle_rss_growth_bytes=100 * MIB, recycle_after_calls=10)


def test_first_calls_may_grow_later_ones_may_not() -> None:
    wear = Wear(LIMITS)
    for _ in range(LIMITS.settled_calls - 1):
        wear.called(1 * MIB)
    wear.called(500 * MIB)
    wear.called(600 * MIB)
    assert wear.reason() is None
    wear.called(601 * MIB)
    assert wear.reason() == "101 MiB of growth"


def test_another_engine_may_take_memory() -> None:
    wear = Wear(LIMITS)
    for _ in range(LIMITS.settled_calls):
        wear.called(1 * MIB)
    wear.loaded()
    for _ in range(LIMITS.settled_calls):
        wear.called(900 * MIB)
    assert wear.reason() is None


def test_calls_are_counted_where_memory_is_unknown() -> None:
    wear = Wear(LIMITS)
    for _ in range(9):
        wear.called(0)
    assert wear.reason() is None
    wear.called(0)
    assert wear.reason() == "10 calls"
