"""Whether a profile can run here, and the one command that brings what it lacks."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from parley.engines.contract import EngineSpec
from parley.engines.profiles import Profile
from parley.engines.registry import missing_packages
from parley.errors import ProfileNotInstalled
from parley.supply.environments import Environments
from parley.supply.models import Models


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """What is not there: packages of Parley's own environment, engine environments, models, by name."""

    packages: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    models: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.packages or self.environments or self.models)


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplies:
    """The engine environments and models of this machine."""

    environments: Environments
    models: Models

    def lack(self, engines: Iterable[EngineSpec]) -> Lack:
        """What some engines need and is not there; reads folders, so keep it off the event loop."""
        packages: dict[str, None] = {}
        environments: dict[str, None] = {}
        models: dict[str, None] = {}
        for spec in engines:
            if missing := self._missing(spec):
                if spec.environment:
                    environments[spec.environment] = None
                else:
                    packages |= dict.fromkeys(missing)
            models |= {model.name: None for model in spec.models if self.models.folder(model) is None}
        return Lack(packages=tuple(packages), environments=tuple(environments), models=tuple(models))

    def has(self, profile: Profile) -> bool:
        """Whether nothing lacks."""
        return not self.lack(profile.engines.values())

    def require(self, profile: Profile) -> None:
        """Raise ProfileNotInstalled with the command that mends it."""
        lack = self.lack(profile.engines.values())
        if lack.packages:
            hints = {
                spec.install for spec in profile.engines.values() if missing_packages(spec) and spec.install
            }
            how = f"; install with: {'; '.join(sorted(hints))}" if hints else ""
            raise ProfileNotInstalled(f"Profile '{profile.name}' needs {', '.join(lack.packages)}{how}.")
        if lack:
            raise ProfileNotInstalled(
                f"Profile '{profile.name}' is not installed yet; run: parley pull {profile.name}"
            )

    def interpreter(self, spec: EngineSpec) -> str:
        """The Python that runs an engine: its environment's where there is one, else our own.

        Where neither can, it is one that does not exist: a worker of ours would stay, and be of no use
        when the environment has come.
        """
        own = self.environments.python(spec.environment) if spec.environment else None
        if own is None and spec.environment and missing_packages(spec):
            return str(self.environments.folder / spec.environment / "python")
        return own or sys.executable

    def folders(self, spec: EngineSpec) -> dict[str, str]:
        """Where the models of an engine lie, those that are there."""
        found = {model.name: self.models.folder(model) for model in spec.models}
        return {name: str(folder) for name, folder in found.items() if folder is not None}

    def streaming(self, profile: Profile) -> EngineSpec | None:
        """The streaming recogniser of a profile, where everything that it needs is there.

        A profile is ready without: then live speech is recognised again and again as it grows.
        """
        spec = profile.streaming
        return None if spec is None or self.lack([spec]) else spec

    def identified(self, profile: Profile) -> Profile:
        """The profile whose engines' revisions cover the weights that are there.

        A streaming recogniser that cannot run here is left out.
        """
        engines = {role: self.identified_engine(spec) for role, spec in profile.engines.items()}
        streaming = self.streaming(profile)
        return replace(profile, engines=engines, streaming=streaming and self.identified_engine(streaming))

    def weights(self, spec: EngineSpec) -> str:
        """What tells the weights of an engine from others of the same name; "" for one without models."""
        return "".join(f"+{self.models.identity(model)}" for model in spec.models)

    def require_unchanged(self, weights: Mapping[str, str], spec: EngineSpec) -> None:
        """Raise ProfileNotInstalled where the models of an engine are not those of `weights`, by engine."""
        if lacking := self.lack([spec]).models:
            raise ProfileNotInstalled(
                f"The engine '{spec.name}' lost its models; run: parley models pull {' '.join(lacking)}"
            )
        if self.weights(spec) != weights.get(spec.name):
            raise ProfileNotInstalled(
                f"The models of the engine '{spec.name}' were replaced while Parley ran; start it again."
            )

    def identified_engine(self, spec: EngineSpec) -> EngineSpec:
        """The engine whose revision covers the weights that are there."""
        return replace(spec, revision=f"{spec.revision}{self.weights(spec)}")

    def _missing(self, spec: EngineSpec) -> tuple[str, ...]:
        if spec.environment and self.environments.python(spec.environment) is not None:
            return ()
        return missing_packages(spec)
