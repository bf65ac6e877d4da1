"""The numbers of live speech."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import cast

import pytest

from parley.app import live_gauges as module
from parley.app.live_gauges import LiveGauges
from parley.live.contract import LiveRoom, LiveStats
from parley.telemetry.metrics import Metrics


class Room:
    """A room that says what the test says."""

    def __init__(self) -> None:
        self.now = LiveStats(
            sessions=0,
            waiting_for_client=0,
            lags_ms=(),
            opened=0,
            refused=0,
            finals=0,
            skipped_partials=0,
            audio_seconds=0.0,
            moved=0,
        )

    def stats(self) -> LiveStats:
        return self.now


def lines(metrics: Metrics) -> list[str]:
    return [line for line in metrics.render().decode().splitlines() if "live" in line and "#" not in line]


def test_a_room_without_sessions_has_no_lag() -> None:
    metrics = Metrics()
    gauges = LiveGauges(metrics, cast("LiveRoom", Room()))
    found = lines(metrics)
    assert "parley_live_lag_max_seconds 0.0" in found and "parley_live_lag_p95_seconds 0.0" in found
    assert gauges.figures() == {"live_sessions": 0, "live_lag_ms": 0.0, "live_refused": 0}


def test_what_the_room_counts_is_shown() -> None:
    metrics, room = Metrics(), Room()
    gauges = LiveGauges(metrics, cast("LiveRoom", room))
    room.now = replace(
        room.now,
        sessions=5,
        waiting_for_client=2,
        lags_ms=(100, 4000, 200, 300, 0),
        opened=9,
        refused=4,
        finals=70,
        skipped_partials=6,
        audio_seconds=12.5,
        moved=3,
    )
    assert {
        'parley_live_sessions{state="open"} 3.0',
        'parley_live_sessions{state="waiting"} 2.0',
        "parley_live_lag_max_seconds 4.0",
        "parley_live_lag_p95_seconds 4.0",
        "parley_live_sessions_opened_total 9.0",
        "parley_live_sessions_refused_total 4.0",
        "parley_live_sessions_moved_total 3.0",
        "parley_live_finals_total 70.0",
        "parley_live_partials_skipped_total 6.0",
        "parley_live_audio_seconds_total 12.5",
    } <= set(lines(metrics))
    assert gauges.figures() == {"live_sessions": 5, "live_lag_ms": 4000.0, "live_refused": 4}


def test_the_lag_of_every_session_is_noted_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LOOK_EVERY_S", 0.0)
    metrics, room = Metrics(), Room()
    room.now = replace(room.now, lags_ms=(40, 2500))

    async def main() -> None:
        watching = asyncio.create_task(LiveGauges(metrics, cast("LiveRoom", room)).watch_loop())
        for _ in range(10):
            await asyncio.sleep(0)
        watching.cancel()

    asyncio.run(main())
    found = dict(line.rsplit(" ", 1) for line in lines(metrics) if line.startswith("parley_live_lag_seconds"))
    count = float(found["parley_live_lag_seconds_count"])
    assert count >= 2 and count % 2 == 0
    assert float(found['parley_live_lag_seconds_bucket{le="0.05"}']) == count / 2
    assert float(found['parley_live_lag_seconds_bucket{le="2.0"}']) == count / 2
    assert float(found['parley_live_lag_seconds_bucket{le="3.0"}']) == count
