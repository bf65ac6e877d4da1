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
    """The device that each engine took, by role, for those that are loaded."""
    taken = devices_by_engine(shop.fleet)
    engines = shop.profile.engines.items()
    return {role.value: taken[spec.name] for role, spec in engines if spec.name in taken}


def devices_by_engine(fleet: Fleet) -> dict[str, str]:
    """Devices by engine; several with commas between them where workers took different ones."""
    return {}


def speech_roles(profile: Profile) -> list[Role]:
    """The roles of a profile in the order of the recipe."""
    return [role for role in Role if role in profile.engines]
