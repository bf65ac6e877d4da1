"""Devices that are avoided for a while."""

from __future__ import annotations

from parley.fleet.avoidance import Avoidance

WAITS = (10.0, 100.0)


def test_the_waits_grow_and_the_last_one_lasts() -> None:
    avoidance, now = Avoidance(WAITS), 5.0
    for wait in (10.0, 100.0, 100.0):
        avoidance.lost("x", "cuda:0", now)
        assert avoidance.devices("x", now + wait - 0.1) == ("cuda:0",)
        now += wait
        assert avoidance.devices("x", now) == ()


def test_several_that_were_lost_at_the_same_time_are_one_loss() -> None:
    avoidance = Avoidance(WAITS)
    for moment in (0.0, 1.0, 2.0):
        avoidance.lost("x", "cuda:0", moment)
    assert avoidance.devices("x", 10.0) == ()


def test_each_engine_and_device_has_its_own() -> None:
    avoidance = Avoidance(WAITS)
    avoidance.lost("x", "cuda:0", 0.0)
    avoidance.lost("x", "mps", 1.0)
    assert (avoidance.devices("x", 2.0), avoidance.devices("y", 2.0)) == (("cuda:0", "mps"), ())
    assert avoidance.mended("x", "mps")
    assert not avoidance.mended("x", "cpu")
    assert avoidance.devices("x", 2.0) == ("cuda:0",)


def test_success_forgets_earlier_losses() -> None:
    avoidance = Avoidance(WAITS)
    avoidance.lost("x", "cuda:0", 0.0)
    avoidance.lost("x", "cuda:0", 20.0)
    avoidance.mended("x", "cuda:0")
    avoidance.lost("x", "cuda:0", 30.0)
    assert avoidance.devices("x", 40.0) == ()
