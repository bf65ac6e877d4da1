"""Processor time of the stages of live speech, read from `/metrics`."""

from __future__ import annotations

import asyncio
import re
import urllib.error
import urllib.request
from collections.abc import Mapping

from parley.bench.live.report import StageShare

TIMEOUT_S = 10.0

AUDIO = "parley_live_audio_seconds_total"
STAGES = "parley_live_processor_seconds_total"

_LINE = re.compile(r'^(?P<name>\w+)(?:\{stage="(?P<stage>[^"]*)"\})? (?P<value>\S+)$', re.MULTILINE)


class Costs:
    """What live speech has cost a server so far, by stage, and the seconds of audio it was for."""

    def __init__(self, page: str = "") -> None:
        self.audio_s = 0.0
        self.stages: dict[str, float] = {}
        for found in _LINE.finditer(page):
            if found["name"] == AUDIO:
                self.audio_s = float(found["value"])
            elif found["name"] == STAGES and found["stage"]:
                self.stages[found["stage"]] = float(found["value"])

    def since(self, before: Costs) -> tuple[StageShare, ...]:
        """What came to it, per second of audio; nothing where there was no audio."""
        audio_s = self.audio_s - before.audio_s
        if audio_s <= 0:
            return ()
        return tuple(
            StageShare(stage=stage, cpu=(seconds - before.stages.get(stage, 0.0)) / audio_s)
            for stage, seconds in self.stages.items()
        )


async def costs(http_url: str, headers: Mapping[str, str]) -> Costs | None:
    """As the server at `http_url` says; None for one that does not tell."""
    return await asyncio.to_thread(_read, f"{http_url}/metrics", headers)


def _read(url: str, headers: Mapping[str, str]) -> Costs | None:
    try:
        request = urllib.request.Request(url, headers=dict(headers))  # noqa: S310 - made from http(s) only
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            return Costs(answer.read().decode(errors="replace"))
    except (OSError, urllib.error.URLError, ValueError):
        return None
