"""Which device an engine computes on: the same arithmetic for a worker, which tries, and for whoever asks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from parley.errors import DeviceUnavailable
from parley.speech.device import AUTO, CPU, DeviceFound, Placement

WANTED = r"(auto|cpu|mps|cuda(:\d{1,3})?)(,(auto|cpu|mps|cuda(:\d{1,3})?))*"
"""What may be asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A device to try, or with `problem` one that was wanted and is not to be tried."""

    device: str
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The device that is taken, "" where none can be, and those that were wanted before it."""

    device: str
    passed: tuple[Candidate, ...] = ()


def is_wanted(text: str) -> bool:
    """Whether a text names devices as `Placement.wanted` does."""
    return re.fullmatch(WANTED, text) is not None


def kind_of(device: str) -> str:
    """The device without its number."""
    return device.partition(":")[0]


def candidates(placement: Placement, seen: Iterable[str]) -> tuple[Candidate, ...]:
    """What to try, in order; neighbours of one kind are equals, among which `slot` says who is first.

    A strict "auto" leaves the processor out where there is something better.
    """
    seen = tuple(seen)
    found: list[Candidate] = []
    for token in placement.wanted.split(","):
        found += _expand(token, placement, seen)
    if not placement.is_strict:
        found.append(_judged(CPU, placement))
    ordered: list[Candidate] = []
    for _, equals in groupby(dict.fromkeys(found), key=lambda each: kind_of(each.device)):
        ordered += _rotated(tuple(equals), placement.slot)
    return tuple(dict.fromkeys(ordered))


def take(wished: Iterable[Candidate], attempt: Callable[[str], str]) -> Choice:
    """The first candidate for which `attempt` gives no problem."""
    passed: list[Candidate] = []
    for candidate in wished:
        problem = candidate.problem or attempt(candidate.device)
        if not problem:
            return Choice(device=candidate.device, passed=tuple(passed))
        passed.append(Candidate(device=candidate.device, problem=problem))
    return Choice(device="", passed=tuple(passed))


def resolve(placement: Placement, found: Sequence[DeviceFound]) -> Choice:
    """The device a worker would take, as far as a probe can tell."""
    problems = {device.name: device.problem for device in found}
    return take(candidates(placement, problems), lambda device: problems.get(device, ""))


def notice(engine: str, choice: Choice) -> str:
    """What the user has to know of a choice, "" where it is as wished."""
    if not choice.passed:
        return ""
    return f"The engine '{engine}' runs on {choice.device} instead of {_listed(choice.passed)}."


def refusal(engine: str, choice: Choice, placement: Placement, detail: str = "") -> DeviceUnavailable:
    """What to raise where no device is left."""
    relax = ", or leave --strict-device (devices.strict) out" if placement.is_strict else ""
    return DeviceUnavailable(
        f"The engine '{engine}' cannot run on {_listed(choice.passed)}; "
        f"name another device for its role{relax}.",
        detail=detail,
    )


def _expand(token: str, placement: Placement, seen: Sequence[str]) -> list[Candidate]:
    if token == AUTO:
        return _automatic(placement, seen)
    if kind_of(token) not in placement.kinds:
        return [Candidate(device=token, problem="it cannot use that")]
    names = [CPU] if token == CPU else [name for name in seen if token in (name, kind_of(name))]
    if not names:
        return [Candidate(device=token, problem="there is none")]
    return [_judged(name, placement) for name in names]


def _automatic(placement: Placement, seen: Sequence[str]) -> list[Candidate]:
    """The kinds in the engine's order; the processor comes last where the engine does not name it."""
    found: list[Candidate] = []
    for kind in dict.fromkeys((*placement.kinds, CPU)):
        if kind != CPU:
            found += [_judged(name, placement) for name in seen if kind_of(name) == kind]
        elif not (placement.is_strict and found):
            found.append(_judged(CPU, placement))
    return found


def _judged(name: str, placement: Placement) -> Candidate:
    if kind_of(name) not in placement.kinds:
        return Candidate(device=name, problem="it cannot use that")
    if name in placement.avoid and name != CPU:
        return Candidate(device=name, problem="a worker was lost on it")
    if name in placement.full:
        return Candidate(device=name, problem="its memory is given to others")
    return Candidate(device=name)


def _rotated(equals: Sequence[Candidate], slot: int) -> list[Candidate]:
    """Those that are not to be tried come first: whoever is taken, they were wanted too."""
    usable = [each for each in equals if not each.problem]
    first = slot % len(usable) if usable else 0
    return [each for each in equals if each.problem] + usable[first:] + usable[:first]


def _listed(passed: Sequence[Candidate]) -> str:
    return ", ".join(f"{each.device} ({each.problem})" for each in passed)
