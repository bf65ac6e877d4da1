"""Out of memory: halves, single stretches, the processor; with scripted answers and with real workers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from parley.batch.events import Advanced, Stage
from parley.batch.keys import keys_for
from parley.batch.options import RecipeOptions, Recording
from parley.batch.recognise import Hearing, Recogniser
from parley.batch.units import Tools
from parley.engines.contract import EngineSpec, Role
from parley.engines.profiles import Profile
from parley.errors import (
    DeviceUnavailable,
    EngineBroken,
    EngineFailed,
    FleetClosed,
    InvalidSettings,
    OutOfMemory,
    ParleyError,
    UnitPoisoned,
)
from parley.fleet.fleet import Answer, Fleet
from parley.fleet.spec import PoolSpec
from parley.speech.device import Placement
from parley.speech.media import PcmTrack
from parley.speech.span import Span
from parley.storage.store import Store
from parley.wire import frames
from tests.integration.batch.test_recipe import PROFILE, Kitchen, ScriptedFleet, with_kitchen
from tests.integration.fleet.scenario import limits, scenario
from tests.integration.fleet.spoken import SPECS

FULL = OutOfMemory("no memory.")
Failing = Callable[[Any], ParleyError | None]


def more_than(count: int, *also_at: int) -> Failing:
    """More stretches than that are too much, and single ones that begin at one of those seconds."""

    def decide(request: frames.Recognise) -> ParleyError | None:
        firsts = {ref.clip.first // 16000 for ref in request.stretches}
        return FULL if len(request.stretches) > count or firsts & set(also_at) else None

    return decide


def sizes(asked: list[Any]) -> list[int]:
    return [len(request.stretches) for request in asked if isinstance(request, frames.Recognise)]


def test_a_unit_is_halved_until_it_fits_and_is_remembered(tmp_path: Path) -> None:
    async def test(kitchen: Kitchen) -> None:
        fleet = ScriptedFleet(failing={frames.Recognise: more_than(1)})
        first = await kitchen.run(fleet)
        assert sizes(fleet.asked) == [3, 2, 1, 1, 1]
        assert fleet.spared == []
        assert [segment.text for segment in first.transcript.segments] == ["From 0.", "From 7.", "From 14."]
        assert (first.transcript.failed, first.transcript.warnings) == ((), ())
        assert first.stages["recognise"].units_done == 1
        assert first.stages["recognise"].cpu_s == pytest.approx(0.3)
        again = ScriptedFleet()
        assert (await kitchen.run(again)).cached
        # The unit itself is there too.
        await kitchen.store.transcripts.forget(
            keys_for(kitchen.recording, RecipeOptions(), PROFILE).transcript
        )
        second = await kitchen.run(again)
        assert sizes(again.asked) == []
        assert second.transcript == first.transcript

    with_kitchen(tmp_path, test)


def test_what_is_too_much_alone_is_done_on_the_processor_and_told_once(tmp_path: Path) -> None:
    async def test(kitchen: Kitchen) -> None:
        fleet = ScriptedFleet(failing={frames.Recognise: more_than(1, 0, 7)})
        transcript = (await kitchen.run(fleet)).transcript
        assert sizes(fleet.spared) == [1, 1]
        assert len(transcript.segments) == 3
        [warning] = transcript.warnings
        assert "on the processor, because the GPU's memory was full" in warning
        assert transcript.failed == ()
        # Who finds the unit later hears the same.
        await kitchen.store.transcripts.forget(
            keys_for(kitchen.recording, RecipeOptions(), PROFILE).transcript
        )
        again = ScriptedFleet()
        assert (await kitchen.run(again)).transcript == transcript
        assert sizes(again.asked) == []

    with_kitchen(tmp_path, test)


@pytest.mark.parametrize(
    "error",
    [
        FULL,
        EngineBroken("x"),
        UnitPoisoned("x"),
        EngineFailed("x"),
        InvalidSettings("devices.memory_mib allows too little."),
        DeviceUnavailable("x"),
    ],
)
def test_what_the_processor_cannot_do_either_is_the_only_thing_lost(
    tmp_path: Path, error: ParleyError
) -> None:
    async def test(kitchen: Kitchen) -> None:
        fleet = ScriptedFleet(
            failing={frames.Recognise: more_than(1, 7)}, failing_on_cpu={frames.Recognise: lambda _: error}
        )
        transcript = (await kitchen.run(fleet)).transcript
        assert [segment.text for segment in transcript.segments] == ["From 0.", "From 14."]
        [lost] = transcript.failed
        assert lost.code == "out_of_memory"
        assert lost.start < 8.0 < 12.0 < lost.end
        # It is not remembered as done.
        healed = (await kitchen.run(ScriptedFleet())).transcript
        assert len(healed.segments) == 3
        with pytest.raises(OutOfMemory):
            await kitchen.run(fleet, RecipeOptions(fail_on_lost_speech=True), reuse=False)

    with_kitchen(tmp_path, test)


def test_who_wants_all_or_nothing_gets_all_where_the_processor_can(tmp_path: Path) -> None:
    async def test(kitchen: Kitchen) -> None:
        fleet = ScriptedFleet(failing={frames.Recognise: more_than(1, 0, 7, 14)})
        transcript = (await kitchen.run(fleet, RecipeOptions(fail_on_lost_speech=True))).transcript
        assert len(transcript.segments) == 3

    with_kitchen(tmp_path, test)


@pytest.mark.parametrize("kind", [frames.FindSpeech, frames.EmbedVoices, frames.Punctuate])
def test_every_role_may_fall_back_on_the_processor(tmp_path: Path, kind: type) -> None:
    async def test(kitchen: Kitchen) -> None:
        usual = (await kitchen.run(ScriptedFleet(), reuse=False)).transcript
        fleet = ScriptedFleet(failing={kind: lambda _: FULL})
        transcript = (await kitchen.run(fleet, reuse=False)).transcript
        assert [type(request) for request in fleet.spared] == [kind]
        assert replace(transcript, warnings=()) == usual
        assert len(transcript.warnings) == 1

    with_kitchen(tmp_path, test)


def test_a_fall_back_of_the_fleet_is_told_once_in_the_transcript(tmp_path: Path) -> None:
    async def test(kitchen: Kitchen) -> None:
        fleet = ScriptedFleet(notices=("The engine 'x' runs on cpu instead of cuda:0 (no memory left).",))
        transcript = (await kitchen.run(fleet)).transcript
        assert transcript.warnings == fleet.notices

    with_kitchen(tmp_path, test)


def test_who_is_killed_on_the_way_down_goes_on_and_has_everything_once(tmp_path: Path) -> None:
    """The first unit is done on its way down and remembered, the second one is interrupted half-way."""

    async def test(kitchen: Kitchen) -> None:
        options, profile = RecipeOptions(unit_seconds=9.0), PROFILE
        usual = ScriptedFleet(failing={frames.Recognise: more_than(1, 0, 7, 14)})
        complete = (await kitchen.run(usual, options, profile, reuse=False)).transcript
        done: list[int] = []

        def killed_at_the_last(request: frames.Recognise) -> ParleyError | None:
            done.append(request.stretches[0].clip.first // 16000)
            if done[-1] == 14:
                return FleetClosed("The workers are being stopped.")
            return None

        dying = ScriptedFleet(
            failing={frames.Recognise: more_than(1, 0, 7, 14)},
            failing_on_cpu={frames.Recognise: killed_at_the_last},
        )
        # One after the other: beside each other, the second may end the run before the first is written down.
        tools = {"reuse": False, "run": "job", "in_flight": 1}
        with pytest.raises(FleetClosed):
            await kitchen.run(dying, options, profile, **tools)
        assert done == [0, 7, 14]
        kitchen.events.clear()
        again = ScriptedFleet(failing={frames.Recognise: more_than(1, 0, 7, 14)})
        resumed = await kitchen.run(again, options, profile, **tools)
        assert resumed.transcript == complete
        assert len(resumed.transcript.warnings) == 1, "remembered and new parts say the same"
        assert [request.stretches[0].clip.first // 16000 for request in again.spared] == [14]
        assert resumed.stages["recognise"].units_remembered == 1
        told = [event for event in kitchen.events if isinstance(event, Advanced)]
        shares = [event.done_s / event.total_s for event in told if event.stage is Stage.RECOGNISE]
        assert shares == sorted(shares) and shares[-1] == 1.0

    with_kitchen(tmp_path, test)


@pytest.mark.parametrize("error", [EngineBroken("It does not load."), DeviceUnavailable("No cuda:0.")])
def test_an_engine_that_cannot_refine_the_text_does_not_cost_it(tmp_path: Path, error: ParleyError) -> None:
    async def test(kitchen: Kitchen) -> None:
        fleet = ScriptedFleet(failing={frames.Punctuate: lambda _: error})
        transcript = (await kitchen.run(fleet)).transcript
        assert [segment.text for segment in transcript.segments] == ["from 0", "from 7", "from 14"]
        assert transcript.warnings == (f"The text could not be refined: {error.message}",)
        healed = (await kitchen.run(ScriptedFleet())).transcript
        assert [segment.text for segment in healed.segments] == ["From 0.", "From 7.", "From 14."]

    with_kitchen(tmp_path, test)


def test_progress_never_goes_back_nor_beyond_the_end_on_the_way_down(tmp_path: Path) -> None:
    async def test(kitchen: Kitchen) -> None:
        fleet = Hasty(failing={frames.Recognise: more_than(1, 7)})
        await kitchen.run(fleet)
        told = [event for event in kitchen.events if isinstance(event, Advanced)]
        shares = [event.done_s / event.total_s for event in told if event.stage is Stage.RECOGNISE]
        assert len(shares) > 5
        assert shares == sorted(shares) and shares[-1] == 1.0

    with_kitchen(tmp_path, test)


class Hasty(ScriptedFleet):
    """Reports all of what it is asked as done, and more, before it fails or answers."""

    async def call(
        self, engine: str, request: Any, audio_s: float, on_progress: Any = None, *rest: Any, **how: Any
    ) -> Answer:
        for share in (0.5, 1.0, 1.5):
            if on_progress is not None:
                on_progress(share * audio_s)
        return await super().call(engine, request, audio_s, on_progress, *rest, **how)


# Batches.


def profile_with(**facts: Any) -> Profile:
    asr = replace(PROFILE.engines[Role.ASR], **facts)
    return Profile("test", {**PROFILE.engines, Role.ASR: asr})


@pytest.mark.parametrize(
    ("facts", "seconds", "expected"),
    [
        ({}, 5.0, [1, 1, 1]),
        ({"batches": True, "batch_size_s": 300.0}, 5.0, [3]),
        ({"batches": True, "batch_size_s": 1.0}, 30.0, [3]),
        ({"batch_size_s": 300.0}, 5.0, [1, 1, 1]),
    ],
)
def test_a_unit_holds_what_the_engine_is_best_given(
    tmp_path: Path, facts: dict[str, Any], seconds: float, expected: list[int]
) -> None:
    async def test(kitchen: Kitchen) -> None:
        fleet = ScriptedFleet()
        await kitchen.run(fleet, RecipeOptions(unit_seconds=seconds), profile_with(**facts))
        assert sizes(fleet.asked) == expected

    with_kitchen(tmp_path, test)


def test_where_texts_depend_on_their_neighbours_they_are_filed_by_what_was_done_together() -> None:
    recording = Recording(path=Path("a"), sha256="ab")

    def key(seconds: float, **facts: Any) -> tuple[str, str]:
        keys = keys_for(recording, RecipeOptions(unit_seconds=seconds), profile_with(**facts))
        return keys.recognise, keys.transcript

    assert key(10.0) == key(30.0)
    alone, together = key(10.0, batch_invariant=False), key(30.0, batch_invariant=False)
    assert alone[0] != together[0] and alone[1] != together[1]
    large = {"batch_invariant": False, "batches": True, "batch_size_s": 300.0}
    assert key(10.0, **large) == key(30.0, **large) != together


# Real workers.

STRETCHES = [[Span(start, start + 2.0)] for start in range(0, 40, 4)]


@asynccontextmanager
async def workshop(folder: Path, spec: EngineSpec, **how: Any) -> AsyncIterator[Recogniser]:
    placement = Placement(wanted="auto", kinds=spec.devices, **how)
    pool = PoolSpec(name="sim", engines=(spec,), workers=1, placements={spec.name: placement})
    pcm = folder / "a.pcm"
    pcm.write_bytes(bytes(2 * 16000 * 60))
    store = await Store.open(folder / "data")
    try:
        async with Fleet([pool], limits()) as fleet:
            yield Recogniser(
                tools=Tools(store=store, fleet=fleet, publish=lambda _: None, in_flight=2),
                engine=spec,
                work="work",
                track=PcmTrack(path=str(pcm), samples=16000 * 60),
                options=RecipeOptions(unit_seconds=12.0),
                origin=0.0,
            )
    finally:
        await store.close()


def texts(hearing: Hearing) -> list[str]:
    return [piece.text for piece in hearing.pieces]


def test_a_device_that_is_full_at_four_does_them_by_halves(tmp_path: Path) -> None:
    @scenario
    async def run() -> None:
        async with workshop(tmp_path, SPECS["sim-four"]) as recogniser:
            hearing = await recogniser.run(STRETCHES)
            assert set(texts(hearing)) <= {"cuda:0 x1", "cuda:0 x2", "cuda:0 x3"}
            assert len(texts(hearing)) == len(STRETCHES)
            assert (hearing.failed, recogniser.tools.notices) == ([], [])

    run()


def test_a_device_that_is_full_at_one_leaves_it_to_the_processor(tmp_path: Path) -> None:
    @scenario
    async def run() -> None:
        async with workshop(tmp_path, SPECS["sim-tight"]) as recogniser:
            hearing = await recogniser.run(STRETCHES)
            assert texts(hearing) == ["cpu x1"] * len(STRETCHES)
            assert hearing.failed == []
            assert len(recogniser.tools.notices) == 1
            names = [pool.name for pool in recogniser.tools.fleet.health().pools]
            assert names == ["sim", "sim-cpu"]

    run()


def test_a_strict_device_that_is_full_at_one_loses_what_is_too_much(tmp_path: Path) -> None:
    @scenario
    async def run() -> None:
        async with workshop(tmp_path, SPECS["sim-tight"], is_strict=True) as recogniser:
            hearing = await recogniser.run(STRETCHES[:3])
            assert texts(hearing) == []
            assert [lost.code for lost in hearing.failed] == ["out_of_memory"] * 3

    run()


def test_a_processor_that_cannot_even_load_the_engine_costs_a_failed_span(tmp_path: Path) -> None:
    spec = replace(SPECS["sim-tight"], factory=f"{SPECS['sim-tight'].factory.rpartition(':')[0]}:Deaf")

    @scenario
    async def run() -> None:
        async with workshop(tmp_path, spec) as recogniser:
            hearing = await recogniser.run(STRETCHES[:3])
            assert [lost.code for lost in hearing.failed] == ["out_of_memory"] * 3
            assert cast("Any", recogniser.tools.fleet).health().broken == {}

    run()
