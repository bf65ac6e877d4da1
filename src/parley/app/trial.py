"""Workshops for a benchmark: a profile on a device with so many workers, and nothing remembered."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from parley.app.workshop import Workshop, load_profiles, open_workshop, supplies_of
from parley.bench.machine import environments_of
from parley.bench.shop import Setting
from parley.engines.profiles import Profile, choose
from parley.engines.selecting import select
from parley.errors import ParleyError
from parley.fleet.probing import probe
from parley.settings import Settings
from parley.speech.device import CPU, DeviceFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """Opens a workshop for each setting of a benchmark; what it remembers goes to `folder`, while engines
    and models are those of the user."""

    settings: Settings
    folder: Path

    def require(self, names: tuple[str, ...], language: str | None = None) -> tuple[Profile, ...]:
        """The profiles of these names, each once; `auto` and public names mean what they mean elsewhere.

        Raises ProfileUnknown, or ProfileNotInstalled with the command.
        """
        profiles = load_profiles(self.settings)
        supplies = supplies_of(self.settings)
        chosen = [select(profiles, name, language, supplies.has).profile for name in names]
        found = {profile.name: profile for profile in chosen}
        for profile in found.values():
            supplies.require(profile)
        return tuple(found.values())

    def interpreters(self, profiles: tuple[Profile, ...]) -> dict[str, str]:
        """The interpreters of the engine environments that profiles use, by name."""
        supplies = supplies_of(self.settings)
        names = environments_of(spec for profile in profiles for spec in profile.engines.values())
        found = {name: supplies.environments.python(name) for name in names}
        return {name: python for name, python in found.items() if python is not None}

    async def devices(self, profiles: tuple[Profile, ...]) -> tuple[str, ...]:
        """What the libraries of some profiles see besides the processor, and what is wrong with it."""
        supplies = supplies_of(self.settings)
        wanted = {
            (supplies.interpreter(spec), spec.backend): spec.environment
            for profile in profiles
            for spec in profile.engines.values()
            if spec.backend
        }
        found: dict[str, None] = {}
        for (python, backend), environment in wanted.items():
            # A library that cannot be asked has its reason in the rows of its profile.
            with suppress(ParleyError):
                seen = await probe(backend, python=python, environment=environment)
                found |= dict.fromkeys(_described(each) for each in seen if each.name != CPU)
        return tuple(found)

    @asynccontextmanager
    async def open(self, setting: Setting, notice: Callable[[str], None]) -> AsyncGenerator[Workshop]:
        """The workshop of a setting; raises ParleyError."""
        async with open_workshop(self.settings_for(setting), notice) as workshop:
            yield workshop

    def settings_for(self, setting: Setting) -> Settings:
        """The user's settings with what the setting wants instead.

        A device that is named goes for every role: what a profile says of devices is set aside.
        """
        ours = self.settings
        changes: dict[str, object] = {
            "data_dir": self.folder,
            "profile": setting.profile,
            "workers": setting.workers,
            "engines": ours.engines.model_copy(
                update={"dir": ours.environments_dir(), "workers": self._workers(setting)}
            ),
            "models": ours.models.model_copy(update={"dir": ours.models_dir()}),
        }
        if setting.device:
            changes["devices"] = ours.devices.model_copy(update={"default": setting.device, "strict": False})
            changes["profiles"] = {name: _undevised(said) for name, said in ours.profiles.items()}
        return ours.model_copy(update=changes)

    def _workers(self, setting: Setting) -> dict[str, int]:
        """As many in engine environments too."""
        profile = choose(load_profiles(self.settings), setting.profile)
        return dict.fromkeys(environments_of(profile.engines.values()), setting.workers)


def _described(device: DeviceFound) -> str:
    problem = f", not usable: {device.problem}" if device.problem else ""
    return f"{device.name} ({device.title}{problem})"


def _undevised(said: dict[str, str | dict[str, str]]) -> dict[str, str | dict[str, str]]:
    return {key: value for key, value in said.items() if key != "devices"}
