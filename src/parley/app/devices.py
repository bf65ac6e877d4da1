"""What computes on this machine, and which role of which profile would run where."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from parley.app.pools import SPEECH, pool_of_environment, pools_for
from parley.app.workshop import load_profiles, supplies_of
from parley.engines.contract import EngineSpec
from parley.engines.profiles import STREAMING, Profile
from parley.engines.registry import discover
from parley.errors import ParleyError
from parley.fleet.probing import probe
from parley.fleet.spec import PoolSpec
from parley.settings import Settings
from parley.settings.keys import processors
from parley.speech.device import CPU, DeviceFound, Placement
from parley.speech.placing import notice, refusal, resolve
from parley.supply.readiness import Supplies

AT_ONCE = 2
"""Workers that look for devices at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a library sees in an environment ("" is Parley's own), or why it could not be asked."""

    environment: str
    library: str
    devices: tuple[DeviceFound, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """Where an engine of a profile would run: one device for each that its workers would take.

    `notice` is what its workers would tell, or why it could not run at all.
    """

    role: str
    engine: str
    devices: tuple[str, ...]
    notice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """The workers of a pool, and the threads of each."""

    pool: str
    workers: int
    threads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Everything that `parley devices` shows."""

    cores: int
    default: str
    strict: bool
    libraries: tuple[Looked, ...]
    crews: tuple[Crew, ...]
    profiles: Mapping[str, tuple[Assigned, ...]]


async def survey(settings: Settings) -> Survey:
    """Try every device of every library that an engine which is installed here computes with."""
    profiles, supplies = load_profiles(settings), supplies_of(settings)
    ready = {name: each for name, each in profiles.items() if not supplies.lack(each.engines.values())}
    looked = await _look(discover(settings.engine_dirs).values(), supplies)
    pools = pools_for(ready.values(), settings, supplies)
    return Survey(
        cores=processors(),
        default=settings.devices.default,
        strict=settings.devices.strict,
        libraries=tuple(looked.values()),
        crews=tuple(Crew(pool=pool.name, workers=pool.workers, threads=pool.threads) for pool in pools),
        profiles={
            name: tuple(_assign(profile, settings, supplies, looked)) for name, profile in ready.items()
        },
    )


_Key = tuple[str, str]
"""An interpreter, and the backend that is asked there."""


def _key(spec: EngineSpec, supplies: Supplies) -> _Key:
    return supplies.interpreter(spec), spec.backend


async def _look(specs: Iterable[EngineSpec], supplies: Supplies) -> Mapping[_Key, Looked]:
    wanted: dict[_Key, str] = {}
    for spec in specs:
        lack = supplies.lack([spec])
        if spec.backend and not lack.environments and not lack.packages:
            own = supplies.environments.python(spec.environment) if spec.environment else None
            wanted[_key(spec, supplies)] = spec.environment if own else ""
    turn = asyncio.Semaphore(AT_ONCE)
    found = await asyncio.gather(*(_ask(key, environment, turn) for key, environment in wanted.items()))
    return dict(zip(wanted, found, strict=True))


async def _ask(key: _Key, environment: str, turn: asyncio.Semaphore) -> Looked:
    python, backend = key
    library = backend.rpartition(":")[2]
    async with turn:
        try:
            devices = await probe(backend, python=python, environment=environment)
        except ParleyError as error:
            return Looked(environment=environment, library=library, problem=error.message)
    return Looked(environment=environment, library=library, devices=devices)


def _assign(
    profile: Profile, settings: Settings, supplies: Supplies, looked: Mapping[_Key, Looked]
) -> Iterable[Assigned]:
    pools = {spec.name: pool for pool in pools_for([profile], settings, supplies) for spec in pool.engines}
    for role, spec in _named(profile, supplies):
        said = looked.get(_key(spec, supplies)) if spec.backend else None
        if said is not None and said.problem:
            yield Assigned(role=role, engine=spec.name, devices=(), notice=said.problem)
        else:
            pool = pools.get(spec.name) or _for_live(profile, spec, settings, supplies)
            devices, told = _places(spec, pool, said.devices if said is not None else ())
            yield Assigned(role=role, engine=spec.name, devices=devices, notice=told)


def _named(profile: Profile, supplies: Supplies) -> Iterable[tuple[str, EngineSpec]]:
    yield from ((role.value, spec) for role, spec in profile.engines.items())
    if streaming := supplies.streaming(profile):
        yield STREAMING, streaming


def _for_live(profile: Profile, spec: EngineSpec, settings: Settings, supplies: Supplies) -> PoolSpec:
    """The pool of an engine that recordings do not need, with one worker."""
    pool = pool_of_environment(spec.environment or SPEECH, [spec], settings, supplies)
    wanted = profile.devices.get(spec.role)
    placements = pool.placements.items()
    own = {name: replace(each, wanted=wanted or each.wanted) for name, each in placements}
    return replace(pool, placements=own)


def _places(spec: EngineSpec, pool: PoolSpec, found: tuple[DeviceFound, ...]) -> tuple[tuple[str, ...], str]:
    """The devices that the workers of a pool would take, and what the first would have to tell."""
    placement = pool.placements.get(spec.name, Placement(wanted=CPU))
    choices = [resolve(replace(placement, slot=slot), found) for slot in range(pool.workers)]
    devices = tuple(dict.fromkeys(choice.device for choice in choices if choice.device))
    first = choices[0]
    if first.device:
        return devices, notice(spec.name, first)
    return devices, refusal(spec.name, first, placement).message
