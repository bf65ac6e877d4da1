"""The models that engines name, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from parley.engines.contract import EngineSpec, Role
from parley.engines.model import ModelSpec
from parley.engines.profiles import Profile
from parley.errors import InvalidOption


def catalogue(specs: Iterable[EngineSpec]) -> Mapping[str, ModelSpec]:
    """Every model of these engines, sorted by name."""
    found = {model.name: model for spec in specs for model in spec.models}
    return dict(sorted(found.items()))


def used_by(model: ModelSpec, profiles: Iterable[Profile]) -> tuple[str, ...]:
    """The profiles that name an engine of the model, to hear or to speak."""
    return tuple(profile.name for profile in profiles if any(_opens(spec, model) for spec in _all(profile)))


def spoken_by(model: ModelSpec, specs: Iterable[EngineSpec]) -> tuple[str, ...]:
    """The engines that speak with the model, by name."""
    return tuple(sorted(spec.name for spec in specs if spec.role == Role.TTS and _opens(spec, model)))


def _all(profile: Profile) -> tuple[EngineSpec, ...]:
    return (*profile.everything, *([profile.tts] if profile.tts else []))


def _opens(spec: EngineSpec, model: ModelSpec) -> bool:
    return any(each.name == model.name for each in spec.models)


def named(known: Mapping[str, ModelSpec], names: Iterable[str]) -> list[ModelSpec]:
    """The models of these names, each once; raises InvalidOption, naming those that were probably meant."""
    chosen: dict[str, ModelSpec] = {}
    for name in names:
        if name not in known:
            close = get_close_matches(name, known, n=3, cutoff=0.5)
            meant = f"; did you mean {' or '.join(close)}?" if close else "."
            raise InvalidOption(f"There is no model '{name}'{meant} See: parley models list")
        chosen[name] = known[name]
    return list(chosen.values())
