"""Live sessions over real workers with the streaming engines: real detectors of speech, recognisers with
random weights in the layout of the real ones."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.engines.rooms import assert_complete, facts, kill_live_workers, open_room, told

from parley.live.contract import LiveRoom
from parley.live.options import LiveWish
from parley.speech.live import Final, LiveEvent, Partial, Trouble, Voice

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]

RATE_HZ = 16_000
PATIENCE_S = 1200.0
READERS = ("BAC009S0150W0161", "BAC009S0252W0241", "BAC009S0150W0201", "BAC009S0252W0101")

ZIPFORMER = {"vad": "sherpa-silero", "asr": "sherpa-zipformer", "punctuation": "sherpa-ct-punc"}
SHERPA = {
    "vad": "sherpa-silero",
    "asr": "sherpa-paraformer",
    "punctuation": "sherpa-ct-punc",
    "streaming": "sherpa-paraformer-streaming",
}
FUNASR = {
    "vad": "funasr-fsmn-vad",
    "asr": "funasr-paraformer",
    "punctuation": "funasr-ct-punc",
    "streaming": "funasr-paraformer-streaming",
}
FUNASR_ALONE = {
    "vad": "funasr-fsmn-vad",
    "asr": "funasr-paraformer-streaming",
    "punctuation": "funasr-ct-punc",
}
SPREAD = {
    "vad": "silero",
    "asr": "funasr-sensevoice",
    "punctuation": "sherpa-ct-punc",
    "streaming": "sherpa-zipformer",
}
PROFILES = {
    "one pass of sherpa": ZIPFORMER,
    "two passes of sherpa": SHERPA,
    "one pass of FunASR": FUNASR_ALONE,
    "two passes of FunASR": FUNASR,
    "three environments in one seat": SPREAD,
}
every_profile = pytest.mark.parametrize("said", PROFILES.values(), ids=PROFILES)


@functools.cache
def spoken(audio: Path, first: int) -> bytes:
    """Two readers of Mandarin, a pause after each, so that no session has the speech of another."""
    pause = np.zeros(RATE_HZ, dtype=np.int16)
    pieces: list[np.ndarray] = [pause[: RATE_HZ // 2 + 1111 * first]]
    for place in (first, first + 1):
        path = audio / "aishell" / "sample" / f"{READERS[place % len(READERS)]}.wav"
        samples, rate_hz = soundfile.read(path, dtype="int16")
        assert rate_hz == RATE_HZ
        pieces += [samples, pause]
    return np.concatenate(pieces).tobytes()


def finals(events: list[LiveEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, Final)]


def is_shown(events: list[LiveEvent]) -> bool:
    return any(isinstance(event, Partial) for event in events)


def is_heard(events: list[LiveEvent]) -> bool:
    return any(isinstance(event, Voice) for event in events)


def troubles(events: list[LiveEvent]) -> list[str]:
    return [event.error.code for event in events if isinstance(event, Trouble)]


@every_profile
def test_live_sessions_over_real_engines(said: Mapping[str, str], audio: Path) -> None:
    """Words come while somebody speaks; what is final is the same alone, among others, with partial texts
    and without, and when every worker dies in the middle."""
    wish = LiveWish(partials=False)

    async def main() -> None:
        async with asyncio.timeout(PATIENCE_S), open_room(said, seats=2) as live:
            alone = [await told(live, spoken(audio, first), wish) for first in range(3)]
            for events in alone:
                assert_complete(events)
                assert finals(events) and all(finals(events)) and not troubles(events)
            assert len({tuple(finals(events)) for events in alone}) == 3
            together = await asyncio.gather(
                *(told(live, spoken(audio, first), wish) for first in (0, 1, 2, 0, 1, 2))
            )
            assert [facts(events) for events in together] == [facts(events) for events in alone * 2]
            assert facts(await says_words_at_once(live, spoken(audio, 0))) == facts(alone[0])
            assert facts(await loses_its_workers(live, spoken(audio, 1))) == facts(alone[1])

    asyncio.run(main())


async def says_words_at_once(live: LiveRoom, pcm: bytes) -> list[LiveEvent]:
    session = await live.open("me", LiveWish())
    assert session.facts.streaming
    await session.close()
    events = await told(live, pcm, LiveWish(), pause_at=3 * 2 * RATE_HZ, until=is_shown)
    assert_complete(events)
    assert is_shown(events) and not troubles(events)
    return events


async def loses_its_workers(live: LiveRoom, pcm: bytes) -> list[LiveEvent]:
    before, wish = live.stats().moved, LiveWish(partials=False)
    events = await told(live, pcm, wish, pause_at=3 * 2 * RATE_HZ, until=is_heard, then=kill_live_workers)
    assert live.stats().moved > before
    return events


def test_a_hotword_that_cannot_be_spelt_ends_no_session(audio: Path) -> None:
    pcm = spoken(audio, 0)

    async def main() -> None:
        async with asyncio.timeout(PATIENCE_S), open_room(ZIPFORMER) as live:
            plain = await told(live, pcm, LiveWish())
            known = await told(live, pcm, LiveWish(hotwords=(("明天", 8.0),)))
            strange = await told(live, pcm, LiveWish(hotwords=(("明天", 8.0), ("龙", 1.0))))
            assert_complete(strange)
            assert troubles(strange) == ["unsupported_option"] and not troubles(known)
            assert facts(strange) == facts(known) != facts(plain)

    asyncio.run(main())
