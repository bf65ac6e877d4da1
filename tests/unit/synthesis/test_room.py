"""Requests for speech, with a scripted fleet and a clock that does not wait."""

from __future__ import annotations

import asyncio

import pytest
from tests.unit.live.virtual_time import now, run
from tests.unit.synthesis.scripted import (
    CHARACTER_S,
    HUM,
    RATE_HZ,
    SING,
    HummingFleet,
    check,
    pcm_of,
    room,
    sentences,
    speak,
    tell,
)

from parley.engines.contract import EngineSpec
from parley.errors import (
    EngineFailed,
    FleetClosed,
    InvalidOption,
    OutOfMemory,
    ParleyError,
    SessionIdle,
    SpeakingError,
    TextTooLong,
    UnitPoisoned,
    UnsupportedOption,
    VoicesBusy,
    VoicesNotInstalled,
    VoiceUnknown,
    WorkersBusy,
)
from parley.fleet.fleet import Answer
from parley.speech.speaking import Sentence, SpeakingCancelled, SpeakingFailed, Spoken, SpokenAudio
from parley.storage.voice_library import KeptVoice
from parley.synthesis.options import SpeakingWish
from parley.synthesis.request import PIECE_S, PREPARED_S
from parley.synthesis.room import SpeechSynthesis

TWO = "This is the first sentence. And this is the second one."


def test_a_text_is_told_sentence_by_sentence_with_exact_counts() -> None:
    async def main() -> None:
        fleet = HummingFleet()
        async with room(fleet) as made:
            events = await speak(made, TWO)
            spoken = check(events)
            assert sentences(events) == ["This is the first sentence.", "And this is the second one."]
            assert spoken.samples == round(CHARACTER_S * 24000) * sum(map(len, sentences(events)))
            assert (
                max(len(event.pcm) for event in events if isinstance(event, SpokenAudio))
                <= 2 * PIECE_S * 24000
            )
            assert made.stats().speaking == 0 and made.stats().started == 1
            assert made.stats().audio_seconds == pytest.approx(spoken.samples / 24000)
            assert made.stats().processor_seconds == pytest.approx(0.1)

    run(main())


@pytest.mark.parametrize("rate_hz", [8000, 16000, 22050, 24000, 44100, 48000])
def test_samples_are_those_of_the_rate_that_was_asked_for(rate_hz: int) -> None:
    async def main() -> None:
        fleet = HummingFleet()
        fleet.rate_hz = 22050
        async with room(fleet) as made:
            events = await speak(made, TWO, sample_rate_hz=rate_hz)
            spoken = check(events)
            taken = sum(round(len(text) * CHARACTER_S * 22050) for text in sentences(events))
            assert spoken.samples == round(taken * rate_hz / 22050)

    run(main())


def test_the_first_audio_comes_before_the_text_is_over() -> None:
    async def main() -> None:
        fleet = HummingFleet()
        async with room(fleet) as made:
            speaking = await made.open("alice", SpeakingWish())
            listening = speaking.listen()
            await speaking.write("Well, as far as I can tell, the ")
            assert await anext(listening) == Sentence(
                index=0, text="Well, as far as I can tell,", first_sample=0, samples=27 * 960
            )
            await speaking.write("answer is long")
            await speaking.end()
            events = [event async for event in listening]
            assert isinstance(events[-1], Spoken)
            assert fleet.texts == ["Well, as far as I can tell,", "the answer is long"]

    run(main())


def test_a_flush_says_what_was_written_so_far() -> None:
    async def main() -> None:
        async with room(HummingFleet()) as made:
            speaking = await made.open("alice", SpeakingWish())
            listening = speaking.listen()
            await speaking.write("Just a moment")
            await speaking.flush()
            sentence = await anext(listening)
            assert isinstance(sentence, Sentence) and sentence.text == "Just a moment"
            await speaking.write(" please.")
            await speaking.end()
            assert sentences([event async for event in listening]) == ["please."]

    run(main())


@pytest.mark.parametrize("text", ["", "   ", "😀👍", "```\ncode\n```", "https://example.org/a", "---", "..."])
def test_a_text_that_says_nothing_is_spoken_in_no_samples(text: str) -> None:
    async def main() -> None:
        fleet = HummingFleet()
        async with room(fleet) as made:
            assert await speak(made, text) == [Spoken(samples=0, first_audio_ms=0, rtf=0.0)]
            assert fleet.asked == []

    run(main())


