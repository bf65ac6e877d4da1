"""The course of a benchmark: one combination after another; what befalls one does not cost the others."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from parley.batch.wish import Wish
from parley.bench.corpus import Sample
from parley.bench.report import Combination, RoleTrial
from parley.bench.roles import RoleMeasurement, Spans
from parley.bench.scoring import score
from parley.bench.shop import OpenShop, Setting, Shop, Tell, given_up, ran_on
from parley.bench.whole import WholeMeasurement
from parley.engines.profiles import Profile
from parley.errors import DeviceUnavailable, InputError, ParleyError
from parley.speech.device import AUTO, CPU
from parley.speech.transcript import Transcript

_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Course:
    """Measures `settings` in order; `done` and `roles` grow on the way: an interruption keeps them."""

    settings: Sequence[Setting]
    samples: Sequence[Sample]
    open_shop: OpenShop
    wish: Wish
    runs: int
    per_role: bool
    folder: Path
    tell: Tell
    done: list[Combination] = field(default_factory=list[Combination])
    roles: list[RoleTrial] = field(default_factory=list[RoleTrial])
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    _heard: list[dict[str, Transcript]] = field(default_factory=list[dict[str, Transcript]])

    async def run(self) -> None:
        """All whole recipes, then the roles of every profile and device."""
        for setting in self.settings:
            combination, heard = await self._whole(setting)
            self.done.append(combination)
            self._heard.append(heard)
            self.seconds |= {name: transcript.duration for name, transcript in heard.items()}
        spans = Spans(folder=self.folder)
        pairs = dict.fromkeys((each.profile, each.device) for each in self.settings) if self.per_role else ()
        for profile, device in pairs:
            self.roles.append(await self._by_role(Setting(profile=profile, device=device), spans))

    def scored(self) -> tuple[Combination, ...]:
        """What is done, with error rates. Apart, because the libraries that score would count as memory."""
        return tuple(
            self._with_accuracy(combination, heard)
            for combination, heard in zip(self.done, self._heard, strict=True)
        )

    def _with_accuracy(self, combination: Combination, heard: dict[str, Transcript]) -> Combination:
        if combination.whole is None:
            return combination
        accuracy = score(self.samples, heard)
        return replace(combination, whole=replace(combination.whole, accuracy=accuracy))

    async def _whole(self, setting: Setting) -> tuple[Combination, dict[str, Transcript]]:
        combination = Combination(profile=setting.profile, device=setting.device, workers=setting.workers)
        self.tell(combination.title)
        notes: dict[str, None] = {}
        try:
            async with self._open(setting, notes) as shop:
                samples = _within(shop.profile, self.samples)
                measuring = WholeMeasurement(shop=shop, samples=samples, wish=self.wish, tell=self.tell)
                await measuring.prepare(setting.workers)
                taken = ran_on(shop)
                notes |= dict.fromkeys(given_up(shop))
                _require_device(shop.profile, setting.device, taken, notes)
                whole = await measuring.measure(self.runs)
                notes |= dict.fromkeys(given_up(shop))
            whole = replace(whole, left_out=len(self.samples) - whole.recordings)
            notes |= {f"{name}: {why}": None for name, why in measuring.unreadable.items()}
            notes |= dict.fromkeys(_elsewhere(shop.profile, setting.device, taken))
            return replace(combination, whole=whole, ran_on=taken, notes=tuple(notes)), measuring.heard
        except ParleyError as error:
            return replace(combination, problem=error.message, notes=tuple(notes)), {}
        except Exception as error:  # noqa: BLE001 - one combination's misfortune is not the next one's
            _log.debug("unforeseen", exc_info=True)
            return replace(combination, problem=_internal(error), notes=tuple(notes)), {}

    async def _by_role(self, setting: Setting, spans: Spans) -> RoleTrial:
        trial = RoleTrial(profile=setting.profile, device=setting.device)
        self.tell(f"{setting.profile}, {setting.device or 'as configured'}, role by role")
        try:
            async with self._open(setting, {}) as shop:
                measuring = RoleMeasurement(
                    shop=shop,
                    samples=_within(shop.profile, self.samples),
                    spans=spans,
                    options=shop.options(self.wish),
                    tell=self.tell,
                )
                return replace(trial, roles=await measuring.measure(self.runs))
        except ParleyError as error:
            return replace(trial, problem=error.message)
        except Exception as error:  # noqa: BLE001 - one combination's misfortune is not the next one's
            _log.debug("unforeseen", exc_info=True)
            return replace(trial, problem=_internal(error))

    @asynccontextmanager
    async def _open(self, setting: Setting, notes: dict[str, None]) -> AsyncGenerator[Shop]:
        def notice(sentence: str) -> None:
            notes[sentence] = None

        async with self.open_shop(setting, notice) as shop:
            _require_kind(shop.profile, setting.device)
            yield shop


def _within(profile: Profile, samples: Sequence[Sample]) -> list[Sample]:
    """The samples in languages that the profile recognises; raises InputError when none is left."""
    known = profile.languages
    kept = [each for each in samples if known is None or not each.language or each.language in known]
    if not kept:
        languages = ", ".join(sorted(known or ()))
        raise InputError(f"The profile recognises {languages}; no recording is in that.")
    return kept


def _kind(device: str) -> str:
    """What kind of accelerator is asked for by name, "" where none is."""
    kind = device.partition(",")[0].partition(":")[0]
    return "" if kind in ("", AUTO, CPU) else kind


def _require_kind(profile: Profile, device: str) -> None:
    if (kind := _kind(device)) and not _able(profile, device):
        raise DeviceUnavailable(f"No engine of the profile can compute on {kind}.")


def _require_device(profile: Profile, device: str, taken: dict[str, str], notes: Iterable[str]) -> None:
    """Raise DeviceUnavailable where everything fell back: the figures would be the processor's."""
    asked = {role: where for role, where in taken.items() if role in _able(profile, device)}
    if asked and not any(where.startswith(_kind(device)) for where in asked.values()):
        why = " ".join(notes)
        raise DeviceUnavailable(f"{device} cannot be used here. {why}".rstrip())


def _elsewhere(profile: Profile, device: str, taken: dict[str, str]) -> list[str]:
    """A sentence for every role that could have run where it was asked for, and did not."""
    asked = {role: where for role, where in taken.items() if role in _able(profile, device)}
    fell_back = {role: where for role, where in asked.items() if not where.startswith(_kind(device))}
    return [f"{role}: asked {device}, ran on {where}" for role, where in fell_back.items()]


def _able(profile: Profile, device: str) -> set[str]:
    """The roles whose engines can use the kind of accelerator that is asked for by name."""
    kind = _kind(device)
    return {role.value for role, spec in profile.engines.items() if kind and kind in spec.devices}


def _internal(error: Exception) -> str:
    return f"An internal error ({type(error).__name__}); PARLEY_LOG_LEVEL=debug shows where."
