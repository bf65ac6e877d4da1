"""Which profile is meant: its own name, the public name of a model, or `auto`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from parley.engines.contract import Role
from parley.engines.profiles import Profile, choose
from parley.engines.shipped import BEST, BEST_OF_MANY

AUTO = "auto"
FALLBACK = "embedded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A profile, and a sentence that says why it is this one where the caller left it open."""

    profile: Profile
    reason: str = ""


def select(
    profiles: Mapping[str, Profile], name: str, language: str | None, is_ready: Callable[[Profile], bool]
) -> Selection:
    """The profile that `name` means for recordings in `language` (ISO 639-1, None when nobody said).

    A public name leads to a profile that can run here, if one does. Raises ProfileUnknown.
    """
    if name in profiles:
        return Selection(profile=profiles[name])
    if name == AUTO:
        return _best(profiles, language, is_ready)
    meant = [profile for profile in profiles.values() if _answers_to(profile, name)]
    if not meant:
        return Selection(profile=choose(profiles, name))
    profile = next((each for each in meant if is_ready(each)), meant[0])
    return Selection(profile=profile, reason=f"'{name}' is recognised by profile '{profile.name}'.")


def _answers_to(profile: Profile, name: str) -> bool:
    asked = name.lower()
    return any(asked == public.lower() for public in profile.engines[Role.ASR].public_names)


def _best(
    profiles: Mapping[str, Profile], language: str | None, is_ready: Callable[[Profile], bool]
) -> Selection:
    order = _order(profiles, language)
    for name in order:
        profile = profiles[name]
        if name != FALLBACK and is_ready(profile):
            return Selection(profile=profile, reason=_reason(name, language))
    return Selection(profile=profiles[FALLBACK], reason=_why_none(order, language))


def _order(profiles: Mapping[str, Profile], language: str | None) -> Sequence[str]:
    """Names from best to worst. A user's own profiles come last: whoever made one names it."""
    if language is None:
        return [name for name in BEST_OF_MANY if name in profiles]
    ranked = (*BEST.get(language, ()), *BEST_OF_MANY, *profiles)
    return [name for name in dict.fromkeys(ranked) if name in profiles and _knows(profiles[name], language)]


def _knows(profile: Profile, language: str) -> bool:
    return profile.languages is None or language in profile.languages


def _reason(name: str, language: str | None) -> str:
    if language is None:
        return f"Profile '{name}': the best of several languages that is installed; --language narrows it."
    return f"Profile '{name}': the best for '{language}' that is installed."


def _why_none(order: Sequence[str], language: str | None) -> str:
    for_what = f"for '{language}'" if language else "of several languages"
    better = next((name for name in order if name != FALLBACK), None)
    how = f"the first choice comes by: parley pull {better}" if better else "see 'parley profiles'."
    return f"Profile '{FALLBACK}', because no other profile {for_what} is installed; {how}"