def test_cancelling_ends_the_audio_at_once_and_gives_the_call_up() -> None:
    async def main() -> None:
        fleet = HummingFleet(took_s=lambda text: 1.0)
        async with room(fleet) as made:
            speaking = await made.open("alice", SpeakingWish())
            await speaking.write(TWO)
            await speaking.end()
            listening = speaking.listen()
            assert isinstance(await anext(listening), Sentence)
            assert isinstance(await anext(listening), SpokenAudio)
            await asyncio.sleep(0.5)
            await speaking.cancel()
            assert fleet.given_up == ["And this is the second one."]
            assert [event async for event in listening] == [SpeakingCancelled()]
            assert made.stats().cancelled == 1 and made.stats().speaking == 0
            await speaking.write("more")
            await speaking.cancel()

    run(main())


def test_a_request_in_the_line_leaves_it_when_it_is_cancelled() -> None:
    async def main() -> None:
        fleet = HummingFleet(took_s=lambda text: 1.0)
        async with room(fleet) as made:
            first = await made.open("alice", SpeakingWish())
            await first.write("One at a time.")
            await first.end()
            await asyncio.sleep(0.1)
            second = await made.open("alice", SpeakingWish())
            await second.write("I wait.")
            await second.end()
            await asyncio.sleep(0.1)
            await second.cancel()
            assert fleet.given_up == ["I wait."] and fleet.texts == ["One at a time."]
            assert [event async for event in second.listen()] == [SpeakingCancelled()]
            check([event async for event in first.listen()])

    run(main())


def test_who_does_not_listen_holds_up_only_himself() -> None:
    async def main() -> None:
        fleet = HummingFleet()
        async with room(fleet, max_unsaid_chars=200, idle_s=1000.0) as made:
            deaf = await made.open("alice", SpeakingWish())
            sentence = "This sentence has about sixty characters, or some more of them. "

            async def write() -> None:
                for _ in range(40):
                    await deaf.write(sentence)
                await deaf.end()

            writing = asyncio.create_task(write())
            await asyncio.sleep(60)
            assert not writing.done()
            made_s = [len(text) * CHARACTER_S for text in fleet.texts]
            assert sum(made_s[:-1]) < PREPARED_S, "one clause more than that, and nothing is lost meanwhile"
            check(await speak(made, TWO))
            events = [event async for event in deaf.listen()]
            await writing
            check(events)
            assert " ".join(sentences(events)) == (sentence * 40).strip()

    run(main())


def test_a_long_clause_that_is_told_is_audio_that_waits_too() -> None:
    async def main() -> None:
        fleet = HummingFleet()
        async with room(fleet, max_ahead_s=2.0) as made:
            speaking = await made.open("alice", SpeakingWish(paced=True))
            await speaking.write(
                "This clause is rather long so that saying it takes a good deal more than that. "
            )
            await speaking.write("The next one. ")
            await speaking.end()
            listening = speaking.listen()
            first = await anext(listening)
            assert isinstance(first, Sentence) and first.samples > 3 * RATE_HZ
            left = first.samples
            while len(fleet.asked) < 2:
                event = await anext(listening)
                assert isinstance(event, SpokenAudio)
                left -= len(event.pcm) // 2
                # Whatever wakes the one who makes it.
                await speaking.flush()
                await asyncio.sleep(0.01)
            assert left <= 2.0 * RATE_HZ
            assert isinstance([event async for event in listening][-1], Spoken)

    run(main())


def test_one_clause_is_made_while_the_one_before_it_is_told() -> None:
    async def main() -> None:
        fleet = HummingFleet()
        text = " ".join(
            f"Sentence number {number} is told here to everybody who wants to hear it." for number in "abcdef"
        )
        async with room(fleet) as made:
            speaking = await made.open("alice", SpeakingWish(paced=True))
            await speaking.write(text)
            await speaking.end()
            listening = speaking.listen()
            told = 0
            async for event in listening:
                if isinstance(event, Sentence):
                    told += 1
                assert len(fleet.asked) <= told + 2

    run(main())


