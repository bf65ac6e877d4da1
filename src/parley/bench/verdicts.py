"""What the figures say about devices, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from parley.bench.report import Report, RoleTrial
from parley.bench.spread import Spread, is_apart


def verdicts(report: Report) -> tuple[str, ...]:
    """Which device is faster, for each whole recipe and each role alone; and what more workers bring."""
    return (*_whole(report), *_workers(report), *_by_role(report.roles))


def _whole(report: Report) -> Iterator[str]:
    groups: dict[tuple[str, int], dict[str, Spread]] = {}
    for each in report.combinations:
        if each.whole is not None:
            groups.setdefault((each.profile, each.workers), {})[each.device] = each.whole.rtf
    for (profile, workers), found in groups.items():
        many = "worker" if workers == 1 else "workers"
        yield from _sentences(f"{profile}, whole recipe, {workers} {many}", found)


def _workers(report: Report) -> Iterator[str]:
    groups: dict[tuple[str, str], dict[int, Spread]] = {}
    for each in report.combinations:
        if each.whole is not None:
            groups.setdefault((each.profile, each.device), {})[each.workers] = each.whole.rtf
    for (profile, device), found in groups.items():
        least = min(found)
        for more in sorted(set(found) - {least}):
            yield f"{profile}, {_named(device)}: {_gain(least, more, found[least], found[more])}"


def _gain(least: int, more: int, before: Spread, after: Spread) -> str:
    if not is_apart(before, after) or not after.median:
        return f"no clear difference between {least} and {more} workers."
    return f"{more} workers are {before.median / after.median:.2f} times as fast as {least}."


def _by_role(trials: Sequence[RoleTrial]) -> Iterator[str]:
    groups: dict[tuple[str, str, str], dict[str, Spread]] = {}
    for trial in trials:
        for each in trial.roles:
            if each.wall is not None:
                # What ran elsewhere says nothing of the device that was asked for.
                where = each.ran_on or trial.device
                groups.setdefault((trial.profile, each.role, each.engine), {}).setdefault(where, each.wall)
    for (profile, role, engine), found in groups.items():
        yield from _sentences(f"{profile}, {role} ({engine})", found)


def _sentences(subject: str, found: Mapping[str, Spread]) -> Iterator[str]:
    for one, other in combinations(found, 2):
        faster, slower = sorted((one, other), key=lambda device: found[device].median)
        if not is_apart(found[one], found[other]) or not found[faster].median:
            yield f"{subject}: no clear difference between {_named(one)} and {_named(other)}."
            continue
        times = found[slower].median / found[faster].median
        yield f"{subject}: {_named(faster)} is {times:.2f} times as fast as {_named(slower)}."


def _named(device: str) -> str:
    return device or "as configured"
