"""Runs `parley bench`: what was asked becomes combinations, what was found goes where it was wanted."""

from __future__ import annotations

import asyncio
import shlex
import sys
import tempfile
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from parley.app.trial import Trials
from parley.batch.wish import Wish
from parley.bench.comparison import compare, require_comparable
from parley.bench.corpus import Sample, corpus, digest, files, material
from parley.bench.course import Course
from parley.bench.machine import busy, load_average, this_machine
from parley.bench.report import Machine, Report
from parley.bench.scoring import lacking
from parley.bench.shop import Setting
from parley.cli import bench_show, tell
from parley.cli.bench import WORSE
from parley.cli.bench_results import Results, deliver, read, write
from parley.cli.files import stop_on_terminate
from parley.cli.main import INTERRUPTED
from parley.cli.start import start
from parley.engines.profiles import Profile
from parley.errors import InvalidOption, WorkerError
from parley.settings import Settings
from parley.speech.placing import is_wanted
from parley.speech.recognition import RecognitionOptions, parse_speaker_count


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to measure; what is empty is as the settings say."""

    files: tuple[str, ...]
    corpus: Path | None
    only: tuple[str, ...]
    limit: int | None
    profiles: tuple[str, ...]
    devices: tuple[str, ...]
    workers: tuple[str, ...]
    per_role: bool
    runs: int
    language: str
    speakers: str


def measure(asked: Asked, results: Results) -> int:
    """Measure, show and write; gives the exit code. Raises ParleyError for what cannot even begin."""
    settings = start()
    samples = _samples(asked)
    results.check([sample.path for sample in samples])
    old = _old(results, samples)
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        trials = Trials(settings=settings, folder=Path(folder) / "data")
        profiles = trials.require(asked.profiles or (settings.profile,), asked.language or None)
        course = _plan(asked, settings, trials, profiles, samples, Path(folder))
        machine = this_machine(trials.interpreters(profiles))
        devices: list[str] = []

        async def work() -> None:
            stop_on_terminate()
            devices.extend(await trials.devices(profiles))
            await course.run()

        code = _run(work())
        machine = replace(machine, devices=tuple(devices), load_after=load_average())
        report = _report(asked, course, machine, is_complete=code == 0)
    comparison = compare(old, report) if old is not None else None
    deliver(report, comparison, results)
    if code:
        return code
    if not any(each.whole for each in report.combinations):
        return WorkerError.exit_code
    return WORSE if comparison is not None and comparison.worse else 0


def compare_files(old: Path, new: Path, results: Results) -> bool:
    """Compare two reports, show and write the newer one with that; tells whether something got worse."""
    results.check([old, new])
    report = read(new)
    comparison = compare(read(old), report)
    try:
        write(report, comparison, results)
    finally:
        bench_show.comparison(comparison)
    return bool(comparison.worse)


def _samples(asked: Asked) -> tuple[Sample, ...]:
    if asked.corpus is not None:
        return corpus(asked.corpus, asked.only, asked.limit, asked.language)
    if asked.files:
        return files(asked.files, asked.language)
    from parley.cli.demo import recording

    return files([str(recording())], "en")


def _old(results: Results, samples: Sequence[Sample]) -> Report | None:
    """What is compared with; that it cannot be is said before the work, not after it."""
    if results.compare is None:
        return None
    old = read(results.compare)
    require_comparable(old.material.digest, digest(samples))
    return old


def _plan(
    asked: Asked,
    settings: Settings,
    trials: Trials,
    profiles: Sequence[Profile],
    samples: Sequence[Sample],
    folder: Path,
) -> Course:
    counts = _counts(asked.workers) or (settings.worker_count(),)
    devices = _devices(asked.devices) or ("",)
    recognition = RecognitionOptions(language=asked.language or None)
    return Course(
        settings=[
            Setting(profile=profile.name, device=device, workers=count)
            for profile in profiles
            for device in devices
            for count in counts
        ],
        samples=samples,
        open_shop=trials.open,
        wish=Wish(
            recognition=recognition,
            speakers=parse_speaker_count(asked.speakers),
            use_cache=False,
            strict=True,
        ),
        runs=asked.runs,
        per_role=asked.per_role,
        folder=folder,
        tell=bench_show.progress,
    )


def _counts(words: Sequence[str]) -> tuple[int, ...]:
    if not all(word.isdecimal() and 1 <= int(word) <= 256 for word in words):
        raise InvalidOption("--workers takes numbers from 1 to 256 with commas between them.")
    return tuple(int(word) for word in words)


def _devices(words: Sequence[str]) -> tuple[str, ...]:
    for word in words:
        if not is_wanted(word):
            raise InvalidOption(f"There is no device '{word}'; name cpu, mps, cuda, cuda:N or auto.")
    return tuple(words)


def _run(work: Coroutine[Any, Any, None]) -> int:
    """0, or 130 after Ctrl-C or SIGTERM."""
    try:
        asyncio.run(work)
    except (KeyboardInterrupt, asyncio.CancelledError):
        tell.line("parley: interrupted; what was done follows.")
        return INTERRUPTED
    return 0


def _report(asked: Asked, course: Course, machine: Machine, *, is_complete: bool) -> Report:
    notes = (lacking(course.samples), busy(machine))
    return Report(
        made_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        command=shlex.join(["parley", *sys.argv[1:]]),
        machine=machine,
        material=material(course.samples, course.seconds),
        runs=asked.runs,
        combinations=course.scored(),
        roles=tuple(course.roles),
        notes=tuple(note for note in notes if note),
        is_complete=is_complete,
    )
