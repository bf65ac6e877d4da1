"""Voices in a whole server, and in a process without one, with real workers."""

from __future__ import annotations

import asyncio
import os
import signal
import time
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from parley.app.house import House, open_house
from parley.app.voice_workshop import open_voices
from parley.assistant.options import AssistantWish
from parley.errors import (
    ConsentMissing,
    InvalidOption,
    ParleyError,
    SpeakingError,
    UnsupportedOption,
    VoiceRefused,
    VoiceUnknown,
)
from parley.settings import Settings, load_settings
from parley.speech.speaking import Sentence, SpeakingCancelled, SpeakingFailed, SpokenAudio
from parley.speech.voice import SpeakOptions, VoiceFacts
from parley.synthesis.options import NewVoice, SpeakingWish
from parley.synthesis.room import SpeechSynthesis
from tests.integration.fleet.scenario import until, worker_pids
from tests.plugins import tone_voice
from tests.unit.synthesis.scripted import check, pcm_of, sentences, speak, tell

PLUGINS = Path(__file__).parents[1] / "plugins"
PATIENCE_S = 120.0
RATE_HZ = 24_000
CHARACTER_S = 0.06


def settings_in(folder: Path, monkeypatch: pytest.MonkeyPatch, **given: Any) -> Settings:
    monkeypatch.chdir(folder)
    monkeypatch.delenv("PARLEY_CONFIG", raising=False)
    roles = {"vad": "loud", "asr": "level", "punctuation": "none", "align": "none"}
    voices = {"default": "tone/low"} | given.pop("voices", {})
    return load_settings(
        data_dir=folder / "data",
        engine_dirs=[PLUGINS],
        profiles={"tones": roles},
        **{"workers": 1, "voices": voices, "profile": "tones", **given},
    )


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[House]:
    async with asyncio.timeout(PATIENCE_S), open_house(settings, notice=lambda sentence: None) as house:
        yield house
    assert worker_pids() == []


@asynccontextmanager
async def voices(settings: Settings) -> AsyncIterator[SpeechSynthesis]:
    async with asyncio.timeout(PATIENCE_S), open_voices(settings) as room:
        yield room
    assert worker_pids() == []


def pitch_of(pcm: bytes) -> float:
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
    spectrum = np.abs(np.fft.rfft(samples))
    return float((spectrum[1:].argmax() + 1) * RATE_HZ / len(samples))


def hum(
    path: Path, seconds: float, pitch_hz: float = 330.0, level: float = 0.4, rate_hz: int = 44_100
) -> Path:
    at = np.arange(round(seconds * rate_hz)) / rate_hz
    samples = np.clip(level * np.sin(2 * np.pi * pitch_hz * at), -1, 1)
    with wave.open(str(path), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate_hz)
        writer.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


def pools(house: House) -> dict[str, int]:
    return {pool.name: pool.alive for pool in house.fleet.health().pools}


def test_a_server_speaks_with_workers_that_come_when_they_are_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with opened(settings_in(tmp_path, monkeypatch)) as house:
            assert pools(house)["voices"] == 0
            events = await speak(house.synthesis, "Hello there. How do you do?")
            spoken = check(events)
            assert spoken.samples == round(RATE_HZ * CHARACTER_S) * sum(map(len, sentences(events)))
            assert abs(pitch_of(pcm_of(events)) - 220) < 5
            assert pools(house)["voices"] == 1
            page = house.metrics.render().decode()
            assert "parley_speaking_requests_started_total 1.0" in page
            assert "parley_speech_first_audio_seconds_count 1.0" in page
            assert "parley_speaking_requests 0.0" in page
            await house.drain()
            with pytest.raises(ParleyError, match="stopped"):
                await house.synthesis.open("alice", SpeakingWish())

    asyncio.run(main())


