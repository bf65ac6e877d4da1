"""Connects the numbers of conversations to `/metrics` and the page."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

from parley.assistant.contract import AssistantRoom
from parley.assistant.events import Trouble, TurnMetrics
from parley.telemetry import names
from parley.telemetry.metrics import Metrics

STAGES = (
    "endpoint",
    "asr_final",
    "llm_first_token",
    "first_sentence",
    "tts_first_audio",
    "first_audio_sent",
)
"""Of a turn, in the order in which they are reached."""


def count(metrics: Metrics, told: TurnMetrics | Trouble) -> None:
    """Note what a conversation told: how long the stages of a turn took, or what failed."""
    if isinstance(told, Trouble):
        metrics.count(names.ASSISTANT_ERRORS, told.error.code)
        return
    for stage in STAGES:
        reached_ms: int | None = getattr(told, f"{stage}_ms")
        if reached_ms is not None:
            metrics.observe(names.ASSISTANT_STAGE, reached_ms / 1000, stage)


class AssistantGauges:
    """Reads the room when somebody asks."""

    def __init__(self, metrics: Metrics, room: AssistantRoom) -> None:
        self._room = room
        stats = room.stats
        readings = {
            names.ASSISTANT_SESSIONS: lambda: stats().sessions,
            names.ASSISTANT_OPENED: lambda: stats().opened,
            names.ASSISTANT_REFUSED: lambda: stats().refused,
            names.ASSISTANT_TURNS: lambda: stats().turns,
            names.ASSISTANT_INTERRUPTED: lambda: stats().interrupted,
        }
        for metric, read in readings.items():
            metrics.watch(metric, read)

    def figures(self) -> Mapping[str, float]:
        """What the page shows; the delay is the median of the last turns with a voice."""
        stats = self._room.stats()
        sent = [turn.first_audio_sent_ms for turn in stats.recent if turn.first_audio_sent_ms is not None]
        delay = {"conversation_delay_ms": float(median(sent))} if sent else {}
        return {
            "conversations": stats.sessions,
            "conversation_turns": stats.turns,
            "conversation_errors": stats.errors,
            **delay,
        }
