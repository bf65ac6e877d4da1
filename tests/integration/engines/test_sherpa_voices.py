"""Voices of sherpa-onnx by the library itself, on tiny models in the real layout."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from parley.engines.contract import EngineSpec, Role
from parley.engines.registry import discover
from parley.errors import EngineFailed, ParleyError, ProfileNotInstalled, VoiceUnknown
from parley.fleet.fleet import Fleet
from parley.speech.voice import SpeakOptions
from parley.wire.speaking import LearnVoice, Speak, Spoken
from tests.engines.cases.sherpa_onnx import models_of
from tests.engines.conformance import PATIENT, Case, pool_of

pytestmark = pytest.mark.slow

SPECS = {
    name: spec
    for name, spec in discover().items()
    if spec.environment == "sherpa-onnx" and spec.role == Role.TTS
}
EVERY = pytest.mark.parametrize("name", sorted(SPECS))

TEXTS = {"zh": "你好，我们今天在这里说话。", "en": "Hello world, three world."}
STRANGE = (
    *("Zyxxy Qwfp!", "ChatGPT", "3.14%", "2026", "A", "你好 hello 3", "ａｂｃ", "日本語のテキスト", "Привет"),
    *(
        "<speak>hello</speak>",
        "hello\nworld\tworld",
        "——“你好”——",
        "hello " * 49,
        "你" * 300,
        "\u200b hello \ufeff",
    ),
)


@dataclass(frozen=True)
class Voice:
    """An engine in a real worker."""

    fleet: Fleet
    spec: EngineSpec

    async def say(self, text: str, max_s: float = 30.0, **options: Any) -> bytes:
        told = SpeakOptions(**{"voice": self.spec.presets[0].name, **options})
        request = Speak(text=text, options=told, max_s=max_s)
        reply = (await self.fleet.call(self.spec.name, request, max_s)).reply
        assert isinstance(reply, Spoken)
        assert reply.sample_rate_hz == self.spec.sample_rate_hz
        assert len(reply.pcm) <= 2 * max_s * reply.sample_rate_hz
        return reply.pcm

    async def refuses(self, kind: type[ParleyError], text: str = "hello", **options: Any) -> str:
        with pytest.raises(kind) as caught:
            await self.say(text, **options)
        return caught.value.message


def run(
    name: str,
    test: Callable[[Voice], Awaitable[None]],
    models: Callable[[], Mapping[str, Path]] | None = None,
) -> None:
    case = Case(engine=name, models=models or (lambda: models_of(name)))

    async def main() -> None:
        pool = await asyncio.to_thread(pool_of, case)
        async with Fleet([pool], PATIENT) as fleet:
            await test(Voice(fleet, case.spec))

    asyncio.run(main())


@EVERY
def test_a_voice_keeps_to_the_contract(name: str) -> None:
    async def test(voice: Voice) -> None:
        text = TEXTS[voice.spec.presets[0].languages[0]]
        plain = await voice.say(text)
        assert np.abs(np.frombuffer(plain, dtype="<i2")).max() > 1000
        for strange in STRANGE:
            await voice.say(strange)
        assert await voice.say(text) == plain, "something that was said before is heard"
        slow, quick = await voice.say(text, speed=0.5), await voice.say(text, speed=2.0)
        assert abs(len(slow) / len(plain) - 2.0) < 0.1 and abs(len(quick) / len(plain) - 0.5) < 0.1
        assert len(await voice.say(text, max_s=0.2)) == 2 * int(0.2 * voice.spec.sample_rate_hz)
        for nothing in ("", " ", "。", "...", "🙂"):
            assert await voice.say(nothing) == b""

    run(name, test)


@EVERY
def test_voices_differ_and_others_are_refused(name: str) -> None:
    async def test(voice: Voice) -> None:
        presets = voice.spec.presets
        text = TEXTS[presets[0].languages[0]]
        some = [*presets[:3], *presets[-3:]]
        heard = {preset.name: await voice.say(text, voice=preset.name) for preset in some}
        assert len(set(heard.values())) == len(heard)
        for unknown in ("", "nobody", "-1", "9999"):
            assert "voices" in await voice.refuses(VoiceUnknown, voice=unknown)
        assert "300" in await voice.refuses(EngineFailed, "a" * 301)
        learn = LearnVoice(pcm=b"\0\0" * 16000, sample_rate_hz=16000, transcript="hello", language="en")
        with pytest.raises(EngineFailed, match="cannot learn"):
            await voice.fleet.call(voice.spec.name, learn, 1.0)

    run(name, test)


@pytest.mark.parametrize("name", ["kokoro", "kokoro-zh", "vits-melo"])
def test_english_words_that_no_lexicon_has_are_spelt_and_numbers_said(name: str) -> None:
    async def test(voice: Voice) -> None:
        assert await voice.say("hello 3", language="en") == await voice.say("hello three", language="en")
        assert await voice.say("Zyx", language="en") == await voice.say("Z Y X", language="en")
        assert len(await voice.say("hello Zyx")) > len(await voice.say("hello"))

    run(name, test)


@EVERY
def test_a_file_that_lacks_is_told_by_its_model(name: str, tmp_path: Path) -> None:
    def models() -> dict[str, Path]:
        return dict.fromkeys(models_of(name), tmp_path)

    async def test(voice: Voice) -> None:
        message = await voice.refuses(ProfileNotInstalled)
        assert f"parley models pull {voice.spec.models[0].name}" in message
        assert str(tmp_path) not in message

    run(name, test, models)
