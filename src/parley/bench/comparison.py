"""What got worse, or better, from one report to the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from parley.bench.report import Accuracy, Combination, Report, RoleTrial, Whole
from parley.bench.spread import Spread, is_apart
from parley.errors import InputError

TOLERANCE = 0.05
"""A median may move by this share of itself, whatever the spread: three runs show only a part of it."""

MEMORY_TOLERANCE = 0.10

RATE_TOLERANCE = 0.005
"""Error rates may move by half a percentage point: they have no spread."""


FEWEST_RUNS = 2
"""A single run has no range that another could lie in."""


class Verdict(StrEnum):
    """What became of a figure."""

    WORSE = "worse"
    BETTER = "better"
    SAME = "same"
    GONE = "gone"
    NEW = "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One figure in both reports; lower is better for all of them. None: there is no such figure there.

    `scale` and `unit` are for showing it.
    """

    subject: str
    figure: str
    old: float | None
    new: float | None
    verdict: Verdict
    is_rate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Every figure of both reports, and what makes them hard to compare."""

    changes: tuple[Change, ...]
    cautions: tuple[str, ...] = ()

    @property
    def worse(self) -> tuple[Change, ...]:
        """What got worse beyond the spread, or cannot be measured any more."""
        return tuple(each for each in self.changes if each.verdict is Verdict.WORSE)


_FIGURES: tuple[tuple[str, Callable[[Whole], Spread | None], float], ...] = (
    ("RTF", lambda whole: whole.rtf, TOLERANCE),
    ("first text, s", lambda whole: whole.first_s, TOLERANCE),
    ("processor s / audio s", lambda whole: whole.cpu, TOLERANCE),
    ("memory, MiB", lambda whole: whole.peak_mib, MEMORY_TOLERANCE),
)

_RATES: tuple[tuple[str, Callable[[Accuracy], float | None]], ...] = (
    ("WER", lambda accuracy: accuracy.wer),
    ("CER", lambda accuracy: accuracy.cer),
    ("DER", lambda accuracy: accuracy.der),
)


def require_comparable(old_digest: str, new_digest: str) -> None:
    """Raise InputError for reports on different recordings."""
    if old_digest != new_digest:
        raise InputError("The two benchmarks are not of the same recordings; there is nothing to compare.")


def compare(old: Report, new: Report) -> Comparison:
    """Old and new, figure by figure; raises InputError when they are of different recordings."""
    require_comparable(old.material.digest, new.material.digest)
    before = {(each.profile, each.device, each.workers): each for each in old.combinations}
    after = {(each.profile, each.device, each.workers): each for each in new.combinations}
    changes: list[Change] = []
    for key in dict.fromkeys((*before, *after)):
        changes += _combination(before.get(key), after.get(key))
    changes += _roles(old.roles, new.roles)
    return Comparison(changes=tuple(changes), cautions=tuple(_cautions(old, new)))


def judge(old: Spread | None, new: Spread | None, tolerance: float) -> Verdict:
    """Worse or better only where the ranges of the runs do not touch and the median moved by more than
    `tolerance` of itself."""
    if old is None or new is None:
        return Verdict.SAME if old is new else Verdict.GONE if new is None else Verdict.NEW
    if (
        min(old.runs, new.runs) < FEWEST_RUNS
        or not is_apart(old, new)
        or abs(new.median - old.median) <= tolerance * old.median
    ):
        return Verdict.SAME
    return Verdict.WORSE if new.median > old.median else Verdict.BETTER


def judge_rate(old: float | None, new: float | None) -> Verdict:
    """The same for an error rate."""
    if old is None or new is None:
        return Verdict.SAME if old is new else Verdict.GONE if new is None else Verdict.NEW
    if abs(new - old) <= RATE_TOLERANCE:
        return Verdict.SAME
    return Verdict.WORSE if new > old else Verdict.BETTER


def _combination(old: Combination | None, new: Combination | None) -> list[Change]:
    either = new or old
    subject = either.title if either else ""
    before, after = old and old.whole, new and new.whole
    if before is None or after is None:
        return [_unpaired(subject, before is not None, after is not None, was_tried=new is not None)]
    changes = [
        _change(subject, name, figure(before), figure(after), tolerance)
        for name, figure, tolerance in _FIGURES
    ]
    rates = _rates(subject, before.accuracy or Accuracy(), after.accuracy or Accuracy())
    return [*changes, *_left_out(subject, before, after), *rates]


def _left_out(subject: str, old: Whole, new: Whole) -> Iterator[Change]:
    """What fails on more recordings than before is worse, whatever the figures of the others say."""
    if old.left_out != new.left_out:
        yield Change(
            subject=subject,
            figure="recordings left out",
            old=old.left_out,
            new=new.left_out,
            verdict=Verdict.WORSE if new.left_out > old.left_out else Verdict.BETTER,
        )


def _unpaired(subject: str, was: bool, is_now: bool, *, was_tried: bool) -> Change:
    """What worked and fails now is worse; what was not measured again is only gone."""
    if was == is_now:
        verdict = Verdict.SAME
    elif is_now:
        verdict = Verdict.NEW
    else:
        verdict = Verdict.WORSE if was_tried else Verdict.GONE
    return Change(subject=subject, figure="works", old=None, new=None, verdict=verdict)


def _rates(subject: str, old: Accuracy, new: Accuracy) -> Iterator[Change]:
    for name, rate in _RATES:
        before, after = rate(old), rate(new)
        if before is not None or after is not None:
            verdict = judge_rate(before, after)
            yield Change(subject=subject, figure=name, old=before, new=after, verdict=verdict, is_rate=True)


def _roles(old: Sequence[RoleTrial], new: Sequence[RoleTrial]) -> Iterator[Change]:
    after = _role_walls(new)
    tried = {(trial.profile, trial.device) for trial in new}
    for key, (subject, wall) in _role_walls(old).items():
        now = after.get(key)
        if wall is not None and (now is None or now[1] is None):
            if key[:2] in tried:
                yield _unpaired(subject, was=True, is_now=False, was_tried=True)
        elif now is not None:
            yield _change(subject, "s / audio s", wall, now[1], TOLERANCE)


def _role_walls(trials: Sequence[RoleTrial]) -> dict[tuple[str, str, str], tuple[str, Spread | None]]:
    return {
        (trial.profile, trial.device, each.role): (
            f"{trial.profile}, {trial.device or 'as configured'}, {each.role} alone",
            each.wall,
        )
        for trial in trials
        for each in trial.roles
    }


def _change(subject: str, figure: str, old: Spread | None, new: Spread | None, tolerance: float) -> Change:
    return Change(
        subject=subject,
        figure=figure,
        old=old and old.median,
        new=new and new.median,
        verdict=judge(old, new, tolerance),
    )


def _cautions(old: Report, new: Report) -> Iterator[str]:
    if (old.machine.processor, old.machine.cores) != (new.machine.processor, new.machine.cores):
        yield "They were measured on different machines."
    changed = [
        f"{name} {version} -> {new.machine.versions[name]}"
        for name, version in old.machine.versions.items()
        if new.machine.versions.get(name, version) != version
    ]
    if changed:
        yield f"Versions differ: {', '.join(changed)}."
    if min(old.runs, new.runs) < FEWEST_RUNS:
        yield "One of them is of a single run: only error rates were judged."
    if not (old.is_complete and new.is_complete):
        yield "One of them was interrupted."
