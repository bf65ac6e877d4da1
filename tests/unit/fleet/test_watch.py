import math

from parley.fleet.limits import FleetLimits
from parley.fleet.watch import Watch

LIMITS = FleetLimits(
    heartbeat_deadline_s=20.0, call_floor_s=30.0, call_per_audio_s=10.0, call_ceiling_s=200.0
)


def test_a_resting_worker_that_was_never_heard_is_fine() -> None:
    watch = Watch(LIMITS, 0.0)
    assert watch.overdue(1e9) is None
    assert watch.next_look_s(0.0) == 1.0


def test_a_task_has_its_own_deadline() -> None:
    watch = Watch(LIMITS, 0.0)
    watch.begin(100.0, "starting", 60.0)
    assert watch.overdue(160.0) is None
    assert watch.overdue(160.1) == "made no progress for 60.0 s while starting"
    watch.rest()
    assert watch.overdue(math.inf) is None


def test_silence_is_found_once_there_is_a_heartbeat() -> None:
    watch = Watch(LIMITS, 0.0)
    watch.heard(10.0)
    assert watch.overdue(30.0) is None
    assert watch.overdue(30.1) == "gave no sign of life for 20.0 s"


def test_progress_starts_the_wait_anew_and_less_audio_buys_less_time() -> None:
    watch = Watch(LIMITS, 0.0)
    watch.begin_call(0.0, audio_s=10.0)
    assert watch.overdue(130.0) is None
    watch.advance(130.0, done_s=9.0)
    assert watch.overdue(170.0) is None
    assert watch.overdue(170.1) is not None


def test_the_same_progress_again_does_not_count() -> None:
    watch = Watch(LIMITS, 0.0)
    watch.begin_call(0.0, audio_s=0.0)
    watch.advance(10.0, done_s=1.0)
    watch.advance(39.0, done_s=1.0)
    assert watch.overdue(40.1) is not None


def test_no_amount_of_audio_buys_more_than_the_ceiling() -> None:
    assert LIMITS.silence_allowed(0.0) == 30.0
    assert LIMITS.silence_allowed(-5.0) == 30.0
    assert LIMITS.silence_allowed(10_000.0) == 200.0


def test_a_parent_that_slept_gives_everybody_the_time_back() -> None:
    watch = Watch(LIMITS, 0.0)
    watch.begin_call(0.0, audio_s=0.0)
    watch.heard(0.0)
    watch.looked(before=0.0, now=500.0, planned_s=1.0)
    assert watch.overdue(519.0) is None
    assert watch.overdue(521.0) is not None


def test_a_parent_that_is_a_little_late_still_judges() -> None:
    watch = Watch(LIMITS, 0.0)
    watch.begin_call(0.0, audio_s=0.0)
    for second in range(0, 62, 2):
        watch.looked(before=float(second), now=second + 1.9, planned_s=1.0)
    assert watch.overdue(62.0) is not None


def test_it_looks_when_something_may_be_overdue() -> None:
    watch = Watch(LIMITS, 0.0)
    watch.begin(0.0, "being stopped", 0.5)
    assert 0.5 < watch.next_look_s(0.0) < 0.6
    assert 0.0 < watch.next_look_s(99.0) < 0.1
