"""Models that change under a running fleet: what is loaded serves on, nothing else is loaded."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from parley.engines.model import ModelSpec
from parley.errors import ProfileNotInstalled
from parley.fleet.fleet import Fleet
from parley.fleet.spec import PoolSpec
from parley.supply.environments import Environments
from parley.supply.models import Models
from parley.supply.readiness import Supplies
from parley.wire.frames import Punctuated
from tests.integration.fleet.scenario import engine, limits, say, scenario

READER = """
class Reader:
    def __init__(self, setup):
        self.text = (setup.models["tiny"] / "model.bin").read_text()

    def punctuate(self, texts, language):
        return [self.text for _ in texts]
"""
TINY = ModelSpec(name="tiny", sources=(), needs=("model.bin",), size_mib=1, licence="MIT")


def pool_of(folder: Path) -> PoolSpec:
    """Two engines of one model."""
    (folder / "reader.py").write_text(READER)
    (folder / "models" / "tiny").mkdir(parents=True)
    (folder / "models" / "tiny" / "model.bin").write_text("first")
    supplies = Supplies(environments=Environments(folder / "environments"), models=Models(folder / "models"))
    both = [replace(engine(name, f"{folder / 'reader.py'}:Reader"), models=(TINY,)) for name in ("a", "b")]
    return PoolSpec(
        name="main",
        engines=tuple(both),
        workers=1,
        models={spec.name: supplies.folders(spec) for spec in both},
        verify=partial(supplies.require_unchanged, {spec.name: supplies.weights(spec) for spec in both}),
    )


async def heard(fleet: Fleet, name: str) -> tuple[str, ...]:
    reply = (await say(fleet, "?", name=name)).reply
    assert isinstance(reply, Punctuated)
    return reply.texts


def test_other_weights_are_not_loaded_under_the_name_of_the_former(tmp_path: Path) -> None:
    pool = pool_of(tmp_path)
    weights = tmp_path / "models" / "tiny" / "model.bin"

    @scenario
    async def run() -> None:
        async with Fleet([pool], limits(load_backoff_s=(0.0,))) as fleet:
            assert await heard(fleet, "a") == ("first",)
            weights.rename(weights.with_name("aside"))
            weights.write_text("other")
            assert await heard(fleet, "a") == ("first",)
            with pytest.raises(ProfileNotInstalled, match="'b' were replaced while Parley ran; start it"):
                await heard(fleet, "b")
            weights.with_name("aside").replace(weights)
            assert await heard(fleet, "b") == ("first",)

    run()


def test_removed_models_are_asked_for_by_their_command(tmp_path: Path) -> None:
    pool = pool_of(tmp_path)

    @scenario
    async def run() -> None:
        async with Fleet([pool], limits()) as fleet:
            assert await heard(fleet, "a") == ("first",)
            Models(tmp_path / "models").remove("tiny")
            assert await heard(fleet, "a") == ("first",)
            with pytest.raises(ProfileNotInstalled, match="lost its models; run: parley models pull tiny"):
                await heard(fleet, "b")

    run()
