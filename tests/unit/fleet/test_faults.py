"""Broken engines: refused for a while, tried again, well again."""

from __future__ import annotations

import pytest

from parley.errors import (
    EngineBroken,
    EngineFailed,
    OutOfMemory,
    ParleyError,
    ProfileNotInstalled,
    WorkerDied,
)
from parley.fleet.faults import Faults

WAITS = (1.0, 5.0, 30.0)
FAILED = EngineFailed("The engine 'x' failed; the log has the details.", detail="traceback")


def test_the_waits_grow_and_the_last_one_lasts() -> None:
    faults, now = Faults(WAITS), 100.0
    for wait in (1.0, 5.0, 30.0, 30.0):
        faults.failed("x", FAILED, now)
        assert faults.refusal("x", now + wait - 0.1) is not None
        now += wait
        assert faults.refusal("x", now) is None
        assert "x" in faults.reasons, "until it has been loaded"


def test_success_forgets_everything() -> None:
    faults = Faults(WAITS)
    faults.failed("x", FAILED, 0.0)
    faults.mended("x")
    assert (faults.refusal("x", 0.0), dict(faults.reasons)) == (None, {})
    faults.failed("x", FAILED, 10.0)
    assert faults.refusal("x", 11.0) is None


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (FAILED, EngineBroken),
        (OutOfMemory("no memory."), EngineBroken),
        (ProfileNotInstalled("Install it."), ProfileNotInstalled),
    ],
)
def test_what_a_worker_suffers_is_told_as_the_engines_fault(
    error: ParleyError, kind: type[ParleyError]
) -> None:
    faults = Faults(WAITS)
    told = faults.failed("x", error, 0.0)
    assert type(told) is kind
    assert error.message in told.message
    again = faults.refusal("x", 0.5)
    assert again is not None
    assert (type(again), again.message, again.detail) == (kind, told.message, error.detail)
    assert again is not faults.refusal("x", 0.5), "one object for each who is refused"


def test_the_first_loss_is_chance_and_the_second_is_not() -> None:
    faults, died = Faults(WAITS), WorkerDied("A worker was ended by SIGSEGV.")
    faults.struck("x", died, 0.0)
    assert faults.refusal("x", 0.0) is None
    faults.mended("x")
    faults.struck("x", died, 1.0)
    assert faults.refusal("x", 1.0) is None
    faults.struck("x", died, 2.0)
    assert "SIGSEGV" in faults.reasons["x"]
    # Tried again, one more is enough.
    faults.struck("x", died, 10.0)
    assert faults.refusal("x", 14.9) is not None
    assert faults.refusal("other", 2.0) is None


def test_workers_that_fail_at_the_same_time_have_failed_once() -> None:
    faults = Faults(WAITS)
    for moment in (0.0, 0.1, 0.2):
        assert isinstance(faults.failed("x", FAILED, moment), EngineBroken)
    assert faults.refusal("x", 0.9) is not None
    assert faults.refusal("x", 1.0) is None
    faults.failed("x", FAILED, 2.0)
    assert faults.refusal("x", 6.9) is not None
    assert faults.refusal("x", 7.0) is None
