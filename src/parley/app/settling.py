"""What a server makes of an order before it takes it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from parley.engines.profiles import Profile
from parley.engines.selecting import select
from parley.errors import ProfileNotInstalled
from parley.jobs.known import Planner
from parley.jobs.task import Order


def settler(planner: Planner, installed: Collection[str]) -> Callable[[Order], Order]:
    """Gives an order the name of the profile that is meant, one of those that were `installed` at the start.

    No folder is read, so that the event loop may call it. What it gives raises ProfileUnknown,
    ProfileNotInstalled, and UnsupportedOption or InvalidOption for what the profile cannot do.
    """

    def is_ready(profile: Profile) -> bool:
        return profile.name in installed

    def settle(order: Order) -> Order:
        language = order.wish.recognition.language
        profile = select(planner.profiles, order.profile, language, is_ready).profile
        if not is_ready(profile):
            raise ProfileNotInstalled(
                f"Profile '{profile.name}' is not installed yet; run: parley pull {profile.name}, "
                "then start the server again."
            )
        settled = replace(order, profile=profile.name)
        planner.options(settled)
        return settled

    return settle
