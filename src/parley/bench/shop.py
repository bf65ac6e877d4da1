"""What a benchmark needs of an open workshop, and what it asks of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from parley.batch.events import Publish
from parley.batch.options import Outcome, RecipeOptions
from parley.batch.wish import Wish
from parley.engines.contract import Role
from parley.engines.profiles import Profile
from parley.fleet.fleet import Fleet
from parley.fleet.health import LoadedEngine
from parley.storage.store import Store


class Shop(Protocol):
    """A profile at work, its workers and its store."""

    @property
    def profile(self) -> Profile:
        """The profile measured."""
        ...

    @property
    def fleet(self) -> Fleet:
        """Its workers."""
        ...

    @property
    def store(self) -> Store:
        """Where its results go; nothing is read back from it."""
        ...

    def options(self, wish: Wish) -> RecipeOptions:
        """The wish as the profile can fulfil it; raises UnsupportedOption."""
        ...

    async def transcribe(self, path: Path, wish: Wish, publish: Publish) -> Outcome:
        """The transcript of a file; raises ParleyError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One combination to measure; `device` "" means as the settings say."""

    profile: str
    device: str = ""
    workers: int = 1


OpenShop = Callable[[Setting, Callable[[str], None]], AbstractAsyncContextManager[Shop]]
"""Opens the workshop of a setting; the second argument hears notices. Raises ParleyError."""

Tell = Callable[[str], None]
"""Hears how far the benchmark is, a sentence at a time."""


def ran_on(shop: Shop) -> dict[str, str]:
    """The device that each engine took, by role, for those that are loaded; several with commas between
    them where workers took different ones."""
    taken: dict[str, list[str]] = {}
    for engine in _loaded(shop.fleet):
        taken.setdefault(engine.name, []).append(engine.device)
    roles = shop.profile.engines.items()
    return {role.value: ",".join(taken[spec.name]) for role, spec in roles if spec.name in taken}


def load_seconds(shop: Shop, engine: str) -> float | None:
    """How long an engine took to load, None for one that is not."""
    return max((each.load_s for each in _loaded(shop.fleet) if each.name == engine), default=None)


def given_up(shop: Shop) -> tuple[str, ...]:
    """What the fleet has to tell of devices that were not taken, or were too small for some calls."""
    pools = shop.fleet.health().pools
    told = [notice for pool in pools for notice in pool.notices]
    return (*told, *(SPARE for pool in pools if pool.is_spare))


SPARE = "Some calls were too much for the device's memory and were done on the processor."


def _loaded(fleet: Fleet) -> list[LoadedEngine]:
    return [each for pool in fleet.health().pools if not pool.is_spare for each in pool.loaded]


def speech_roles(profile: Profile) -> list[Role]:
    """The roles of a profile in the order of the recipe."""
    return [role for role in Role if role in profile.for_recordings]
