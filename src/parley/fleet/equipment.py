"""The engines of a pool: how its workers are told to load them, and how that went."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from parley.engines.contract import EngineSpec
from parley.errors import DeviceUnavailable, InvalidSettings, ParleyError
from parley.fleet.avoidance import Avoidance
from parley.fleet.faults import Faults
from parley.fleet.limits import FleetLimits
from parley.fleet.lost import Lost
from parley.fleet.memory import Need
from parley.fleet.space import Space
from parley.fleet.spec import PoolSpec
from parley.speech.device import CPU, Placement
from parley.speech.placing import candidates, kind_of
from parley.wire.frames import Load, Loaded

_ONE_OF_A_KIND = (CPU, "mps")
"""Kinds of which a machine has one device at most."""


class Equipment:
    """What is known of a pool's engines, for all its workers; `tell` hears each notice once, and again
    when a device that had been well is lost once more."""

    def __init__(
        self, spec: PoolSpec, limits: FleetLimits, space: Space, tell: Callable[[str], None]
    ) -> None:
        self.space = space
        self.faults = Faults(limits.load_backoff_s, limits.load_attempts)
        self._spec = spec
        self._tell = tell
        self._told: dict[str, str] = {}
        self._loop = asyncio.get_running_loop()
        self._avoidance = Avoidance(limits.device_backoff_s)
        self._last: dict[str, Loaded] = {}

    @property
    def notices(self) -> tuple[str, ...]:
        """What was told of devices that were not taken."""
        return tuple(self._told)

    def frame(self, engine: EngineSpec, slot: int, full: Sequence[str] = ()) -> Load:
        """What to send to a worker, but for the number."""
        placement = replace(self._placement(engine), slot=slot, full=tuple(full))
        return Load(
            call_id=0,
            engine=engine.name,
            factory=engine.factory,
            takes_setup=engine.takes_setup,
            backend=engine.backend,
            placement=placement,
            threads=self._spec.threads,
            models=dict(self._spec.models.get(engine.name, {})),
        )

    async def verify(self, engine: EngineSpec) -> None:
        """See whether its models are still those it is known by; raises ParleyError."""
        if self._spec.verify is not None and engine.models:
            await asyncio.to_thread(self._spec.verify, engine)

    def refusal(self, engine: str) -> ParleyError | None:
        """What to answer to who wants a broken engine; None when it may be loaded."""
        return self.faults.refusal(engine, self._loop.time())

    def failed(self, engine: EngineSpec, error: ParleyError) -> ParleyError:
        """It could not be loaded; what to answer to who wanted it."""
        return self.faults.failed(engine.name, error, self._loop.time())

    def loaded(self, engine: EngineSpec, how: Loaded) -> None:
        """It was loaded."""
        self.faults.mended(engine.name)
        self._last[engine.name] = how
        if self._avoidance.mended(engine.name, how.device):
            self._told = {notice: name for notice, name in self._told.items() if name != engine.name}
        for notice in how.notices:
            if notice not in self._told:
                self._told[notice] = engine.name
                self._tell(notice)

    def avoided(self, engine: str) -> tuple[str, ...]:
        """Devices that are not to be tried for an engine, because workers were lost there lately."""
        return self._avoidance.devices(engine, self._loop.time())

    def is_outdated(self, avoided: Mapping[str, Sequence[str]]) -> bool:
        """Whether a worker that was told to avoid devices may try one of them by now."""
        return any(
            device not in self.avoided(engine) for engine, devices in avoided.items() for device in devices
        )

    def lost(self, engine: EngineSpec, device: str, loss: Lost) -> None:
        """A worker was lost while it loaded the engine, and while it tried a device where one is named."""
        now = self._loop.time()
        if device in ("", CPU):
            self.faults.struck(engine.name, loss.error(), now)
        elif self._placement(engine).is_strict:
            self.faults.failed(engine.name, _strictly(engine, device, loss), now)
        else:
            self._avoidance.lost(engine.name, device, now)

    def need(self, engine: EngineSpec, slot: int) -> Need:
        """The memory to ask for before the engine is loaded; raises InvalidSettings where it never fits.

        Before the first load nobody knows of which kind the device will be, so that all are asked for.
        """
        last = self._last.get(engine.name)
        mib = (last.memory_mib if last else 0) or engine.memory_mib
        bounds = self.space.bounds
        if not (mib and bounds):
            return Need()
        placement = replace(self._placement(engine), slot=slot)
        wished = [each.device for each in candidates(placement, bounds) if not each.problem]
        bounded = [device for device in wished if device in bounds]
        full = tuple(device for device in bounded if bounds[device] < mib)
        if full and all(kind_of(device) in _ONE_OF_A_KIND and device in full for device in wished):
            raise _too_large(engine, mib, {device: bounds[device] for device in full})
        kind = kind_of(last.device) if last else ""
        open_ones = [each for each in bounded if each not in full and kind in ("", kind_of(each))]
        groups = [tuple(equals) for _, equals in groupby(open_ones, key=kind_of)]
        return Need(mib=mib, groups=groups, full=full)

    def may_spare(self, name: str) -> bool:
        """Whether the processor is another device than the one an engine is on, and may be taken instead."""
        engine = next(spec for spec in self._spec.engines if spec.name == name)
        placement = self._placement(engine)
        last = self._last.get(name)
        elsewhere = last is not None and last.device != CPU
        return elsewhere and CPU in placement.kinds and not placement.is_strict

    def _placement(self, engine: EngineSpec) -> Placement:
        placement = self._spec.placements.get(engine.name, Placement(kinds=engine.devices))
        return replace(placement, avoid=(*placement.avoid, *self.avoided(engine.name)))


def on_processor(spec: PoolSpec, idle_s: float) -> PoolSpec:
    """A pool of the same engines that computes on the processor, one worker while there is work for it."""
    placements: Mapping[str, Placement] = {
        name: Placement(wanted=CPU, kinds=(CPU,)) for name in spec.placements
    }
    return replace(
        spec,
        name=f"{spec.name}-cpu",
        workers=1,
        min_workers=0,
        idle_s=spec.idle_s if spec.idle_s is not None else idle_s,
        unload_s=None,
        is_spare=True,
        placements=placements,
    )


def _strictly(engine: EngineSpec, device: str, loss: Lost) -> DeviceUnavailable:
    return DeviceUnavailable(
        f"The engine '{engine.name}' cannot run on {device}, where a worker {loss.fate}; name another device "
        "for its role, or leave --strict-device (devices.strict) out.",
        detail=loss.detail,
    )


def _too_large(engine: EngineSpec, mib: int, bounds: Mapping[str, int]) -> InvalidSettings:
    allowed = ", ".join(f"{bound} on {device}" for device, bound in bounds.items())
    return InvalidSettings(
        f"The engine '{engine.name}' needs about {mib} MiB where devices.memory_mib allows {allowed}; "
        "raise that, or choose a profile with smaller models."
    )
