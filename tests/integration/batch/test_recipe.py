"""The recipe over a real store, with scripted answers in place of workers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from parley.batch.events import Event, Heard, Notice, Stage
from parley.batch.options import Outcome, RecipeOptions, Recording, stamp_of
from parley.batch.recipe import NO_SPEECH, transcribe
from parley.batch.units import StageRun, Tools, Unit, fingerprint
from parley.batch.voices import MOST_WINDOWS, VoiceListener
from parley.engines.contract import EngineSpec, Role
from parley.engines.profiles import Profile
from parley.errors import EngineFailed, InputError, OutOfMemory, ParleyError, UnitPoisoned, WorkersExhausted
from parley.fleet.fleet import Answer, Fleet
from parley.speech.media import Clip, DecodedMedia, DecodeOptions, PcmTrack
from parley.speech.recognition import Piece, Recognition, SpeakerCount
from parley.speech.span import Span, SpeakerTurn
from parley.storage.store import Store
from parley.wire import frames, framing

SECONDS = 20
ISLANDS = (Span(1.0, 4.0), Span(8.0, 12.0), Span(15.0, 19.0))


def spec(role: Role, **facts: Any) -> EngineSpec:
    return EngineSpec(
        name=role.value, role=role, factory="m:C", revision="1", summary="", licence="MIT", **facts
    )


ROLES = (Role.MEDIA, Role.VAD, Role.ASR, Role.SPEAKERS, Role.PUNCTUATION)
PROFILE = Profile("test", {role: spec(role, max_stretch_s=6.0) for role in ROLES})


@dataclass
class ScriptedFleet:
    """Answers as engines would; `failing` maps a kind of request to what it raises (a test may decide).

    The processor is another device unless `failing_on_cpu` says that it cannot help either.
    """

    failing: dict[type, Callable[[Any], ParleyError | None]] = field(default_factory=dict)
    failing_on_cpu: dict[type, Callable[[Any], ParleyError | None]] = field(default_factory=dict)
    asked: list[Any] = field(default_factory=list)
    spared: list[Any] = field(default_factory=list)
    notices: tuple[str, ...] = ()
    channels: int = 1

    async def call(
        self,
        engine: str,
        request: Any,
        audio_s: float,
        on_progress: Any = None,
        priority: int = 0,
        *,
        on_cpu: bool = False,
    ) -> Answer:
        (self.spared if on_cpu else self.asked).append(request)
        failing = self.failing_on_cpu if on_cpu else self.failing
        error = failing.get(type(request), lambda _: None)(request)
        if error is not None:
            raise error
        return Answer(reply=self.reply(request), cpu_s=0.1, worker_pid=1, attempts=1, notices=self.notices)

    async def warm(self, *engines: str, keep: bool = True) -> None:
        pass

    def reply(self, request: Any) -> Any:
        match request:
            case frames.DecodeMedia():
                return frames.Decoded(media=self.decode(Path(request.folder)))
            case frames.FindSpeech():
                return frames.SpeechFound(islands=ISLANDS)
            case frames.Recognise():
                return frames.Recognised(recognitions=tuple(self.recognise(ref) for ref in request.stretches))
            case frames.EmbedVoices():
                windows = np.array([[i.start, i.end] for i in request.islands]).tobytes()
                vectors = np.zeros((len(request.islands), 1), np.float16).tobytes()
                return frames.VoiceVectors(windows=windows, vectors=vectors, dimension=1)
            case frames.ClusterVoices():
                return frames.Clustered(turns=(SpeakerTurn(0.0, 6.0, 0), SpeakerTurn(6.0, 20.0, 1)))
            case frames.Punctuate():
                return frames.Punctuated(texts=tuple(f"{text.capitalize()}." for text in request.texts))
            case _:
                raise AssertionError(request)

    def decode(self, folder: Path) -> DecodedMedia:
        tracks: list[PcmTrack] = []
        for channel in range(self.channels):
            path = folder / f"{channel}.s16le"
            path.write_bytes(bytes(2 * 16000 * SECONDS))
            number = channel if self.channels > 1 else None
            tracks.append(PcmTrack(path=str(path), samples=16000 * SECONDS, channel=number))
        return DecodedMedia(tracks=tuple(tracks), duration=float(SECONDS))

    def recognise(self, ref: frames.StretchRef) -> Recognition:
        text = f"from {ref.clip.first // 16000}"
        return Recognition(pieces=(Piece(start=ref.islands[0].start, end=ref.islands[-1].end, text=text),))

    def count(self, kind: type) -> int:
        return sum(isinstance(request, kind) for request in self.asked)


@dataclass
class Kitchen:
    """One store; every run gets fresh tools."""

    store: Store
    recording: Recording
    events: list[Event] = field(default_factory=list)

    def tools(self, fleet: ScriptedFleet, **changes: Any) -> Tools:
        wishes = {"in_flight": 2, **changes}
        return Tools(store=self.store, fleet=cast(Fleet, fleet), publish=self.events.append, **wishes)

    async def run(
        self,
        fleet: ScriptedFleet,
        options: RecipeOptions = RecipeOptions(),
        profile: Profile = PROFILE,
        **changes: Any,
    ) -> Outcome:
        return await transcribe(self.tools(fleet, **changes), self.recording, options, profile)


def with_kitchen(folder: Path, test: Callable[[Kitchen], Coroutine[Any, Any, None]]) -> None:
    async def body() -> None:
        path = folder / "talk.wav"
        path.write_bytes(b"sound")
        store = await Store.open(folder / "data")
        try:
            await test(Kitchen(store, Recording(path=path, sha256="ab", stamp=stamp_of(path))))
        finally:
            await store.close()

    asyncio.run(body())


def test_a_recipe_makes_a_transcript_and_remembers_it(tmp_path: Path) -> None:
    async def test(kitchen: Kitchen) -> None:
        fleet = ScriptedFleet()
        first = await kitchen.run(fleet)
        assert [(s.text, s.speaker) for s in first.transcript.segments] == [
            ("From 0.", "Speaker2"), ("From 7.", "Speaker1"), ("From 14.", "Speaker1"),
        ]  # fmt: skip
        assert first.transcript.segments[0].raw_text == "from 0"
        assert len([event for event in kitchen.events if isinstance(event, Heard)]) == 3
        other_name = Profile("other", PROFILE.engines)
        again = await kitchen.run(ScriptedFleet(), profile=other_name)
        assert again.cached
        assert again.transcript == replace(first.transcript, profile="other")

    with_kitchen(tmp_path, test)


def test_doing_it_anew_asks_again_and_replaces(tmp_path: Path) -> None:
    async def test(kitchen: Kitchen) -> None:
        await kitchen.run(ScriptedFleet())
        louder = ScriptedFleet()
        louder.recognise = lambda ref: Recognition(pieces=(Piece(start=0.0, end=1.0, text="louder"),))  # type: ignore[method-assign]
        assert (await kitchen.run(louder)).cached
        anew = await kitchen.run(louder, RecipeOptions(use_cache=False), reuse=False)
        assert anew.transcript.segments[0].text == "Louder."
        remembered = await kitchen.run(ScriptedFleet())
        assert remembered.transcript == anew.transcript
        # The units too: another number of speakers is told from the new text.
        more = await kitchen.run(ScriptedFleet(), RecipeOptions(speakers=SpeakerCount(minimum=2)))
        assert more.transcript.segments[0].text == "Louder."

    with_kitchen(tmp_path, test)


def test_speakers_that_failed_are_tried_again(tmp_path: Path) -> None:
    async def test(kitchen: Kitchen) -> None:
        broken = ScriptedFleet(
            failing={frames.ClusterVoices: lambda _: WorkersExhausted("no worker is left.")}
        )
        first = await kitchen.run(broken)
        assert [segment.speaker for segment in first.transcript.segments] == [None] * 3
        assert first.transcript.warnings == ("Speakers could not be told apart: no worker is left.",)
        second = ScriptedFleet()
        outcome = await kitchen.run(second)
        assert not outcome.cached
        assert outcome.transcript.speakers == ("Speaker1", "Speaker2")
        assert second.count(frames.Recognise) == 0

    with_kitchen(tmp_path, test)


def fails_at(second: int, error: ParleyError, *, alone: bool = True) -> Callable[[Any], ParleyError | None]:
    def decide(request: frames.Recognise) -> ParleyError | None:
        hit = any(ref.clip.first // 16000 == second for ref in request.stretches)
        return error if hit and (alone or len(request.stretches) > 1) else None

    return decide


@pytest.mark.parametrize("error", [UnitPoisoned("two workers died."), EngineFailed("it raised.")])
def test_a_stretch_that_cannot_be_done_is_the_only_one_lost(tmp_path: Path, error: ParleyError) -> None:
    async def test(kitchen: Kitchen) -> None:
        fleet = ScriptedFleet(failing={frames.Recognise: fails_at(7, error)})
        transcript = (await kitchen.run(fleet)).transcript
        assert [segment.text for segment in transcript.segments] == ["From 0.", "From 14."]
        [lost] = transcript.failed
        assert (lost.code, lost.message) == (error.code, error.message)
        assert lost.start < 8.0 < 12.0 < lost.end
        healed = await kitchen.run(ScriptedFleet())
        assert not healed.cached
        assert len(healed.transcript.segments) == 3
        with pytest.raises(type(error)):
            strict = RecipeOptions(fail_on_lost_speech=True, use_cache=False)
            await kitchen.run(fleet, strict, reuse=False)

    with_kitchen(tmp_path, test)


def test_what_is_too_much_together_is_done_one_by_one(tmp_path: Path) -> None:
    async def test(kitchen: Kitchen) -> None:
        fleet = ScriptedFleet(failing={frames.Recognise: fails_at(7, OutOfMemory("no memory."), alone=False)})
        transcript = (await kitchen.run(fleet)).transcript
        assert len(transcript.segments) == 3
        assert not transcript.failed

    with_kitchen(tmp_path, test)


def test_a_window_that_no_detector_survives_is_a_failed_span(tmp_path: Path) -> None:
    async def test(kitchen: Kitchen) -> None:
        fleet = ScriptedFleet(failing={frames.FindSpeech: lambda _: UnitPoisoned("two workers died.")})
        transcript = (await kitchen.run(fleet)).transcript
        assert [(lost.start, lost.end) for lost in transcript.failed] == [(0.0, float(SECONDS))]
        assert NO_SPEECH not in transcript.warnings
        with pytest.raises(UnitPoisoned):
            await kitchen.run(fleet, RecipeOptions(fail_on_lost_speech=True))

    with_kitchen(tmp_path, test)


def test_text_outlives_its_punctuation(tmp_path: Path) -> None:
    async def test(kitchen: Kitchen) -> None:
        fleet = ScriptedFleet(failing={frames.Punctuate: lambda _: EngineFailed("it raised.")})
        transcript = (await kitchen.run(fleet)).transcript
        assert [segment.text for segment in transcript.segments] == ["from 0", "from 7", "from 14"]
        assert transcript.warnings == ("The text could not be refined: it raised.",)
        assert (await kitchen.run(ScriptedFleet())).transcript.segments[0].text == "From 0."

    with_kitchen(tmp_path, test)


def test_a_file_that_changes_meanwhile_is_not_remembered_under_its_old_name(tmp_path: Path) -> None:
    async def test(kitchen: Kitchen) -> None:
        def overwrite(_: Any) -> None:
            kitchen.recording.path.write_bytes(b"other sound")

        with pytest.raises(InputError, match="changed while it was read"):
            await kitchen.run(ScriptedFleet(failing={frames.DecodeMedia: overwrite}))

    with_kitchen(tmp_path, test)


def test_channels_are_speakers_or_nobody(tmp_path: Path) -> None:
    async def test(kitchen: Kitchen) -> None:
        split = RecipeOptions(decode=DecodeOptions(channel="split"))
        outcome = await kitchen.run(ScriptedFleet(channels=2), split)
        assert {(s.channel, s.speaker) for s in outcome.transcript.segments} == {
            (0, "Speaker1"),
            (1, "Speaker2"),
        }
        nobody = await kitchen.run(ScriptedFleet(channels=2), replace(split, speakers=None))
        assert {segment.speaker for segment in nobody.transcript.segments} == {None}

    with_kitchen(tmp_path, test)


def test_a_remembered_answer_counts_for_its_own_question_only(tmp_path: Path) -> None:
    async def test(kitchen: Kitchen) -> None:
        def unit(last: int, path: str = "a") -> Unit:
            return Unit(
                index=0, request=frames.FindSpeech(clip=Clip(path=path, first=0, last=last)), audio_s=1.0
            )

        async def ask(unit: Unit) -> int:
            run = StageRun(kitchen.tools(ScriptedFleet()), Stage.FIND_SPEECH, "work", spec(Role.VAD))
            await run.run([unit])
            return len(run.fresh)

        assert await ask(unit(100)) == 1
        assert await ask(unit(100)) == 0
        # The folder of the PCM file does not matter, the samples do.
        assert await ask(unit(100, path="elsewhere")) == 0
        assert await ask(unit(200)) == 1
        # A row of an older shape is done again, and healed.
        await kitchen.store.units.put("work", "find_speech", 0, b"\x93what is this", replace=True)
        assert await ask(unit(200)) == 1
        assert await ask(unit(200)) == 0
        assert fingerprint(unit(1).request) != fingerprint(unit(2).request)

    with_kitchen(tmp_path, test)


def test_an_embedding_clip_is_bounded_whatever_the_silence(tmp_path: Path) -> None:
    async def test(kitchen: Kitchen) -> None:
        track = PcmTrack(path="a", samples=16000 * 86400)
        islands = [Span(n * 1400.0, n * 1400.0 + 2.0) for n in range(60)]
        fleet = ScriptedFleet()
        await VoiceListener(kitchen.tools(fleet), spec(Role.SPEAKERS), "w", track).run(
            islands, SpeakerCount()
        )
        clips = [request.clip.duration for request in fleet.asked if isinstance(request, frames.EmbedVoices)]
        assert max(clips) <= 300.0

    with_kitchen(tmp_path, test)


def test_a_day_of_speech_fits_one_frame(tmp_path: Path) -> None:
    class Talkative(ScriptedFleet):
        def reply(self, request: Any) -> Any:
            if not isinstance(request, frames.EmbedVoices):
                return super().reply(request)
            starts = np.arange(request.islands[0].start, request.islands[-1].end, 0.5)
            windows = np.stack([starts, starts + 1.5], axis=1)
            vectors = np.ones((len(starts), 512), np.float16)
            return frames.VoiceVectors(windows=windows.tobytes(), vectors=vectors.tobytes(), dimension=512)

    async def test(kitchen: Kitchen) -> None:
        track = PcmTrack(path="a", samples=16000 * 86400)
        islands = [Span(n * 100.0, n * 100.0 + 99.0) for n in range(864)]
        fleet = Talkative()
        await VoiceListener(kitchen.tools(fleet), spec(Role.SPEAKERS), "w", track).run(
            islands, SpeakerCount()
        )
        request = fleet.asked[-1]
        assert isinstance(request, frames.ClusterVoices)
        assert (
            len(framing.encode(frames.Call(call_id=1, engine="e", request=request))) < framing.MAX_FRAME_BYTES
        )
        windows = sum(len(batch.windows) // 16 for batch in request.batches)
        assert 0.4 * MOST_WINDOWS <= windows <= 1.1 * MOST_WINDOWS

    with_kitchen(tmp_path, test)


def test_a_second_run_waits_and_says_so(tmp_path: Path) -> None:
    async def test(kitchen: Kitchen) -> None:
        class Slow(ScriptedFleet):
            async def call(self, *arguments: Any, **named: Any) -> Answer:
                await asyncio.sleep(0.1)
                return await super().call(*arguments, **named)

        one, two = Slow(), Slow()
        outcomes = await asyncio.gather(kitchen.run(one), kitchen.run(two))
        assert sorted(outcome.cached for outcome in outcomes) == [False, True]
        assert outcomes[0].transcript == outcomes[1].transcript
        assert min(len(one.asked), len(two.asked)) == 0
        assert any(isinstance(event, Notice) and "waiting" in event.message for event in kitchen.events)

    with_kitchen(tmp_path, test)