def test_conversations_have_the_voice_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The voice that every profile has unless it names one is the last that speaks."""

    async def main() -> None:
        async with opened(settings_in(tmp_path, monkeypatch)) as house:
            session = await house.assistant.open("alice", AssistantWish())
            assert session.facts.voice == "tone/low"
            await session.close()

    asyncio.run(main())


def test_a_voice_may_be_warmed_before_it_speaks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with opened(settings_in(tmp_path, monkeypatch)) as house:
            voice = await house.synthesis.default_voice("alice", None)
            await house.synthesis.warm(voice)
            [pool] = [pool for pool in house.fleet.health().pools if pool.name == "voices"]
            assert [engine.name for engine in pool.loaded] == ["tone"]

    asyncio.run(main())


def test_a_server_that_stops_ends_what_is_spoken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with opened(settings_in(tmp_path, monkeypatch)) as house:
            speaking = await house.synthesis.open("alice", SpeakingWish())
            await speaking.write("[hang] and never come back.")
            await speaking.end()
            listening = asyncio.create_task(tell(speaking))
            await until(lambda: pools(house)["voices"] == 1)
        [failed] = await listening
        assert isinstance(failed, SpeakingFailed)

    asyncio.run(main())


def test_in_lock_mode_voices_take_turns_with_recordings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with opened(settings_in(tmp_path, monkeypatch, queue={"mode": "lock"})) as house:
            check(await speak(house.synthesis, "One at a time."))

    asyncio.run(main())


def test_a_worker_that_dies_costs_nobody_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with voices(settings_in(tmp_path, monkeypatch)) as room:
            marker = tmp_path / "crashed"
            events = await speak(room, f"All is well here. It [crash once {marker}] is well again.")
            check(events)
            assert marker.exists() and len(sentences(events)) == 2

    asyncio.run(main())


def test_workers_that_are_killed_between_clauses_are_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with voices(settings_in(tmp_path, monkeypatch)) as room:
            check(await speak(room, "Before the end of the worker."))
            for pid in worker_pids():
                os.kill(pid, signal.SIGKILL)
            check(await speak(room, "After the end of the worker."))

    asyncio.run(main())


@pytest.mark.parametrize("trouble", ["[crash]", "[fail]", "[noise]", "[long]"])
def test_a_clause_that_cannot_be_said_ends_its_request_only(
    trouble: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with voices(settings_in(tmp_path, monkeypatch)) as room:
            events = await speak(room, f"This much is heard. It {trouble} is not heard. Nor is this.")
            assert sentences(events) == ["This much is heard."]
            assert isinstance(events[-1], SpeakingFailed)
            assert type(events[-1].error) is SpeakingError
            assert "heard" not in events[-1].error.message
            check(await speak(room, "And on it goes."))

    asyncio.run(main())


def test_a_voice_that_hangs_is_ended_by_the_patience_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        settings = settings_in(tmp_path, monkeypatch, voices={"call_floor_s": 3.0, "call_per_char_s": 0.0})
        async with voices(settings) as room:
            events = await speak(room, "[hang] for an hour.")
            assert len(events) == 1 and isinstance(events[0], SpeakingFailed)
            check(await speak(room, "And on it goes."))

    asyncio.run(main())


def test_many_speak_at_once_and_everybody_hears_his_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with voices(
            settings_in(tmp_path, monkeypatch, voices={"workers": 2, "max_requests_per_client": 16})
        ) as room:

            async def one(number: int) -> None:
                voice, pitch = ("tone/low", 220) if number % 2 else ("tone/high", 440)
                events = await speak(room, *(f"Number {number} says this. " * 4), voice=voice)
                assert check(events).samples == RATE_HZ * CHARACTER_S * len(f"Number {number} says this.") * 4
                assert sentences(events) == [f"Number {number} says this."] * 4
                assert abs(pitch_of(pcm_of(events)) - pitch) < 5

            await asyncio.gather(*(one(number) for number in range(16)))
            assert room.stats().speaking == 0 and room.stats().started == 16

    asyncio.run(main())


def test_cancelling_is_heard_at_once_and_the_worker_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        monkeypatch.setenv("PARLEY_TEST_TONE_SLOW_S", "3")
        async with voices(settings_in(tmp_path, monkeypatch)) as room:
            check(await speak(room, "Somebody is there."))
            pids = worker_pids()
            speaking = await room.open("alice", SpeakingWish())
            await speaking.write("This is told. [slow] This takes three seconds. ")
            await speaking.end()
            events = speaking.listen()
            assert isinstance(await anext(events), Sentence)
            assert isinstance(await anext(events), SpokenAudio)
            await asyncio.sleep(0.3)
            await speaking.cancel()
            assert [event async for event in events] == [SpeakingCancelled()]
            check(await speak(room, "The same worker says this."))
            assert worker_pids() == pids

    asyncio.run(main())


def test_a_voice_is_cloned_from_a_recording_kept_and_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        settings = settings_in(tmp_path, monkeypatch)
        new = NewVoice(
            name=" 小  明 ",
            transcript="Hum, hum, hum.",
            reference=hum(tmp_path / "hum.wav", 4.0),
            has_consent=True,
        )
        async with opened(settings) as house:
            async with house.synthesis.workspace() as folder:
                assert folder.parent == settings.data_dir / "voices", "what a crash leaves is not swept"
            began = time.time()
            made = await house.synthesis.add("alice", new)
            assert (made.name, made.kind, made.engine, made.languages[0]) == ("小 明", "cloned", "tone", "en")
            assert made in await house.synthesis.voices("alice")
            [kept] = await house.store.voice_shelf.list("alice")
            assert kept.consent_at is not None and began <= kept.consent_at <= time.time()
            assert made not in await house.synthesis.voices("bob")
            with pytest.raises(InvalidOption, match="already"):
                await house.synthesis.add("alice", new)
            with pytest.raises(VoiceUnknown):
                await house.synthesis.open("bob", SpeakingWish(voice=made.voice_id))
            await _hears(house.synthesis, made)
        # After a restart it is still there.
        async with opened(settings) as house:
            await _hears(house.synthesis, made)
            preview = await house.synthesis.preview("alice", made.voice_id)
            with wave.open(str(preview)) as reader:
                assert abs(pitch_of(reader.readframes(reader.getnframes())) - 330) < 5
            assert await house.synthesis.preview("alice", made.voice_id) == preview
            assert not await house.synthesis.remove("bob", made.voice_id)
            assert await house.synthesis.remove("alice", made.voice_id)
            assert not await house.synthesis.remove("alice", made.voice_id)
            assert [*(settings.data_dir / "voices").iterdir()] == []
            with pytest.raises(VoiceUnknown):
                await house.synthesis.preview("alice", made.voice_id)

    asyncio.run(main())


async def _hears(room: SpeechSynthesis, voice: VoiceFacts) -> None:
    for said in (voice.voice_id, voice.name):
        events = await speak(room, "This is my own voice.", voice=said)
        check(events)
        assert abs(pitch_of(pcm_of(events)) - 330) < 5


def test_a_prompt_is_made_again_for_another_revision_of_the_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        settings = settings_in(tmp_path, monkeypatch)
        async with opened(settings) as house:
            reference = hum(tmp_path / "hum.wav", 4.0)
            new = NewVoice(name="mine", transcript="Hum.", reference=reference, has_consent=True)
            made = await house.synthesis.add("alice", new)
            shelf = house.store.voice_shelf
            assert await shelf.prompt(made.voice_id) == (b"tone 330.0", "1")
            await shelf.keep_prompt(made.voice_id, b"tone 100.0", "0")
            await _hears(house.synthesis, made)
            assert await shelf.prompt(made.voice_id) == (b"tone 330.0", "1")
            (settings.data_dir / "voices" / made.voice_id / "reference.wav").unlink()
            await _hears(house.synthesis, made)
            await shelf.keep_prompt(made.voice_id, b"tone 100.0", "0")
            [failed] = await speak(house.synthesis, "Hello.", voice="mine")
            assert isinstance(failed, SpeakingFailed) and "add it again" in failed.error.message

    asyncio.run(main())


def test_a_voice_is_made_from_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with opened(settings_in(tmp_path, monkeypatch)) as house:
            made = await house.synthesis.add("alice", NewVoice(name="pirate", design="An old pirate."))
            assert (made.kind, made.summary) == ("designed", "An old pirate.")
            events = await speak(house.synthesis, "Ahoy there, this is what I sound like.", voice="pirate")
            check(events)
            wanted = tone_voice.pitch_hz(SpeakOptions(design="An old pirate."))
            assert abs(pitch_of(pcm_of(events)) - wanted) < 5

    asyncio.run(main())


def _refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[ParleyError], words: str, **said: Any
) -> None:
    async def main() -> None:
        settings = settings_in(tmp_path, monkeypatch, voices={"max_library": 1})
        async with voices(settings) as room:
            given = {"name": "mine", "transcript": "Hum.", "has_consent": True, **said}
            with pytest.raises(error, match=words):
                await room.add("alice", NewVoice(**given))
            assert len(await room.voices("alice")) == len(await room.voices("bob"))
        folder = settings.data_dir / "voices"
        assert not folder.exists() or [*folder.iterdir()] == []

    asyncio.run(main())


def test_nothing_is_kept_without_consent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = hum(tmp_path / "hum.wav", 4.0)
    _refused(tmp_path, monkeypatch, ConsentMissing, "agrees", reference=reference, has_consent=False)


@pytest.mark.parametrize(("seconds", "words"), [(2.0, "is 2.0 s long"), (45.0, "is longer than 30 s")])
def test_a_recording_has_a_length(
    seconds: float, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _refused(tmp_path, monkeypatch, VoiceRefused, words, reference=hum(tmp_path / "hum.wav", seconds))


def test_silence_is_nobodys_voice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _refused(
        tmp_path, monkeypatch, VoiceRefused, "Nobody", reference=hum(tmp_path / "hum.wav", 5.0, level=0.0)
    )


def test_a_distorted_recording_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _refused(
        tmp_path, monkeypatch, VoiceRefused, "distorted", reference=hum(tmp_path / "hum.wav", 5.0, level=4.0)
    )


def test_what_is_no_recording_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "text.wav"
    path.write_text("This is no sound at all. " * 100)
    _refused(tmp_path, monkeypatch, ParleyError, ".", reference=path)


@pytest.mark.parametrize(
    ("said", "error", "words"),
    [
        ({"name": ""}, InvalidOption, "1 to 80"),
        ({"name": "a/b"}, InvalidOption, "/"),
        ({"transcript": " "}, InvalidOption, "transcript"),
        ({"language": "fr"}, UnsupportedOption, "en, zh"),
        ({"engine": "espeak-ng"}, UnsupportedOption, "tone"),
        ({"design": "A pirate."}, InvalidOption, "one of them"),
    ],
)
def test_what_is_said_of_a_voice_is_checked_before_it_is_heard(
    said: dict[str, str],
    error: type[ParleyError],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _refused(tmp_path, monkeypatch, error, words, reference=hum(tmp_path / "hum.wav", 4.0), **said)


ONE, OTHER = "librispeech/test-other/3331-159605-0000.flac", "librispeech/test-other/367-130732-0002.flac"


def test_real_recordings_are_judged_by_their_speakers(
    audio: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, rate_hz = soundfile.read(audio / ONE)
    other, _ = soundfile.read(audio / OTHER)
    both = np.concatenate([one[: 8 * rate_hz], np.zeros(rate_hz // 2), other[: 8 * rate_hz]])
    soundfile.write(tmp_path / "both.wav", both, rate_hz)

    async def main() -> None:
        settings = settings_in(tmp_path, monkeypatch, profile="embedded")
        new = NewVoice(name="reader", transcript="What was read.", has_consent=True)
        async with voices(settings) as room:
            made = await room.add("alice", replace(new, reference=audio / ONE))
            check(await speak(room, "Hello.", voice=made.voice_id))
            with pytest.raises(VoiceRefused, match="2 people speak"):
                await room.add("alice", replace(new, name="both", reference=tmp_path / "both.wav"))

    asyncio.run(main())


def test_a_user_has_so_many_voices_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with voices(settings_in(tmp_path, monkeypatch, voices={"max_library": 1})) as room:
            await room.add("alice", NewVoice(name="one", design="One."))
            with pytest.raises(InvalidOption, match="1 voices"):
                await room.add("alice", NewVoice(name="two", design="Two."))
            await room.add("bob", NewVoice(name="one", design="One."))

    asyncio.run(main())


def test_previews_of_voices_that_come_with_engines_are_made_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with voices(settings_in(tmp_path, monkeypatch)) as room:
            first, again = await asyncio.gather(*(room.preview("alice", "tone/high") for _ in range(2)))
            assert first == again
            with wave.open(str(first)) as reader:
                assert reader.getnframes() == round(RATE_HZ * CHARACTER_S) * len(
                    "你好，这就是我朗读文字时的声音。"
                )
            before = first.stat().st_mtime_ns
            await room.preview("bob", "tone/high")
            assert first.stat().st_mtime_ns >= before
            assert len([*(first.parent).iterdir()]) == 1

    asyncio.run(main())
