"""A server with real engine environments: two whose packages clash, and one that goes and comes back."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import soundfile

import parley as source
from tests.e2e.command import PLUGINS, Parley, is_alive, wait_until, workers_of
from tests.e2e.native import line, tone
from tests.e2e.serving import Served, serve
from tests.engines.cases.qwen import tiny_model
from tests.engines.cases.whisper_glm_moonshine import glm_model
from tests.engines.environments import environment, settings_with

ENGINES = {"glm-asr": "glm-asr", "qwen3-asr": "funasr-qwen3-asr", "embedded": "moonshine"}
"""What recognises, by profile."""

CLASHING = ("glm-asr", "qwen3-asr")
"""The environments, which have the names of their profiles."""

PATIENCE_S = 600.0
SECONDS = 6

_FACTS = "import sys, importlib.metadata as m; print(sys.prefix, m.version('transformers'), sep='\\n')"


def facts_of(name: str) -> tuple[Path, str]:
    """Where an environment lies, and its version of transformers."""
    said = subprocess.run(
        [environment(name), "-c", _FACTS], check=True, capture_output=True, text=True, timeout=120
    )
    prefix, version = said.stdout.split()
    return Path(prefix), version


ODD = '''
"""A recogniser whose library is in an environment of its own."""

from parley.engines.contract import EngineSpec, Role
from parley.speech.recognition import Piece, Recognition

SPEC = EngineSpec(
    name="odd", role=Role.ASR, factory=":Odd", revision="1", summary="test", licence="MIT",
    environment="odd", requires=("odd_library",),
)


class Odd:
    def __init__(self):
        import odd_library

        self.text = odd_library.TEXT

    def recognise(self, stretch, options, progress):
        begin, end = stretch.islands[0].start, stretch.islands[-1].end
        return Recognition(pieces=(Piece(start=begin, end=end, text=self.text),))
'''


def make_environment(home: Path) -> None:
    """As an installation leaves it: a file that says which interpreter counts."""
    (home / "packages").mkdir(parents=True)
    (home / "packages" / "odd_library.py").write_text('TEXT = "From elsewhere."\n')
    ours = Path(source.__file__).parents[1]
    python = home / "python"
    python.write_text(
        f'#!/bin/sh\nPYTHONPATH="{ours}:{home / "packages"}" exec "{sys.executable}" "$@"\n', "utf-8"
    )
    python.chmod(0o755)
    (home / "current.json").write_text('{"python": "python"}')


def test_an_environment_that_goes_under_a_server_is_told_and_taken_again(
    parley: Parley, tmp_path: Path
) -> None:
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "odd.py").write_text(ODD)
    home = parley.data_dir / "environments" / "odd"
    make_environment(home)
    config = tmp_path / "parley.toml"
    config.write_text(
        f"engine_dirs = ['{PLUGINS}', '{plugins}']\nprofile = 'near'\n"
        "[profiles.near]\nasr = 'level'\nvad = 'whole'\nspeakers = 'none'\n"
        "[profiles.strange]\nasr = 'odd'\nvad = 'whole'\nspeakers = 'none'\n"
    )
    parley.settings["PARLEY_CONFIG"] = str(config)
    served = serve(parley)
    served.wait_ready()

    async def answer(level: int, engine: str) -> dict[str, Any]:
        async with line(served.socket_url) as talk:
            await talk.expect("connected")
            return (await talk.result(f"{level}.wav", tone(level), engine=engine))["data"]

    def text(answered: dict[str, Any]) -> str:
        return answered["result"]["segments"][0]["text"]

    def state() -> tuple[str, str | None]:
        listed = served.get("/v1/profiles").json()["profiles"]
        return next((each["state"], each["reason"]) for each in listed if each["name"] == "strange")

    assert text(asyncio.run(answer(100, "strange"))) == "From elsewhere."
    aside = home.rename(tmp_path / "aside")
    workers = workers_of(served.process.pid)
    [worker] = [each for each in workers if str(home) in each.environ().get("PYTHONPATH", "")]
    worker.kill()
    wait_until(lambda: not is_alive(worker))
    refused = asyncio.run(answer(200, "strange"))
    told = "The engine environment 'odd' is missing; run: parley engines install odd"
    assert told in json.dumps(refused)
    assert state() == ("broken", told)
    assert served.get("/ready").status_code == 200
    assert text(asyncio.run(answer(300, "near"))) == "Level 300."
    aside.rename(home)
    wait_until(lambda: "result" in asyncio.run(answer(200, "strange")), timeout=150)
    assert state() == ("ready", None)
    assert served.stop() == 0


@pytest.fixture
def house(parley: Parley) -> Parley:
    """Both environments and their models, as `parley pull` leaves them; the machine is slow."""
    parley.settings |= settings_with(*CLASHING) | {
        "PARLEY_WORKERS": "2",
        "PARLEY_QUEUE__WORKER_IDLE_S": "3600",
        "PARLEY_CALL_FLOOR_S": "600",
    }
    models = parley.data_dir / "models"
    shutil.copytree(glm_model()["glm-asr-nano-2512"], models / "glm-asr-nano-2512")
    shutil.copytree(tiny_model(), models / "qwen3-asr-0.6b")
    return parley


@pytest.fixture
def speeches(audio: Path) -> list[bytes]:
    """The same words at several levels, so that nothing is known from before."""
    samples, rate_hz = soundfile.read(audio / "whisper" / "jfk.wav", frames=SECONDS * 16_000, dtype="float32")
    made = [io.BytesIO() for _ in range(3)]
    for place, target in enumerate(made):
        soundfile.write(target, samples * (1 - 0.1 * place), rate_hz, format="WAV")
    return [target.getvalue() for target in made]


async def by_http(served: Served, name: str, content: bytes, profile: str) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=served.url, timeout=60) as client:
        answer = await client.post(
            "/v1/jobs", files={"file": (name, content, "audio/wav")}, data={"engine": profile}
        )
        assert answer.status_code == 202, answer.text
        task = answer.json()["task_id"]
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while asyncio.get_running_loop().time() < deadline:
            job = (await client.get(f"/v1/jobs/{task}")).json()
            if job["status"] not in ("pending", "processing", "retrying", "uploading"):
                assert job["status"] == "completed", job
                return (await client.get(f"/v1/jobs/{task}/result")).json()
            await asyncio.sleep(0.2)
    raise AssertionError(f"the job of '{profile}' did not end in time")


async def by_socket(served: Served, name: str, content: bytes, profile: str) -> dict[str, Any]:
    async with line(served.socket_url, PATIENCE_S) as talk:
        await talk.expect("connected")
        async with asyncio.timeout(PATIENCE_S):
            ended = await talk.result(name, content, engine=profile)
        assert ended["type"] == "task_complete", ended
        return ended["data"]["result"]


def workers_by_environment(served: Served, prefixes: Mapping[str, Path]) -> dict[str, list[psutil.Process]]:
    found: dict[str, list[psutil.Process]] = {}
    for worker in workers_of(served.process.pid):
        for name, prefix in prefixes.items():
            if Path(worker.cmdline()[0]).is_relative_to(prefix):
                found.setdefault(name, []).append(worker)
    return found


def loaded(served: Served) -> set[str]:
    """The engines that some worker holds now."""
    profiles = served.get("/v1/profiles").json()["profiles"]
    return {each["name"] for profile in profiles for each in profile["engines"] if each["devices"]}


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_two_engines_with_clashing_pins_serve_one_server_at_the_same_time(
    house: Parley, speeches: list[bytes]
) -> None:
    facts = {name: facts_of(name) for name in CLASHING}
    prefixes = {name: prefix for name, (prefix, _) in facts.items()}
    assert len({version for _, version in facts.values()}) == 2, facts
    served = serve(house)
    served.wait_ready(300)
    profiles = {each["name"]: each for each in served.get("/v1/profiles").json()["profiles"]}
    assert {profiles[name]["state"] for name in ENGINES} == {"ready"}

    async def together() -> list[dict[str, Any]]:
        jobs = [by_http(served, "会议.wav", speeches[0], profile) for profile in ENGINES]
        jobs += [by_socket(served, "采访.wav", speeches[1], profile) for profile in ENGINES]
        return await asyncio.gather(*jobs)

    results = asyncio.run(together())
    assert [result["metadata"]["engine"] for result in results] == [*ENGINES, *ENGINES]
    texts = [" ".join(segment["text"] for segment in result["segments"]) for result in results]
    assert len(set(texts[:3])) == 3, texts
    for profile, text in zip([*ENGINES, *ENGINES], texts, strict=True):
        assert text.strip(), profile
        assert ("fellow Americans" in text) == (profile == "embedded"), text

    # Both are alive, each with its own interpreter, and the server knows both and its own.
    before = workers_by_environment(served, prefixes)
    assert set(before) == set(CLASHING)
    assert loaded(served) >= set(ENGINES.values())

    # One of them dies; the other does not notice, and both serve on.
    victim, witness = before["glm-asr"][0], before["qwen3-asr"][0]
    victim.kill()
    wait_until(lambda: not is_alive(victim))

    async def again() -> list[dict[str, Any]]:
        return await asyncio.gather(
            *(by_http(served, "again.wav", speeches[2], profile) for profile in ENGINES)
        )

    assert [result["metadata"]["engine"] for result in asyncio.run(again())] == list(ENGINES)
    after = workers_by_environment(served, prefixes)
    assert victim.pid not in {worker.pid for worker in after["glm-asr"]}
    assert is_alive(witness)
    assert served.stop() == 0
