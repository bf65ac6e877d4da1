"""Word error rates of finals, of recordings spoken in real time by several sessions."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from parley.bench.corpus import Sample
from parley.bench.live.clips import Samples
from parley.bench.live.latency import opened, require_done
from parley.bench.live.line import Dial
from parley.bench.live.report import LiveAccuracy
from parley.bench.words import word_error_rate
from parley.speech.media import SAMPLE_RATE_HZ
from parley.wire.speech.asr_client import Start

TAIL_S = 0.3
"""Silence after each recording: a speaker does not stop the line with the last sound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveHearing:
    """Speaks recordings, each in a session of its own, `at_once` of them at a time."""

    dial: Dial
    start: Start
    at_once: int

    async def hear(self, recordings: Mapping[str, Samples]) -> dict[str, str]:
        """What the finals say of each; raises ParleyError."""
        free = asyncio.Semaphore(self.at_once)

        async def one(samples: Samples) -> str:
            async with free:
                return await self._hear(samples)

        # The longest first: at the end few sessions are left alone.
        order = sorted(recordings, key=lambda name: -len(recordings[name]))
        texts = await asyncio.gather(*(one(recordings[name]) for name in order))
        return dict(zip(order, texts, strict=True))

    async def _hear(self, samples: Samples) -> str:
        tail = np.zeros(int(TAIL_S * SAMPLE_RATE_HZ), dtype=np.int16)
        pcm = np.concatenate([samples, tail]).astype("<i2").tobytes()
        session = await opened(self.dial, self.start, pcm)
        await session.speak()
        require_done(session)
        return session.journal.text


def compared(
    samples: Sequence[Sample], live: Mapping[str, str], files: Mapping[str, str], at_once: int
) -> LiveAccuracy | None:
    """Both error rates over what was heard both ways and has a reference, None where nothing has."""
    known = [sample for sample in samples if sample.text and sample.name in live and sample.name in files]
    if not known:
        return None
    said = [sample.text or "" for sample in known]
    spoken = word_error_rate(said, [live[sample.name] for sample in known])
    read = word_error_rate(said, [files[sample.name] for sample in known])
    return LiveAccuracy(
        recordings=len(known),
        words=spoken.reference_length,
        live=spoken.rate,
        file=read.rate,
        sessions=at_once,
    )
