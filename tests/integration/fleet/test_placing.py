"""Devices chosen in real workers, with simulated ones that work, raise, hang or end the process."""

from __future__ import annotations

from pathlib import Path

import pytest

from parley.errors import EngineFailed, EngineOutdated, ProfileNotInstalled, WorkerDied, WorkerHung
from parley.fleet import probing
from parley.fleet.probing import probe
from parley.speech.media import Clip
from parley.speech.recognition import RecognitionOptions
from parley.wire import frames, framing
from tests.integration.fleet.scenario import QUICK, scenario
from tests.integration.fleet.spoken import SPECS, worker
from tests.integration.fleet.test_environments import OTHER_FRAMES, fake_python


async def where(spoken: object, name: str) -> str:
    reply = await spoken.call(name, frames.Punctuate(texts=("?",), language=None))  # type: ignore[attr-defined]
    assert isinstance(reply, frames.Punctuated)
    return reply.texts[0]


@scenario
async def test_the_engine_computes_where_the_worker_says() -> None:
    async with worker() as spoken:
        loaded = await spoken.load("sim-fine")
        assert isinstance(loaded, frames.Loaded)
        assert (loaded.device, loaded.notices) == ("cuda:0", ())
        assert spoken.tried == ["cuda:0", "cuda:0"]
        assert await where(spoken, "sim-fine") == "cuda:0 2"


@scenario
async def test_two_engines_of_one_worker_may_compute_apart() -> None:
    async with worker() as spoken:
        await spoken.load("sim-fine", "mps")
        await spoken.load("sim-two", "cuda", slot=1)
        assert await where(spoken, "sim-fine") == "mps 2"
        assert await where(spoken, "sim-two") == "cuda:1 2"


@scenario
async def test_a_broken_device_is_passed_over_with_a_notice() -> None:
    async with worker() as spoken:
        loaded = await spoken.load("sim-broken")
        assert isinstance(loaded, frames.Loaded)
        assert loaded.device == "cpu"
        assert "instead of cuda:0" in loaded.notices[0]
        assert await where(spoken, "sim-broken") == "cpu 2"


@scenario
async def test_strict_fails_and_the_worker_lives_on() -> None:
    async with worker() as spoken:
        failure = await spoken.load("sim-broken", "cuda:0", is_strict=True)
        assert isinstance(failure, frames.Failure)
        assert failure.code == "device_unavailable"
        assert isinstance(await spoken.load("sim-broken", "cuda:0"), frames.Loaded)


@pytest.mark.parametrize("name", ["sim-aborts", "sim-dies"])
def test_a_device_that_ends_the_worker_was_announced_and_can_be_avoided(name: str) -> None:
    @scenario
    async def run() -> None:
        async with worker() as spoken:
            assert await spoken.load(name) is None
            assert spoken.tried[-1] == "cuda:0"
        async with worker() as spoken:
            loaded = await spoken.load(name, avoid=("cuda:0",))
            assert isinstance(loaded, frames.Loaded)
            assert loaded.device == "cpu"
            assert "a worker was lost on it" in loaded.notices[0]

    run()


@scenario
async def test_memory_is_given_back_after_a_call_that_had_too_little(tmp_path: Path) -> None:
    pcm = tmp_path / "a.pcm"
    pcm.write_bytes(bytes(32000))
    stretch = frames.StretchRef(clip=Clip(path=str(pcm), first=0, last=16000), islands=())

    async def ask(count: int) -> object:
        request = frames.Recognise(stretches=(stretch,) * count, options=RecognitionOptions())
        return await spoken.call("sim-four", request)

    async with worker() as spoken:
        await spoken.load("sim-four")
        failed = await ask(4)
        assert isinstance(failed, frames.Failure)
        assert failed.code == "out_of_memory"
        # The engine raises while something is left of the failed call.
        done = await ask(3)
        assert isinstance(done, frames.Recognised)
        assert [each.pieces[0].text for each in done.recognitions] == ["cuda:0 x3"] * 3


@scenario
async def test_a_probe_tells_what_works() -> None:
    fine = await probe(SPECS["sim-fine"].backend, limits=QUICK)
    assert [(device.name, device.problem) for device in fine] == [("cuda:0", ""), ("mps", ""), ("cpu", "")]
    broken = await probe(SPECS["sim-broken"].backend, limits=QUICK)
    assert [bool(device.problem) for device in broken] == [True, True, False]


@scenario
async def test_a_device_that_ends_its_probe_has_that_as_its_problem() -> None:
    died = await probe(SPECS["sim-aborts"].backend, limits=QUICK)
    assert [(device.name, device.problem) for device in died] == [
        ("cuda:0", "an operation ended the process"),
        ("cpu", ""),
    ]


@scenario
async def test_a_device_that_hangs_its_probe_too() -> None:
    hung = await probe(SPECS["sim-hangs"].backend, limits=QUICK, operation_s=8.0)
    assert [(device.name, device.problem) for device in hung] == [
        ("cuda:0", "an operation hung"),
        ("cpu", ""),
    ]


BACKEND = """
import os, time
class Library:
    def devices(self):
        {body}
class Bottomless(Library):
    def devices(self):
        from parley.speech.device import DeviceFound
        return [DeviceFound(name=f"cuda:{{n}}", title="") for n in range(99)]
    def probe(self, device):
        os.abort()
"""


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("os.abort()", WorkerDied),
        ("time.sleep(600)", WorkerHung),
        ("raise ValueError('/secret')", EngineFailed),
        ("import no_such_library", ProfileNotInstalled),
    ],
)
def test_a_backend_that_cannot_even_list_is_an_error(
    body: str, error: type[Exception], tmp_path: Path
) -> None:
    (tmp_path / "backend.py").write_text(BACKEND.format(body=body))

    @scenario
    async def run() -> None:
        with pytest.raises(error) as caught:
            start_s = 4.0 if error is WorkerHung else 60.0
            await probe(f"{tmp_path / 'backend.py'}:Library", limits=QUICK, start_s=start_s)
        assert "/" not in str(caught.value)

    run()


@scenario
async def test_a_backend_that_costs_one_worker_after_another_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "MOST_LOSSES", 2)
    (tmp_path / "backend.py").write_text(BACKEND.format(body="pass"))
    with pytest.raises(WorkerDied):
        await probe(f"{tmp_path / 'backend.py'}:Bottomless", limits=QUICK)


@scenario
async def test_interpreters_that_cannot_be_asked(tmp_path: Path) -> None:
    with pytest.raises(ProfileNotInstalled, match="parley engines install funasr"):
        await probe("a:B", python=str(tmp_path / "nowhere"), environment="funasr", limits=QUICK)
    old = fake_python(tmp_path, framing.encode(OTHER_FRAMES))
    with pytest.raises(EngineOutdated, match="parley engines install funasr"):
        await probe("a:B", python=old, environment="funasr", limits=QUICK)
    mad = fake_python(tmp_path, b"\x02\x00\x00\x00{}")
    with pytest.raises(EngineFailed, match="nonsense"):
        await probe("a:B", python=mad, environment="funasr", limits=QUICK)
