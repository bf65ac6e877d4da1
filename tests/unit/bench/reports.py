"""Reports made up for tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from parley.bench.report import (
    Accuracy,
    Combination,
    Machine,
    Material,
    Report,
    RoleResult,
    RoleTrial,
    StageSpread,
    Whole,
)
from parley.bench.spread import Spread, spread

MACHINE = Machine(
    processor="A <fast> one & two",
    cores=2,
    memory_mib=8192,
    system="Linux",
    python="3.11",
    versions={"parley": "1"},
    load_before=0.5,
)
MATERIAL = Material(recordings=2, audio_s=60.0, with_text=1, with_speakers=0, digest="d")


def around(median: float) -> Spread:
    return spread([median * 0.99, median, median * 1.01])


def whole(rtf: float = 0.1, **changes: Any) -> Whole:
    made = Whole(
        recordings=2,
        audio_s=60.0,
        left_out=0,
        ready_s=1.0,
        warm_up_s=2.0,
        rtf=around(rtf),
        cpu=around(rtf),
        first_s=around(rtf * 10),
        peak_mib=around(500.0),
        stages={"recognise": StageSpread(cpu=around(rtf), wall=around(rtf))},
        accuracy=Accuracy(wer=0.1, words=100),
    )
    return replace(made, **changes)


def combination(
    device: str = "cpu", workers: int = 1, profile: str = "embedded", **changes: Any
) -> Combination:
    made = Combination(profile=profile, device=device, workers=workers, whole=whole())
    return replace(made, **changes)


def role(name: str, wall: float, where: str) -> RoleResult:
    return RoleResult(role=name, engine=f"{name}-engine", ran_on=where, wall=around(wall), cpu=around(wall))


def trial(device: str, **walls: float) -> RoleTrial:
    roles = tuple(role(name, wall, device) for name, wall in walls.items())
    return RoleTrial(profile="embedded", device=device, roles=roles)


def report(*combinations: Combination, **changes: Any) -> Report:
    made = Report(
        made_at="2026-01-01T00:00:00Z",
        command="parley bench",
        machine=MACHINE,
        material=MATERIAL,
        runs=3,
        combinations=combinations or (combination(),),
    )
    return replace(made, **changes)
