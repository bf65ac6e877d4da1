"""What a call gives when nothing goes wrong, or only what an engine may do wrong."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from parley.errors import (
    DiskFull,
    EngineFailed,
    InputError,
    InvalidOption,
    InvalidSettings,
    OutOfMemory,
    ProfileNotInstalled,
    WorkersBusy,
)
from parley.fleet.fleet import Fleet
from parley.speech.media import Clip, DecodeOptions
from parley.speech.recognition import RecognitionOptions, SpeakerCount
from parley.speech.span import Span, SpeakerTurn
from parley.wire import frames
from tests.integration.fleet.scenario import QUICK, engine, limits, pool, say, scenario, told, until


@pytest.fixture
def pcm(tmp_path: Path) -> Path:
    """Two seconds: silence, then half scale."""
    samples = np.zeros(32000, dtype="<i2")
    samples[16000:] = 16384
    path = tmp_path / "a.pcm"
    path.write_bytes(samples.tobytes())
    return path


def stretch(pcm: Path, start: float, end: float) -> frames.StretchRef:
    clip = Clip(path=str(pcm), first=int(start * 16000), last=int(end * 16000))
    return frames.StretchRef(clip=clip, islands=(Span(0.0, end - start),))


def _decode(source: bytes, folder: str) -> frames.DecodeMedia:
    return frames.DecodeMedia(source=source, folder=folder, options=DecodeOptions())


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="file names are Unicode there")
@scenario
async def test_a_recording_may_have_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9 \xff.raw"
    Path(os.fsdecode(name)).write_bytes(bytes(32000))  # noqa: ASYNC240 - nothing else runs yet
    async with Fleet([pool()], QUICK) as fleet:
        answer = await fleet.call("scripted", _decode(name, str(tmp_path)), 0.0)
    assert isinstance(answer.reply, frames.Decoded)
    assert answer.reply.media.duration == 1.0


@scenario
async def test_every_role_answers(pcm: Path) -> None:
    whole = Clip(path=str(pcm), first=0, last=32000)
    async with Fleet([pool()], QUICK) as fleet:

        async def ask(request: frames.Request) -> frames.Reply:
            return (await fleet.call("scripted", request, 2.0)).reply

        found = await ask(frames.FindSpeech(clip=whole))
        assert found == frames.SpeechFound(islands=(Span(1.0, 2.0),))
        empty = await ask(frames.FindSpeech(clip=Clip(path=str(pcm), first=5, last=5)))
        assert empty == frames.SpeechFound(islands=())
        folder = str(pcm.parent)
        decoded = await ask(_decode(os.fsencode(pcm), folder))
        assert isinstance(decoded, frames.Decoded)
        assert decoded.media.duration == 2.0
        aligned = await ask(frames.Align(clip=whole, text="one two", language="en"))
        assert isinstance(aligned, frames.Aligned)
        assert [(word.text, word.start) for word in aligned.words] == [("one", 0.0), ("two", 1.0)]
        voices = await ask(frames.EmbedVoices(clip=whole, islands=(Span(1.0, 2.0),)))
        assert isinstance(voices, frames.VoiceVectors)
        assert (len(voices.windows), len(voices.vectors), voices.dimension) == (16, 8, 4)
        none = frames.VoiceVectors(windows=b"", vectors=b"", dimension=4)
        turns = await ask(frames.ClusterVoices(batches=(voices, none, voices), count=SpeakerCount()))
        assert turns == frames.Clustered(turns=(SpeakerTurn(1.0, 2.0, 0),) * 2)
        nobody = await ask(frames.ClusterVoices(batches=(none,), count=SpeakerCount()))
        assert nobody == frames.Clustered(turns=())


@scenario
async def test_stretches_are_read_apart_and_progress_adds_up(pcm: Path) -> None:
    reports: list[float] = []
    request = frames.Recognise(
        stretches=(stretch(pcm, 0.0, 1.0), stretch(pcm, 1.0, 2.0), stretch(pcm, 0.5, 1.5)),
        options=RecognitionOptions(prompt="creep 4 0.11"),
    )
    async with Fleet([pool()], QUICK) as fleet:
        answer = await fleet.call("scripted", request, 3.0, on_progress=reports.append)
    assert isinstance(answer.reply, frames.Recognised)
    assert [r.pieces[0].text for r in answer.reply.recognitions] == ["0.000", "0.500", "0.500"]
    assert reports == sorted(reports)
    assert reports[-1] == 3.0
    assert {1.0, 1.25, 2.0, 2.75}.issubset(reports)
    assert answer.cpu_s >= 0.0
    assert answer.attempts == 1


@scenario
async def test_a_listener_that_raises_disturbs_nobody(pcm: Path) -> None:
    problems: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: problems.append(context["exception"]))
    request = frames.Recognise(stretches=(stretch(pcm, 0.0, 1.0),), options=RecognitionOptions())
    async with Fleet([pool()], QUICK) as fleet:
        answer = await fleet.call("scripted", request, 1.0, on_progress=lambda done: [][int(done)])
        assert isinstance(answer.reply, frames.Recognised)
    assert [type(problem) for problem in problems] == [IndexError]


@scenario
async def test_errors_of_an_engine_leave_its_worker_alive() -> None:
    expected = {
        "value": EngineFailed,
        "memory": OutOfMemory,
        "cuda": OutOfMemory,
        "exit": EngineFailed,
        "option": InvalidOption,
        "import": ProfileNotInstalled,
        "disk": DiskFull,
    }
    async with Fleet([pool()], QUICK) as fleet:
        pid = await told(fleet, "pid")
        for kind, error in expected.items():
            with pytest.raises(error) as caught:
                await say(fleet, f"fail {kind}")
            assert type(caught.value) is error
            assert "/" not in caught.value.message
            assert "scripted.py" in caught.value.detail
        assert await told(fleet, "pid") == pid
        assert fleet.health().pools[0].restarts == 0


@scenario
async def test_missing_audio_is_an_error_not_a_crash(pcm: Path) -> None:
    async with Fleet([pool()], QUICK) as fleet:
        for clip in (Clip(path="/nowhere.pcm", first=0, last=9), Clip(path=str(pcm), first=0, last=32001)):
            with pytest.raises(EngineFailed, match="gone or incomplete"):
                await fleet.call("scripted", frames.FindSpeech(clip=clip), 1.0)


@scenario
async def test_what_engines_print_cannot_corrupt_the_stream() -> None:
    async with Fleet([pool()], QUICK) as fleet:
        assert await told(fleet, "shout", "shout") == "read ''"
        assert await told(fleet, "still here") == "still here"


@scenario
async def test_large_frames_pass() -> None:
    text = "words " * 1_000_000
    async with Fleet([pool()], QUICK) as fleet:
        assert await told(fleet, text) == text


@scenario
async def test_what_cannot_be_sent_is_refused() -> None:
    async with Fleet([pool()], QUICK) as fleet:
        with pytest.raises(InputError):
            await say(fleet, "a file name that is not UTF-8: \udcff")
        assert await told(fleet, "fine") == "fine"


@scenario
async def test_workers_start_on_demand_and_have_their_own_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    async with Fleet([pool(3, threads=2, environment={"OMP_NUM_THREADS": "5"})], QUICK) as fleet:
        assert fleet.health().pools[0].alive == 0
        assert await told(fleet, "path") == "none"
        assert await told(fleet, "threads") == "5"
        assert fleet.health().pools[0].alive == 1


@scenario
async def test_warm_starts_all_and_loads() -> None:
    async with Fleet([pool(2)], QUICK) as fleet:
        await fleet.warm("scripted")
        health = fleet.health()
        assert (health.pools[0].alive, health.is_degraded) == (2, False)


@scenario
async def test_workers_share_the_work() -> None:
    async with Fleet([pool(2)], QUICK) as fleet:
        await fleet.warm("scripted")
        answers = await asyncio.gather(*(say(fleet, "sleep 0.1") for _ in range(6)))
        assert len({answer.worker_pid for answer in answers}) == 2


@scenario
async def test_lower_priority_goes_first_then_first_come(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    async with Fleet([pool()], QUICK) as fleet:
        first = asyncio.create_task(say(fleet, "sleep 0.2"))
        await until(lambda: fleet.health().pools[0].alive == 1)
        rest = [
            say(fleet, f"note {notes} {word}", priority=priority)
            for word, priority in (("c", 1), ("a", 0), ("d", 1), ("e", 7), ("b", 0))
        ]
        await asyncio.gather(first, *rest)
    assert notes.read_text().split() == list("abcde")


@scenario
async def test_the_line_is_bounded() -> None:
    async with Fleet([pool()], limits(max_waiting_calls=2)) as fleet:
        first = asyncio.create_task(say(fleet, "sleep 0.3"))
        await until(lambda: fleet.health().pools[0].alive == 1 and fleet.health().pools[0].waiting == 0)
        others = [asyncio.create_task(say(fleet, "x")) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(WorkersBusy):
            await say(fleet, "too late")
        await asyncio.gather(first, *others)


@scenario
async def test_engines_have_one_home() -> None:
    async with Fleet([pool()], QUICK) as fleet:
        with pytest.raises(ProfileNotInstalled):
            await say(fleet, "x", name="unknown")
    with pytest.raises(InvalidSettings):
        Fleet([pool(1, engine(), engine())])


@scenario
async def test_errors_of_the_body_are_not_wrapped() -> None:
    with pytest.raises(ZeroDivisionError):
        async with Fleet([pool()], QUICK) as fleet:
            await say(fleet, "x")
            _ = 1 / 0
