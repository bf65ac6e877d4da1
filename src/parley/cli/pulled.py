"""What `parley pull NAME` means: a profile with its voice, or an engine that speaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.cli import tell
from parley.errors import InvalidOption, ProfileNotInstalled, ProfileUnknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parley.engines.contract import EngineSpec
    from parley.engines.profiles import Profile
    from parley.settings import Settings
    from parley.supply.readiness import Supplies


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """What is to be brought, and what can be run then. `profile` is None of an engine that speaks."""

    engines: tuple[EngineSpec, ...]
    ready: str
    profile: Profile | None = None

    def require(self, supplies: Supplies) -> None:
        """Raise ProfileNotInstalled where something lacks."""
        if self.profile is not None:
            supplies.require(self.profile)
            return
        [spec] = self.engines
        lack = supplies.lack([spec])
        if lack.packages:
            how = f"; install with: {spec.install}" if spec.install else ""
            raise ProfileNotInstalled(f"The voice '{spec.name}' needs {', '.join(lack.packages)}{how}.")
        if lack:
            raise ProfileNotInstalled(
                f"The voice '{spec.name}' is not installed yet; run: parley pull {spec.name}"
            )

    def require_packages(self, supplies: Supplies) -> None:
        """Raise ProfileNotInstalled for packages that no environment brings."""
        engines = self.engines if self.profile is None else self.profile.engines.values()
        if supplies.lack(engines).packages:
            self.require(supplies)


def meant(settings: Settings, supplies: Supplies, name: str, *, live: bool) -> Pulled:
    """A profile's own name, the name of an engine that speaks, or the public name of a profile's model.

    Raises InvalidOption, and ProfileUnknown with the names that there are.
    """
    from parley.app import load_profiles
    from parley.engines.contract import Role
    from parley.engines.registry import by_role, discover
    from parley.engines.selecting import AUTO, select

    if name == AUTO:
        raise InvalidOption("'auto' chooses among what is installed; name a profile: parley profiles")
    profiles = load_profiles(settings)
    voices = {spec.name: spec for spec in by_role(discover(settings.engine_dirs), Role.TTS)}
    if name not in profiles and name in voices:
        return Pulled(engines=(voices[name],), ready=_spoken(voices[name]))
    try:
        profile = select(profiles, name, None, lambda profile: False).profile
    except ProfileUnknown as error:
        raise ProfileUnknown(f"{error.message} Voices: {', '.join(_downloaded(voices))}.") from error
    engines = _with_streaming(supplies, profile, live=live)
    return Pulled(
        engines=(*engines, *_with_voice(supplies, profile)),
        ready=f"parley transcribe --profile {profile.name} FILE",
        profile=profile,
    )


def _downloaded(voices: Mapping[str, EngineSpec]) -> list[str]:
    return [name for name, spec in voices.items() if spec.environment or spec.models]


def _spoken(spec: EngineSpec) -> str:
    """The command that tries an engine."""
    from parley.engines.contract import Capability

    if spec.presets:
        return f"parley speak --voice {spec.name} TEXT"
    if Capability.CLONE in spec.capabilities:
        return f"parley voices add NAME RECORDING --engine {spec.name} --transcript TEXT --consent"
    return f"parley voices add NAME --engine {spec.name} --design WORDS"


def _with_streaming(supplies: Supplies, profile: Profile, *, live: bool) -> tuple[EngineSpec, ...]:
    """Those of the profile, with the streaming recogniser unless it lacks what no pull can bring."""
    streaming = profile.streaming
    if not live or streaming is None:
        return tuple(profile.engines.values())
    if packages := supplies.lack([streaming]).packages:
        how = f"; install with: {streaming.install}" if streaming.install else ""
        tell.line(f"live speech goes without '{streaming.name}', which needs {', '.join(packages)}{how}")
        return tuple(profile.engines.values())
    return profile.everything


def _with_voice(supplies: Supplies, profile: Profile) -> tuple[EngineSpec, ...]:
    """The profile's voice, where a pull can bring what it needs; a profile is whole without."""
    spec = profile.tts
    if spec is None or not (spec.environment or spec.models):
        return ()
    if packages := supplies.lack([spec]).packages:
        how = f"; install with: {spec.install}" if spec.install else ""
        tell.line(f"it goes without the voice '{spec.name}', which needs {', '.join(packages)}{how}")
        return ()
    return (spec,)
