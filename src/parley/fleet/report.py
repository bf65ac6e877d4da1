"""Puts together how a pool is."""

from __future__ import annotations

from collections.abc import Mapping

from parley.errors import ParleyError
from parley.fleet.equipment import Equipment
from parley.fleet.health import LoadedEngine, PoolHealth
from parley.fleet.ledger import Ledger
from parley.fleet.spec import PoolSpec
from parley.fleet.staff import Staff


def report(
    spec: PoolSpec,
    staff: Staff,
    ledger: Ledger,
    equipment: Equipment,
    *,
    waiting: int,
    now: float,
    refusal: ParleyError | None,
) -> PoolHealth:
    """The pool at this moment; `refusal` is why no worker of it can be started."""
    if refusal is None and not staff.alive and not ledger.may_start(now):
        refusal = ledger.bankruptcy(spec.name)
    return PoolHealth(
        name=spec.name,
        alive=staff.alive,
        starting=staff.starting,
        dead=max(0, min(ledger.unreplaced, spec.workers - staff.alive - staff.starting)),
        waiting=waiting,
        restarts=ledger.restarts,
        recycled=ledger.recycled,
        gave_up=not ledger.may_start(now),
        reasons=ledger.reasons,
        loaded=_loaded(spec, staff),
        broken=_broken(spec, staff, equipment, refusal),
        notices=equipment.notices,
        is_spare=spec.is_spare,
        is_live=spec.is_live,
        engines=tuple(engine.name for engine in spec.engines),
        workers=tuple(shift.health() for shift in staff.present),
    )


def _loaded(spec: PoolSpec, staff: Staff) -> tuple[LoadedEngine, ...]:
    declared = {engine.name: engine.memory_mib for engine in spec.engines}
    return tuple(
        LoadedEngine(
            name=engine,
            device=device,
            workers=len(how),
            memory_mib=sum(each.memory_mib or declared[engine] for each in how),
            load_s=max(each.seconds for each in how),
        )
        for (engine, device), how in sorted(staff.loaded.items())
    )


def _broken(
    spec: PoolSpec, staff: Staff, equipment: Equipment, refusal: ParleyError | None
) -> Mapping[str, str]:
    """Engines that no worker has and none can load, with the reason."""
    everywhere = {engine.name: refusal.message for engine in spec.engines} if refusal else {}
    reasons = {**everywhere, **equipment.faults.reasons}
    return {name: why for name, why in reasons.items() if not staff.has_loaded(name)}
