"""What every engine that speaks must do, whatever library is behind it; each runs in a real worker.

A file `tests/engines/cases/<library>.py` names its own in `VOICES`, a tuple of `Case`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from parley.engines.contract import Capability, EngineSpec
from parley.errors import EngineFailed, ParleyError
from parley.fleet.fleet import Fleet
from parley.fleet.spec import PoolSpec
from parley.speech.voice import PresetVoice, SpeakOptions
from parley.wire.frames import LearnVoice, Speak, Spoken, VoiceLearned
from parley.workers.speaking import HIGHEST_RATE_HZ, LOWEST_RATE_HZ, SLACK_S
from tests.engines.conformance import PATIENT, kill_workers

MOST_PRESETS = 24
"""So many voices of an engine are heard: the first ones, and the last."""

LONGEST_S = 30.0

TEXTS = {
    "en": "The weather is fine today, let us go out.",
    "zh": "今天天气很好，我们去公园吧。",
    "yue": "今日天氣好好，我哋去公園啦。",
    "ko": "오늘은 날씨가 좋습니다.",
    "ja": "きょうはいいてんきです。",
    "ru": "Сегодня хорошая погода.",
    "uk": "Сьогодні гарна погода.",
    "ar": "الطقس جميل اليوم.",
    "he": "מזג האוויר יפה היום.",
    "el": "Σήμερα ο καιρός είναι καλός.",
    "hi": "आज मौसम अच्छा है।",
    "th": "วันนี้อากาศดี",
}
"""What a voice says in its own language; in others a sentence of Latin letters."""

NOTHING = ("", " ", "...", "，。", "🙂", "\n", "\x00", "—")
"""Nothing can be said of these, or next to nothing."""

STRANGE = (
    "<speak>hello</speak>",
    "[[h@'loU]] there",
    "&lt;b&gt; & {x} %s",
    "我用 Python 写代码，v3.11 很好",
    "1234567.89",
    "ﷺ 𝔘𝔫𝔦 ﬁ e\u0301 \ud83d",
    "\x01100s hello \x1b[31m",
)


@dataclass(frozen=True, slots=True)
class Said:
    """What was heard."""

    pcm: bytes
    rate_hz: int

    @property
    def seconds(self) -> float:
        return len(self.pcm) / 2 / self.rate_hz

    @property
    def is_heard(self) -> bool:
        return bool(self.pcm) and int(np.abs(np.frombuffer(self.pcm, dtype="<i2").astype(int)).max()) > 300


class Talker:
    """An engine in a real worker."""

    def __init__(self, fleet: Fleet, spec: EngineSpec, longest_s: float) -> None:
        self._fleet = fleet
        self.spec = spec
        self.longest_s = longest_s

    async def say(self, text: str, options: SpeakOptions, max_s: float | None = None) -> Said:
        reports: list[float] = []
        max_s = max_s or self.longest_s
        request = Speak(text=text, options=options, max_s=max_s)
        reply = (await self._fleet.call(self.spec.name, request, max_s, reports.append)).reply
        assert isinstance(reply, Spoken)
        assert len(reply.pcm) % 2 == 0
        assert LOWEST_RATE_HZ <= reply.sample_rate_hz <= HIGHEST_RATE_HZ
        assert reply.sample_rate_hz == self.spec.sample_rate_hz, "its rate is not the one it declares"
        said = Said(reply.pcm, reply.sample_rate_hz)
        assert said.seconds <= max_s + SLACK_S
        assert reports == sorted(reports), "progress went back"
        assert all(0.0 <= report <= max_s + 1.0 for report in reports)
        return said

    async def learn(self, seconds: float = 4.0, rate_hz: int = 24000) -> bytes:
        at = np.arange(int(seconds * rate_hz)) / rate_hz
        tone = sum(np.sin(2 * np.pi * 120 * k * at) / k for k in range(1, 12))
        pcm = np.asarray(tone * 4000, dtype="<i2").tobytes()
        request = LearnVoice(pcm=pcm, sample_rate_hz=rate_hz, transcript="Hello there.", language="en")
        reply = (await self._fleet.call(self.spec.name, request, seconds)).reply
        assert isinstance(reply, VoiceLearned)
        return reply.prompt

    async def anybody(self) -> SpeakOptions:
        """A voice that it has, whichever way."""
        if self.spec.presets:
            preset = self.spec.presets[0]
            return SpeakOptions(voice=preset.name, language=preset.languages[0] if preset.languages else None)
        if Capability.CLONE in self.spec.capabilities:
            return SpeakOptions(prompt=await self.learn(), language="en")
        return SpeakOptions(design="A calm old man.", language="en")


def conform_speaking(spec: EngineSpec, pool: PoolSpec, longest_s: float = LONGEST_S) -> None:
    """Everything in one worker and its successor. Random models speak until they are cut, so let them have
    less time than a sentence takes."""
    assert is_declared_well(spec)

    async def main() -> None:
        async with Fleet([pool], PATIENT) as fleet:
            talker = Talker(fleet, spec, longest_s)
            who = await talker.anybody()
            first = await _speaks_alike(talker, who)
            await _every_preset_speaks(talker)
            await _says_anything(talker, who)
            await _keeps_bounds(talker, who)
            await _does_what_it_declares(talker, who)
            await _refuses_what_it_cannot(talker)
            assert await talker.say(_text(who.language), who) == first, "it depends on what was said before"
            kill_workers()
            assert await talker.say(_text(who.language), who) == first, "a crash changed it"

    asyncio.run(main())


def is_declared_well(spec: EngineSpec) -> bool:
    """Its voices have names of their own, and languages that the engine names too."""
    names = [preset.name for preset in spec.presets]
    known = spec.languages
    return (
        len(set(names)) == len(names)
        and all(names)
        and not any("/" in name for name in names)
        and all(known is None or set(preset.languages) <= known for preset in spec.presets)
        and spec.max_text_chars > 0
        and bool(spec.presets or {Capability.CLONE, Capability.DESIGN} & spec.capabilities)
    )


def _text(language: str | None) -> str:
    return TEXTS.get(language or "en", TEXTS["en"])


async def _speaks_alike(talker: Talker, who: SpeakOptions) -> Said:
    first = await talker.say(_text(who.language), who)
    assert first.is_heard
    assert await talker.say(_text(who.language), who) == first, "it says the same text differently"
    return first


async def _every_preset_speaks(talker: Talker) -> None:
    presets: Sequence[PresetVoice] = talker.spec.presets
    heard = presets[:MOST_PRESETS] if len(presets) > MOST_PRESETS else presets
    for preset in (*heard, *presets[-1:]):
        language = preset.languages[0] if preset.languages else None
        said = await talker.say(_text(language), SpeakOptions(voice=preset.name, language=language))
        assert said.is_heard, preset.name


async def _says_anything(talker: Talker, who: SpeakOptions) -> None:
    for text in NOTHING:
        assert (await talker.say(text, who)).seconds < 4.0, repr(text)
    for text in STRANGE:
        await talker.say(text.encode("utf-8", "replace").decode(), who)


async def _keeps_bounds(talker: Talker, who: SpeakOptions) -> None:
    """As long a text as it declares, in less time than that takes: cut, or refused."""
    words = _text(who.language) + " "
    most = talker.spec.max_text_chars
    long = (words * (most // len(words) + 1))[:most]
    try:
        said = await talker.say(long, who, max_s=2.0)
        assert said.seconds > 1.0
    except EngineFailed:
        pass


async def _does_what_it_declares(talker: Talker, who: SpeakOptions) -> None:
    able, text = talker.spec.capabilities, _text(who.language)
    plain = await talker.say(text, who)
    if Capability.SPEED in able:
        for speed in (0.25, 0.5, 2.0, 4.0):
            said = await talker.say(text, replace(who, speed=speed))
            expected = min(plain.seconds / speed, talker.longest_s)
            assert said.seconds == pytest.approx(expected, rel=0.3, abs=0.1), f"at speed {speed}"
    if Capability.INSTRUCT in able:
        await talker.say(text, replace(who, instruct="Very angry."))
    if Capability.CLONE in able:
        prompt = await talker.learn()
        assert prompt == await talker.learn(), "it learns the same voice differently"
        assert (await talker.say(text, SpeakOptions(prompt=prompt, language=who.language))).pcm
    if Capability.DESIGN in able:
        assert (await talker.say(text, SpeakOptions(design="A calm old man.", language=who.language))).pcm


async def _refuses_what_it_cannot(talker: Talker) -> None:
    able = talker.spec.capabilities
    with pytest.raises(ParleyError):
        await talker.say("Hello.", SpeakOptions(voice="nobody at all"))
    if Capability.CLONE not in able:
        with pytest.raises(ParleyError):
            await talker.learn()
        with pytest.raises(ParleyError):
            await talker.say("Hello.", SpeakOptions(prompt=b"a prompt"))
    if Capability.DESIGN not in able:
        with pytest.raises(ParleyError):
            await talker.say("Hello.", SpeakOptions(design="A calm old man."))
