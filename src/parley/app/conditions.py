"""How profiles are: ready, broken, or not installed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from parley.engines.contract import Role
from parley.engines.profiles import Profile
from parley.fleet.health import FleetHealth


def trouble_of(profile: Profile, health: FleetHealth) -> str:
    """Why an engine of the profile could not be loaded; "" when nothing is known against it."""
    broken = health.broken
    return next((broken[spec.name] for spec in profile.engines.values() if spec.name in broken), "")


def profile_facts(
    profiles: Mapping[str, Profile], installed: Collection[str], default: str, health: FleetHealth
) -> Sequence[Mapping[str, object]]:
    """All profiles in the words of `/v1/profiles`."""
    devices: dict[str, list[str]] = {}
    for engine in (engine for pool in health.pools for engine in pool.loaded):
        devices.setdefault(engine.name, []).append(engine.device)
    return [
        {
            "name": name,
            "default": name == default,
            **_state(profile, name in installed, health),
            "languages": sorted(profile.languages) if profile.languages is not None else None,
            "capabilities": sorted(profile.capabilities),
            "public_names": list(profile.engines[Role.ASR].public_names),
            "engines": [
                {"role": role.value, "name": spec.name, "devices": sorted(set(devices.get(spec.name, ())))}
                for role, spec in profile.engines.items()
            ],
            "streaming": profile.streaming.name if profile.streaming else None,
        }
        for name, profile in sorted(profiles.items())
    ]


def _state(profile: Profile, is_installed: bool, health: FleetHealth) -> Mapping[str, str | None]:
    if not is_installed:
        how = f"run: parley pull {profile.name}, then start the server again."
        return {"state": "not_installed", "reason": f"It is not installed; {how}"}
    if trouble := trouble_of(profile, health):
        return {"state": "broken", "reason": trouble}
    return {"state": "ready", "reason": None}
