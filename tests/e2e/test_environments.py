"""Engines that want different versions of one package, in one server at one time."""

from __future__ import annotations

import asyncio
import io
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import soundfile

from tests.e2e.command import Parley, is_alive, wait_until, workers_of
from tests.e2e.native import line
from tests.e2e.serving import Served, serve
from tests.engines.cases.qwen import tiny_model
from tests.engines.cases.whisper_glm_moonshine import glm_model
from tests.engines.environments import environment, settings_with

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]

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
