"""Connects the numbers of voices to `/metrics` and the page."""

from __future__ import annotations

from collections.abc import Mapping

from parley.synthesis.contract import SynthesisRoom
from parley.telemetry import names
from parley.telemetry.metrics import Metrics


class VoiceGauges:
    """Reads the room when somebody asks."""

    def __init__(self, metrics: Metrics, room: SynthesisRoom) -> None:
        self._room = room
        stats = room.stats
        readings = {
            names.SPEAKING: lambda: stats().speaking,
            names.SPEAKING_STARTED: lambda: stats().started,
            names.SPEAKING_REFUSED: lambda: stats().refused,
            names.SPEAKING_FAILED: lambda: stats().failed,
            names.SPEAKING_CANCELLED: lambda: stats().cancelled,
            names.SPEECH_AUDIO: lambda: stats().audio_seconds,
            names.SPEECH_PROCESSOR: lambda: stats().processor_seconds,
        }
        for metric, read in readings.items():
            metrics.watch(metric, read)

    def figures(self) -> Mapping[str, float]:
        """What the page shows."""
        stats = self._room.stats()
        return {
            "speaking": stats.speaking,
            "speaking_refused": stats.refused,
            "speaking_failed": stats.failed,
        }