def test_paced_audio_is_never_more_than_a_second_and_a_half_ahead() -> None:
    async def main() -> None:
        async with room(HummingFleet()) as made:
            speaking = await made.open("alice", SpeakingWish(paced=True))
            await speaking.write(" ".join([TWO] * 5))
            await speaking.end()
            began, told_s, ahead = None, 0.0, 0.0
            async for event in speaking.listen():
                if isinstance(event, SpokenAudio):
                    began = now() if began is None else began
                    told_s += len(event.pcm) / 2 / 24000
                    ahead = max(ahead, told_s - (now() - began))
            assert 1.3 < ahead <= 1.5 + 1e-6
            assert told_s == pytest.approx(5 * (len(TWO) - 1) * CHARACTER_S)

    run(main())


def test_audio_that_nobody_paces_is_told_at_once() -> None:
    async def main() -> None:
        async with room(HummingFleet()) as made:
            await speak(made, " ".join([TWO] * 5))
            assert now() < 2.0

    run(main())


def test_a_paced_request_that_is_cancelled_does_not_finish_its_wait() -> None:
    async def main() -> None:
        async with room(HummingFleet()) as made:
            speaking = await made.open("alice", SpeakingWish(paced=True))
            await speaking.write(TWO)
            await speaking.end()

            async def listen() -> list[float]:
                return [now() async for event in speaking.listen() if isinstance(event, SpeakingCancelled)]

            listening = asyncio.create_task(listen())
            await asyncio.sleep(0.35)
            await speaking.cancel()
            assert await listening == [pytest.approx(0.35)]

    run(main())


@pytest.mark.parametrize(
    "error", [UnitPoisoned("A part cost two workers."), EngineFailed("It broke."), OutOfMemory("Too large.")]
)
def test_a_clause_that_no_worker_survives_ends_the_request_in_one_sentence(error: ParleyError) -> None:
    async def main() -> None:
        fleet = HummingFleet(mishap=lambda text, _: error if "second" in text else None)
        async with room(fleet) as made:
            events = await speak(made, TWO)
            *before, last = events
            assert isinstance(last, SpeakingFailed) and isinstance(last.error, SpeakingError)
            assert "second" not in last.error.message and "say" in last.error.message
            assert sentences(events) == ["This is the first sentence."], "what was made is told"
            assert len(pcm_of(before)) // 2 == 27 * 960
            assert made.stats().failed == 1 and made.stats().speaking == 0

    run(main())


