"""What a client's `start` wishes of the session."""

from __future__ import annotations

from parley.live.options import LiveWish
from parley.speech.recognition import language_of
from parley.wire.speech.asr_client import Start


def wish_of(start: Start) -> LiveWish:
    """The wish as the room takes it."""
    silence_ms = start.endpoint_silence_ms
    return LiveWish(
        sample_rate_hz=start.sample_rate,
        encoding=start.encoding,
        channels=start.channels,
        language=language_of(start.language),
        profile=start.profile,
        hotwords=_weighted(start.hotwords),
        partials=start.partials,
        endpoint_silence_s=None if silence_ms is None else silence_ms / 1000.0,
        words=start.words,
        levels=start.levels,
        record=start.record,
    )


def _weighted(asked: tuple[str, ...] | dict[str, float] | None) -> tuple[tuple[str, float], ...]:
    if isinstance(asked, dict):
        return tuple(asked.items())
    return tuple((phrase, 1.0) for phrase in asked or ())
