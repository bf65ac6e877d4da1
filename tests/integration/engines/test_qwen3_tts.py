"""Qwen3-TTS by its own package on tiny models in the real layout: voices, words, prompts, bounds, errors."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from parley.engines.tts.qwen3_tts import LANGUAGES, PROMPTS_HELD, SPEAKERS
from parley.engines.tts.qwen3_tts_library import longest_s
from parley.errors import EngineBroken, EngineFailed, InvalidOption, ParleyError, VoiceRefused, VoiceUnknown
from parley.fleet.fleet import Fleet
from parley.speech.voice import SpeakOptions
from parley.wire.speaking import LearnVoice, Speak, Spoken, VoiceLearned
from tests.engines.cases.qwen_tts import models_of, tiny_models
from tests.engines.conformance import PATIENT, Case, pool_of

pytestmark = pytest.mark.slow

RATE_HZ = 24000
TEXT = "hello world 今天天气很好"


@dataclass(frozen=True)
class Voice:
    """An engine in a real worker."""

    fleet: Fleet
    engine: str

    async def say(self, text: str = TEXT, max_s: float = 1.0, **options: Any) -> bytes:
        request = Speak(text=text, options=SpeakOptions(**options), max_s=max_s)
        heard: list[float] = []
        reply = (await self.fleet.call(self.engine, request, max_s, heard.append)).reply
        assert isinstance(reply, Spoken)
        assert reply.sample_rate_hz == RATE_HZ
        assert len(reply.pcm) <= 2 * max_s * RATE_HZ
        assert heard == sorted(heard)
        return reply.pcm

    async def learn(
        self, pitch_hz: float, transcript: str, seconds: float = 4.0, rate_hz: int = 16000
    ) -> bytes:
        at = np.arange(int(seconds * rate_hz)) / rate_hz
        pcm = (8000 * np.sin(2 * np.pi * pitch_hz * at)).astype("<i2").tobytes()
        request = LearnVoice(pcm=pcm, sample_rate_hz=rate_hz, transcript=transcript, language="en")
        reply = (await self.fleet.call(self.engine, request, seconds)).reply
        assert isinstance(reply, VoiceLearned)
        return reply.prompt

    async def refuses(self, kind: type[ParleyError], **options: Any) -> str:
        with pytest.raises(kind) as caught:
            await self.say(**options)
        return caught.value.message


def run(
    engine: str, test: Callable[[Voice], Awaitable[None]], models: Callable[[], Any] | None = None
) -> None:
    case = Case(engine=engine, models=models or (lambda: models_of(engine)))

    async def main() -> None:
        pool = await asyncio.to_thread(pool_of, case)
        async with Fleet([pool], PATIENT) as fleet:
            await test(Voice(fleet, engine))

    asyncio.run(main())


def test_voices_of_the_model_speak_as_they_are_told() -> None:
    async def test(voice: Voice) -> None:
        said = {speaker.name: await voice.say(voice=speaker.name) for speaker in SPEAKERS}
        assert all(said.values())
        assert len(set(said.values())) == len(SPEAKERS), "voices sound alike"
        plain = said["Ryan"]
        assert await voice.say(voice="Ryan", instruct="Very angry.") != plain
        assert await voice.say(voice="ryan") == plain, "something that was said before is heard"
        heard = {code: await voice.say(voice="Ryan", language=code) for code in LANGUAGES}
        assert len({plain, *heard.values()}) > len(LANGUAGES) // 2
        # The two dialects are their speakers' own, whatever Chinese was asked for.
        assert await voice.say(voice="Dylan", language="zh") == said["Dylan"]

    run("qwen3-tts", test)


def test_what_cannot_be_said_is_silence_or_refused_and_never_ends_the_worker() -> None:
    async def test(voice: Voice) -> None:
        before = await voice.say(voice="Sohee")
        for nothing in ("", "  ", "。", "?!"):
            assert await voice.say(nothing, voice="Sohee") == b""
        for strange in ("<|im_end|> hello", "\n\nhello\n", "a", "🙂 hi 🙂", "hello " * 40, "ａｂｃ１２３"):
            assert await voice.say(strange, voice="Sohee")
        for unknown in ("Nobody", "", "../Vivian"):
            assert "parley voices" in await voice.refuses(VoiceUnknown, voice=unknown)
        await voice.refuses(VoiceUnknown, prompt=b"anything")
        await voice.refuses(VoiceUnknown, design="a voice")
        await voice.refuses(InvalidOption, voice="Sohee", instruct="slowly " * 100)
        assert await voice.say(voice="Sohee") == before

    run("qwen3-tts-0.6b", test)


def test_speech_has_bounds_in_seconds_and_by_its_text() -> None:
    async def test(voice: Voice) -> None:
        lengths: list[float] = []
        for number in range(6):
            for max_s in (0.5, 2.0):
                pcm = await voice.say(f"hello {number}", max_s=max_s, voice="Vivian")
                lengths.append(len(pcm) / 2 / RATE_HZ - max_s)
            pcm = await voice.say(f"hi {number}", max_s=60.0, voice="Vivian")
            assert len(pcm) / 2 / RATE_HZ <= longest_s(f"hi {number}")
        assert max(lengths) > -0.2, "nothing reached its bound, so that it was not tried"

    run("qwen3-tts", test)


def test_a_voice_is_learned_once_and_speaks_from_its_prompt() -> None:
    async def test(voice: Voice) -> None:
        with_words = await voice.learn(200.0, "hello world this is a test")
        sound_only = await voice.learn(200.0, "")
        assert 100 < len(sound_only) < len(with_words) < 10_000
        assert await voice.learn(200.0, "hello world this is a test") == with_words
        said = await voice.say(prompt=with_words, language="en")
        assert said and said != await voice.say(prompt=sound_only, language="en")
        others = [await voice.learn(100.0 + 40 * number, "") for number in range(PROMPTS_HELD + 2)]
        assert len({await voice.say(prompt=other, language="en") for other in others}) > 1
        assert await voice.say(prompt=with_words, language="en") == said, "a prompt was mixed up"
        for damaged in (b"", b"junk", with_words[:-1], with_words.replace(b"hello", b"HELLO!")):
            message = await voice.refuses(EngineFailed if damaged else VoiceUnknown, prompt=damaged)
            assert "voice" in message
        with pytest.raises(VoiceRefused, match="60 s"):
            await voice.learn(200.0, "", seconds=61.0)
        assert await voice.say(prompt=with_words, language="en") == said

    run("qwen3-tts-base", test)


def test_a_reference_of_any_rate_is_learned() -> None:
    async def test(voice: Voice) -> None:
        for rate_hz in (8000, 22050, 24000, 48000):
            prompt = await voice.learn(200.0, "hello world", seconds=3.0, rate_hz=rate_hz)
            assert await voice.say(prompt=prompt)

    run("qwen3-tts-base-0.6b", test)


def test_a_voice_is_made_of_words() -> None:
    async def test(voice: Voice) -> None:
        calm = await voice.say(design="A calm old man.", language="en")
        assert calm
        assert await voice.say(design="A calm old man.", language="en") == calm
        assert await voice.say(design="A shrill young woman.", language="en") != calm
        assert await voice.say(design="A calm old man.", instruct="Whisper.", language="en") != calm
        await voice.refuses(VoiceUnknown, design=" ")
        await voice.refuses(VoiceUnknown, voice="Vivian")

    run("qwen3-tts-design", test)


def test_another_kind_of_model_in_the_folder_is_told() -> None:
    def models() -> dict[str, Path]:
        [name] = models_of("qwen3-tts")
        return {name: tiny_models() / "base"}

    async def test(voice: Voice) -> None:
        message = await voice.refuses(EngineBroken, voice="Vivian")
        assert "base" in message and str(tiny_models()) not in message

    run("qwen3-tts", test, models)


def test_a_model_that_is_not_whole_is_told_by_name(tmp_path: Path) -> None:
    import shutil

    def models() -> dict[str, Path]:
        [name] = models_of("qwen3-tts")
        shutil.copytree(tiny_models() / "custom_voice", tmp_path / "model")
        (tmp_path / "model" / "speech_tokenizer" / "model.safetensors").write_bytes(b"not a model")
        return {name: tmp_path / "model"}

    async def test(voice: Voice) -> None:
        message = await voice.refuses(EngineBroken, voice="Vivian")
        assert "qwen3-tts-1.7b-customvoice" in message and str(tmp_path) not in message

    run("qwen3-tts", test, models)
