"""What `/metrics` and the page show of conversations."""

from __future__ import annotations

from dataclasses import fields
from types import SimpleNamespace
from typing import Any, cast

from parley.app.assistant_gauges import STAGES, AssistantGauges, count
from parley.assistant.contract import AssistantStats
from parley.assistant.events import Trouble, TurnMetrics
from parley.errors import LanguageModelBusy, LanguageModelSilent
from parley.telemetry.metrics import Metrics


def turn(first_audio_sent_ms: int | None, **stages: int) -> TurnMetrics:
    unknown: dict[str, Any] = dict.fromkeys((f"{stage}_ms" for stage in STAGES), None)
    given = {**unknown, **stages, "first_audio_sent_ms": first_audio_sent_ms}
    return TurnMetrics(turn=1, interrupted=False, **given)


def test_every_stage_of_a_turn_is_observed_where_it_was_reached() -> None:
    assert {f"{stage}_ms" for stage in STAGES} == {
        field.name for field in fields(TurnMetrics) if field.name.endswith("_ms")
    }
    metrics = Metrics()
    count(metrics, turn(800, asr_final_ms=300))
    count(metrics, turn(1200))
    page = metrics.render().decode()
    assert 'parley_assistant_stage_seconds_count{stage="first_audio_sent"} 2.0' in page
    assert 'parley_assistant_stage_seconds_sum{stage="first_audio_sent"} 2.0' in page
    assert 'parley_assistant_stage_seconds_sum{stage="asr_final"} 0.3' in page
    assert 'stage="llm_first_token"' not in page


def test_what_failed_is_counted_by_its_code() -> None:
    metrics = Metrics()
    for error in (LanguageModelBusy("x"), LanguageModelBusy("x"), LanguageModelSilent("x")):
        count(metrics, Trouble(error=error))
    page = metrics.render().decode()
    assert 'parley_assistant_errors_total{code="llm_busy"} 2.0' in page
    assert 'parley_assistant_errors_total{code="llm_timeout"} 1.0' in page


def test_the_rooms_own_counts_are_read_when_asked_for() -> None:
    metrics = Metrics()
    stats = AssistantStats(
        sessions=2, opened=5, refused=1, turns=9, interrupted=3, errors=4, recent=[turn(500), turn(None)]
    )
    room = SimpleNamespace(stats=lambda: stats)
    gauges = AssistantGauges(metrics, cast("Any", room))
    page = metrics.render().decode()
    for line in (
        "parley_assistant_sessions 2.0",
        "parley_assistant_sessions_opened_total 5.0",
        "parley_assistant_sessions_refused_total 1.0",
        "parley_assistant_turns_total 9.0",
        "parley_assistant_turns_interrupted_total 3.0",
    ):
        assert line in page, line
    assert gauges.figures() == {
        "conversations": 2,
        "conversation_turns": 9,
        "conversation_errors": 4,
        "conversation_delay_ms": 500.0,
    }