def test_a_defect_ends_the_request_and_is_told_as_one(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(HummingFleet):
        async def call(self, *args: object, **options: object) -> Answer:
            raise ZeroDivisionError

    async def main() -> None:
        async with room(Broken()) as made:
            [failed] = await speak(made, TWO)
            assert isinstance(failed, SpeakingFailed) and "defect" in failed.error.message
            assert made.stats().speaking == 0

    run(main())
    assert "unforeseen" in caplog.text and "sentence" not in caplog.text


def test_what_is_too_much_for_a_device_is_said_by_the_processor() -> None:
    class Small(HummingFleet):
        async def call(self, *args: object, on_cpu: bool = False, **options: object) -> Answer:
            if not on_cpu:
                raise OutOfMemory("too much")
            return await super().call(*args, **options)  # type: ignore[arg-type]

    async def main() -> None:
        async with room(Small()) as made:
            check(await speak(made, TWO))

    run(main())


def test_workers_that_are_gone_are_told_as_they_are() -> None:
    async def main() -> None:
        error = WorkersBusy("More calls wait than the line holds.")
        async with room(HummingFleet(mishap=lambda *_: error)) as made:
            assert await speak(made, TWO) == [SpeakingFailed(error=error)]

    run(main())


def test_a_request_without_text_is_ended() -> None:
    async def main() -> None:
        async with room(HummingFleet(), idle_s=60.0) as made:
            speaking = await made.open("alice", SpeakingWish())
            await asyncio.sleep(50)
            await speaking.write("Hello")
            await asyncio.sleep(50)
            assert made.stats().speaking == 1
            await asyncio.sleep(15)
            assert made.stats().speaking == 0
            [failed] = [event async for event in speaking.listen()]
            assert isinstance(failed, SpeakingFailed) and isinstance(failed.error, SessionIdle)

    run(main())


def test_a_request_whose_listener_is_gone_is_ended() -> None:
    async def main() -> None:
        async with room(HummingFleet(), idle_s=60.0) as made:
            speaking = await made.open("alice", SpeakingWish())
            await speaking.write(TWO)
            await speaking.end()
            await asyncio.sleep(61)
            assert made.stats().speaking == 0
            assert isinstance(speaking.outcome, SpeakingFailed)

    run(main())


def test_a_slow_worker_is_no_idleness() -> None:
    async def main() -> None:
        async with room(HummingFleet(took_s=lambda _: 500.0), idle_s=60.0) as made:
            check(await speak(made, TWO))

    run(main())


def test_a_text_that_is_too_long_is_refused_and_the_rest_is_said() -> None:
    async def main() -> None:
        async with room(HummingFleet(), max_text_chars=100) as made:
            speaking = await made.open("alice", SpeakingWish())
            await speaking.write("x" * 60 + " ")
            with pytest.raises(TextTooLong):
                await speaking.write("y" * 60)
            assert sentences(await tell(speaking, "z")) == ["x" * 60 + " z"]

    run(main())


def test_requests_are_bounded_for_everybody_and_for_each() -> None:
    async def main() -> None:
        async with room(HummingFleet(), max_requests=3, max_requests_per_user=2) as made:
            first = await made.open("alice", SpeakingWish())
            await made.open("alice", SpeakingWish())
            with pytest.raises(VoicesBusy):
                await made.open("alice", SpeakingWish())
            await made.open("bob", SpeakingWish())
            with pytest.raises(VoicesBusy):
                await made.open("carol", SpeakingWish())
            assert made.stats().refused == 2
            await first.cancel()
            await made.open("carol", SpeakingWish())

    run(main())


def test_a_room_that_is_closed_tells_everybody() -> None:
    async def main() -> None:
        fleet = HummingFleet(took_s=lambda _: 1.0)
        async with room(fleet) as made:
            speaking = await made.open("alice", SpeakingWish())
            await speaking.write(TWO)
            listening = asyncio.create_task(tell(speaking))
            await asyncio.sleep(0.5)
            await made.drain(0.2)
            last = (await listening)[-1]
            assert isinstance(last, SpeakingFailed) and isinstance(last.error, FleetClosed)
            with pytest.raises(FleetClosed):
                await made.open("alice", SpeakingWish())

    run(main())


def test_draining_waits_for_who_is_about_to_end() -> None:
    async def main() -> None:
        async with room(HummingFleet(took_s=lambda _: 1.0)) as made:
            listening = asyncio.create_task(speak(made, TWO))
            await asyncio.sleep(0.5)
            await made.drain(10.0)
            assert now() < 5.0
            check(await listening)

    run(main())


def test_who_would_fall_silent_goes_first() -> None:
    async def main() -> None:
        fleet = HummingFleet()
        async with room(fleet) as made:
            await speak(made, " ".join([TWO] * 3), paced=True)
            assert fleet.priorities[0] < fleet.priorities[1]
            assert set(fleet.priorities[1:]) == {fleet.priorities[1]}

    run(main())


class _SlowLibrary:
    """One cloned voice, which takes three seconds to be learnt anew."""

    async def voices(self, user: str) -> list[KeptVoice]:
        about = {"name": "Anna", "kind": "cloned", "engine": "sing", "model": "", "revision": "0"}
        return [KeptVoice(voice_id="anna", user=user, language="en", **about)]

    async def prompt(self, voice: KeptVoice, engine: EngineSpec) -> bytes:
        await asyncio.sleep(3.0)
        return b"prompt"


def test_first_audio_counts_the_learning_of_a_voice() -> None:
    async def main() -> None:
        fleet = HummingFleet(took_s=lambda _: 2.0)
        async with room(fleet, SING, library=_SlowLibrary()) as made:
            spoken = check(await speak(made, "One sentence.", voice="anna"))
            assert fleet.asked[0].options.prompt == b"prompt"
            assert spoken.first_audio_ms == 5000

    run(main())


def test_first_audio_is_counted_from_the_first_whole_clause() -> None:
    async def main() -> None:
        heard: list[float] = []
        fleet = HummingFleet(took_s=lambda _: 0.25)
        made = SpeechSynthesis(fleet, {"hum": HUM}, clock=now, first_audio=heard.append)
        speaking = await made.open("alice", SpeakingWish())
        await speaking.write("Not whole yet")
        await asyncio.sleep(7)
        spoken = check(await tell(speaking))
        assert spoken.first_audio_ms == 250 and heard == [pytest.approx(0.25)]
        assert spoken.rtf == pytest.approx(0.25 / (13 * CHARACTER_S))

    run(main())


@pytest.mark.parametrize(
    ("wish", "text", "voice"),
    [
        ({}, "Hello.", "hum/low"),
        ({}, "你好，世界。", "hum/high"),
        ({"language": "zh-CN"}, "Hello.", "hum/high"),
        ({"language": "fr"}, "Hello.", "sing/low"),
        ({"voice": "sing/alto"}, "你好。", "sing/alto"),
        ({"voice": "ALTO"}, "Hello.", "sing/alto"),
        ({"voice": "hum"}, "你好。", "hum/high"),
        ({"engine": "sing"}, "Hello.", "sing/alto"),
        ({"engine": "sing"}, "你好。", "hum/high"),
        ({"engine": "gone"}, "Hello.", "hum/low"),
        ({"speed": 2.0}, "Hello.", "sing/alto"),
        ({}, "Привет.", "hum/low"),
    ],
)
def test_who_speaks(wish: dict[str, str], text: str, voice: str) -> None:
    async def main() -> None:
        fleet = HummingFleet()
        async with room(fleet, HUM, SING) as made:
            speaking = await made.open("alice", SpeakingWish(**wish))  # type: ignore[arg-type]
            check(await tell(speaking, text))
            assert speaking.voice.voice_id == voice
            options = fleet.asked[0].options
            assert options.voice == voice.partition("/")[2] and not (options.prompt or options.design)

    run(main())


def test_the_default_voice_speaks_its_languages() -> None:
    async def main() -> None:
        async with room(HummingFleet(), HUM, SING, default="sing/alto") as made:
            assert (await made.default_voice("alice", None)).voice_id == "sing/alto"
            assert (await made.default_voice("alice", "en")).voice_id == "sing/alto"
            assert (await made.default_voice("alice", "zh")).voice_id == "hum/high"
            assert (await made.default_voice("alice", "en", engine="hum")).voice_id == "hum/low"
            with pytest.raises(VoiceUnknown, match="'fi'"):
                await made.default_voice("alice", "fi")

    run(main())


@pytest.mark.parametrize(
    ("wish", "error", "words"),
    [
        ({"voice": "nobody"}, VoiceUnknown, "no such voice"),
        ({"voice": "low"}, VoiceUnknown, "hum/low, sing/low"),
        ({"voice": "hum/low", "speed": 2.0}, UnsupportedOption, "sing/alto"),
        ({"voice": "hum/low", "instruct": "Whisper."}, UnsupportedOption, "sing/alto"),
        ({"voice": "hum/low", "language": "fr"}, UnsupportedOption, "sing/low"),
        ({"language": "fi"}, UnsupportedOption, "en, fr, zh"),
        ({"speed": 5.0}, InvalidOption, "0.25"),
        ({"speed": float("nan")}, InvalidOption, "0.25"),
        ({"sample_rate_hz": 100}, InvalidOption, "8000"),
        ({"language": "klingon"}, InvalidOption, "zh-CN"),
        ({"instruct": "x" * 2000}, InvalidOption, "1000"),
    ],
)
def test_what_cannot_be_is_refused(wish: dict[str, str], error: type[ParleyError], words: str) -> None:
    async def main() -> None:
        async with room(HummingFleet(), HUM, SING) as made:
            with pytest.raises(error, match=words):
                await made.open("alice", SpeakingWish(**wish))  # type: ignore[arg-type]
            assert made.stats().started == 0

    run(main())


def test_without_an_engine_nobody_speaks() -> None:
    async def main() -> None:
        made = SpeechSynthesis(HummingFleet(), {})
        with pytest.raises(VoicesNotInstalled, match="install"):
            await made.open("alice", SpeakingWish())
        with pytest.raises(VoicesNotInstalled):
            await made.default_voice("alice", "en")
        assert await made.voices("alice") == ()

    run(main())


def test_without_a_library_no_recording_is_taken() -> None:
    async def main() -> None:
        async with room(HummingFleet()) as made:
            with pytest.raises(UnsupportedOption, match="kept"):
                made.workspace()

    run(main())


def test_the_engine_of_a_voice_is_warmed() -> None:
    async def main() -> None:
        fleet = HummingFleet()
        async with room(fleet) as made:
            await made.warm(await made.default_voice("alice", "zh"))
            assert fleet.warmed == ["hum"]

    run(main())
