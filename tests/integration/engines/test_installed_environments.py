"""The environments that the real command makes: what is in them, that they work, and side by side."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from parley.app.pools import limits_for, pools_for
from parley.app.workshop import load_profiles, supplies_of
from parley.fleet.fleet import Fleet
from parley.settings import load_settings
from parley.supply.environments import Environments
from parley.supply.recipes import RECIPES, read_pins
from parley.wire.frames import Punctuate, Punctuated
from tests.engines.environments import environment, folder, settings_with

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

PLUGIN = """
from parley.engines.contract import EngineSpec, Role

SPEC = EngineSpec(
    name="transformers-in-{environment}", role=Role.PUNCTUATION, factory=":Punctuation", revision="1",
    summary="says which transformers it runs with", licence="Apache-2.0", environment="{environment}",
    requires=("transformers",),
)


class Punctuation:
    def __init__(self):
        import transformers

        self._version = transformers.__version__

    def punctuate(self, texts, language):
        return [f"{{text}} {{self._version}}" for text in texts]
"""


@pytest.mark.parametrize("name", RECIPES)
def test_an_environment_holds_its_pins_and_its_check_says_so(name: str, tmp_path: Path) -> None:
    variables = settings_with(name)
    made = Environments(folder()).environment(name)
    assert made is not None
    if not made.packages:
        pytest.skip("an interpreter that was given instead; nothing was installed")
    pins = read_pins(RECIPES[name].requirements)
    held = {package.lower().replace("_", "-"): version for package, version in made.packages.items()}
    assert {package: held[package].partition("+")[0] for package in pins} == pins
    assert made.linked
    assert made.disk_bytes > 50 * 1024**2
    if RECIPES[name].uses_torch:
        assert (made.torch.partition("+")[0], made.cuda) == (pins["torch"], "")
    done = subprocess.run(
        [sys.executable, "-m", "parley", "engines", "check", name, "--data-dir", str(tmp_path)],
        capture_output=True,
        text=True,
        env=os.environ | variables,
        timeout=600,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "ok   worker" in done.stdout
    assert "FAIL" not in done.stdout
    wanting = [line for line in done.stdout.splitlines() if "has no model yet" in line]
    assert all("run: parley models pull " in line for line in wanting)


def test_engines_whose_libraries_clash_serve_one_fleet_at_the_same_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("glm-asr", "qwen3-asr")
    for name in names:
        environment(name)
        (tmp_path / f"{name}.py").write_text(PLUGIN.format(environment=name))
    profiles = {name: {"punctuation": f"transformers-in-{name}"} for name in names}
    monkeypatch.setenv("PARLEY_PROFILES", json.dumps(profiles))
    settings = load_settings(data_dir=tmp_path / "data", engine_dirs=(tmp_path,), engines={"dir": folder()})
    chosen = [load_profiles(settings)[name] for name in names]
    pools = pools_for(chosen, settings, supplies_of(settings))

    async def main() -> list[str]:
        async with Fleet(pools, limits_for(settings)) as fleet:
            request = Punctuate(texts=("version",), language=None)
            calls = [fleet.call(f"transformers-in-{name}", request, 0.0) for name in names for _ in range(3)]
            answers = await asyncio.gather(*calls)
        return [reply.texts[0] for answer in answers if isinstance(reply := answer.reply, Punctuated)]

    assert asyncio.run(main()) == ["version 5.23.0"] * 3 + ["version 4.57.6"] * 3
