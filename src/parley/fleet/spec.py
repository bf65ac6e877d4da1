"""What a pool of workers is made of."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from parley.engines.contract import EngineSpec
from parley.fleet.limits import FleetLimits
from parley.settings.secrets import without_secrets
from parley.speech.device import Placement

_SETTLED_LIVE_CALLS = 100
"""Some seconds of listening, in which every engine was used; growth counts from there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSpec:
    """Up to `workers` processes of one interpreter, any of which can do what `engines` can.

    `installed_as` names the engine environment that `python` belongs to, "" where that is the interpreter
    that runs us; it is `name` where nothing is said. `locate` finds `python` anew for each worker, so that
    an environment that is made anew is taken without a restart. `threads` is the
    share of the processor that numerical libraries get in each worker; an engine whose library has
    a setting of its own reads it from OMP_NUM_THREADS. `environment` is added to the workers'
    environment, to choose a device for instance.

    `placements` and `models` are by engine, for those that take a setup: which device each worker may
    choose, and the folders of its models. `verify` raises ParleyError where these are not the models any
    more that the pool was made for, so that no result is filed under other weights; it may read files.

    With `idle_s` the pool grows with the calls that wait, and a worker that had nothing to do for
    so many seconds goes home, unless only `min_workers` are left. Without it, workers stay. With
    `unload_s` even the last ones go home when nobody had work for so many seconds, and come back on demand.
    Of all the pools of a fleet that take turns one call is done at a time.
    `is_spare` says that it does on the processor what was too much for the devices of another pool.

    `is_live` says that it hears live speech: its workers hold streams, so that calls name the pool, whose
    engines other pools may have too. `call_floor_s` and `call_per_audio_s` are its own patience, where the
    fleet's is too long, and so is `given_up_s` with calls that were given up.
    """

    name: str
    engines: tuple[EngineSpec, ...]
    workers: int
    python: str = sys.executable
    locate: Callable[[], str] | None = None
    installed_as: str | None = None
    threads: int = 1
    environment: Mapping[str, str] | None = None
    min_workers: int = 0
    idle_s: float | None = None
    unload_s: float | None = None
    takes_turns: bool = False
    is_spare: bool = False
    is_live: bool = False
    call_floor_s: float | None = None
    call_per_audio_s: float | None = None
    given_up_s: float | None = None
    placements: Mapping[str, Placement] = field(default_factory=dict[str, Placement])
    models: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    verify: Callable[[EngineSpec], None] | None = None

    @property
    def is_elastic(self) -> bool:
        """Whether idle workers go home."""
        return self.idle_s is not None

    def command(self) -> tuple[str, ...]:
        """The command line of a worker; may read a file."""
        python = self.locate() if self.locate is not None else self.python
        return (python, "-m", "parley.workers")

    def trouble(self, what: str) -> str:
        """The sentence for an interpreter that is missing or holds another version of parley."""
        home = self.name if self.installed_as is None else self.installed_as
        if not home:
            return f"Parley's own Python environment {what}; install Parley again and restart it."
        return f"The engine environment '{home}' {what}; run: parley engines install {home}"


def own_limits(spec: PoolSpec, limits: FleetLimits) -> FleetLimits:
    """The limits of a pool: hundreds of small calls a second do not wear out a worker of live speech."""
    if spec.call_floor_s is not None:
        limits = replace(limits, call_floor_s=spec.call_floor_s)
    if spec.call_per_audio_s is not None:
        limits = replace(limits, call_per_audio_s=spec.call_per_audio_s)
    if spec.given_up_s is not None:
        limits = replace(limits, given_up_s=spec.given_up_s)
    if spec.is_live:
        limits = replace(limits, recycle_after_calls=None, settled_calls=_SETTLED_LIVE_CALLS)
    return limits


def worker_environment(spec: PoolSpec) -> dict[str, str]:
    """The environment of a worker.

    What would let this interpreter's packages shadow those of another one goes, and secrets, which
    model libraries and engine files of others have no use for. Thread counts are
    set here because the libraries read them when they are loaded, before any code of ours.
    """
    aside = {"PYTHONPATH", "PYTHONHOME"}
    kept = {name: value for name, value in without_secrets(os.environ).items() if name not in aside}
    threads = str(spec.threads)
    return {
        **kept,
        "PYTHONSAFEPATH": "1",
        "PYTHONUNBUFFERED": "1",
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        **(spec.environment or {}),
    }


def apart_from_terminal() -> dict[str, Any]:
    """Arguments that keep a terminal's signals from workers and put each at the head of its own group."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}
