"""Runs `parley bench live`: what was asked becomes a course, what was found goes where it was wanted."""

from __future__ import annotations

import asyncio
import shlex
import sys
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from parley.app.trial import Trials
from parley.batch.wish import Wish
from parley.bench.corpus import Sample, material
from parley.bench.live.child import serving
from parley.bench.live.clips import Samples
from parley.bench.live.course import LiveCourse, Words
from parley.bench.live.decoding import decoded, transcribed
from parley.bench.live.line import asr_url, dialling, http_url
from parley.bench.live.material import scripts
from parley.bench.live.pacing import CHUNK_S
from parley.bench.live.report import Conditions, LiveReport
from parley.bench.live.stages import Costs, costs
from parley.bench.machine import busy, load_average, this_machine
from parley.bench.report import Machine
from parley.bench.scoring import lacking
from parley.bench.shop import Setting
from parley.cli import bench_show, tell
from parley.cli.bench_live_asked import Asked
from parley.cli.bench_live_results import deliver
from parley.cli.bench_results import Results
from parley.cli.files import stop_on_terminate
from parley.cli.main import INTERRUPTED
from parley.cli.start import start
from parley.engines.profiles import Profile
from parley.errors import InvalidOption
from parley.settings import Settings
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.recognition import RecognitionOptions

MANY = "100000"
"""Sessions that the server of a benchmark lets in by number: what is measured is what it can bear."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard:
    """Recordings and what is known of them; `texts` are those of their files, where they are wanted."""

    speech: tuple[Sample, ...]
    single: tuple[Sample, ...]
    recordings: dict[str, Samples]
    texts: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A server: where it listens, and its process where it is ours."""

    url: str
    pid: int | None


def measure(asked: Asked, results: Results) -> int:
    """Measure, show and write; gives the exit code. Raises ParleyError for what cannot even begin."""
    settings = start()
    speech, single = asked.samples()
    results.check([sample.path for sample in (*speech, *single)])
    if asked.with_wer and (why := lacking(speech)):
        raise InvalidOption(why)
    if asked.server is not None:
        asr_url(asked.server)
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        trials = Trials(settings=settings, folder=Path(folder) / "data")
        (profile,) = trials.require((asked.profile or settings.profile,), asked.language or None)
        machine = this_machine(trials.interpreters((profile,)))
        run = _Run(asked, settings, trials, profile, speech, single)
        code = _until_interrupted(run)
        machine = replace(machine, load_after=load_average())
        if run.course is None:
            return code
        deliver(run.report(machine, is_complete=code == 0), results)
    return code


class _Run:
    """One benchmark; `course` is there once there is something to tell."""

    def __init__(
        self,
        asked: Asked,
        settings: Settings,
        trials: Trials,
        profile: Profile,
        speech: tuple[Sample, ...],
        single: tuple[Sample, ...],
    ) -> None:
        self._asked = asked
        self._settings = settings
        self._trials = trials
        self._profile = profile
        self._samples = (speech, single)
        self._seconds: dict[str, float] = {}
        self.course: LiveCourse | None = None

    async def work(self) -> None:
        """Everything, in order; raises ParleyError."""
        stop_on_terminate()
        heard = await self._hear()
        self._seconds = {name: len(samples) / SAMPLE_RATE_HZ for name, samples in heard.recordings.items()}
        async with self._server() as place:
            self.course = self._course(heard, place)
            await self.course.run()

    def report(self, machine: Machine, *, is_complete: bool) -> LiveReport:
        """What was found so far."""
        course, asked = self.course, self._asked
        if course is None:
            raise ValueError("nothing was measured")
        return LiveReport(
            made_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            command=shlex.join(["parley", *without_token(sys.argv[1:])]),
            machine=machine,
            material=material([*self._samples[0], *self._samples[1]], self._seconds),
            conditions=Conditions(
                profile=self._profile.name,
                streaming=course.streaming,
                partials=asked.partials,
                is_own=asked.server is None,
                silence_ms=asked.silence_ms,
                chunk_ms=round(CHUNK_S * 1000),
                max_lag_ms=asked.max_lag_ms,
                step_s=asked.step_s,
                speech_share=course.scripts.speech_share,
            ),
            latencies=tuple(course.latencies),
            capacity=course.capacity,
            overload=course.overload,
            accuracy=course.accuracy,
            stages=course.stages,
            notes=tuple(note for note in (busy(machine), *course.notes) if note),
            is_complete=is_complete,
        )

    async def _hear(self) -> _Heard:
        """The recordings decoded, and their texts; the workers for that are gone before the server comes."""
        speech, single = self._samples
        bench_show.progress(f"reading {len(speech) + len(single)} recordings")
        setting = Setting(profile=self._profile.name)
        async with self._trials.open(setting, bench_show.progress) as shop:
            with tempfile.TemporaryDirectory(dir=self._trials.folder.parent) as folder:
                recordings = await decoded(shop, [*speech, *single], Path(folder))
            texts: dict[str, str] = {}
            if self._asked.with_wer:
                bench_show.progress("the same recordings as files")
                options = RecognitionOptions(language=self._asked.language or None)
                texts = await transcribed(shop, speech, Wish(recognition=options))
        return _Heard(speech=speech, single=single, recordings=recordings, texts=texts)

    @asynccontextmanager
    async def _server(self) -> AsyncGenerator[_Place]:
        if self._asked.server is not None:
            yield _Place(url=self._asked.server, pid=None)
            return
        variables = {
            "PARLEY_LIVE__MAX_SESSIONS": MANY,
            "PARLEY_LIVE__MAX_SESSIONS_PER_CLIENT": MANY,
            "PARLEY_ENGINES__DIR": str(self._settings.environments_dir()),
            "PARLEY_MODELS__DIR": str(self._settings.models_dir()),
            "PARLEY_PROFILE": self._profile.name,
        }
        async with serving(self._trials.folder.parent / "server", variables) as child:
            yield _Place(url=child.url, pid=child.pid)

    def _course(self, heard: _Heard, place: _Place) -> LiveCourse:
        asked = self._asked
        speech = {sample.name: heard.recordings[sample.name] for sample in heard.speech}
        single = [(sample, heard.recordings[sample.name]) for sample in heard.single]
        headers = {"Authorization": f"Bearer {asked.token}"} if asked.token else {}

        async def asks() -> Costs | None:
            return await costs(http_url(place.url), headers)

        return LiveCourse(
            plan=asked.plan(),
            dial=dialling(asr_url(place.url), asked.token),
            start=asked.start(self._profile.name),
            scripts=scripts(speech, single, asked.silence_ms / 1000),
            words=Words(samples=heard.speech, recordings=speech, texts=heard.texts) if heard.texts else None,
            costs=asks,
            pid=place.pid,
            tell=bench_show.progress,
        )


def _until_interrupted(run: _Run) -> int:
    """0, or 130 after Ctrl-C or SIGTERM."""
    try:
        asyncio.run(run.work())
    except (KeyboardInterrupt, asyncio.CancelledError):
        tell.line("parley: interrupted; what was done follows.")
        return INTERRUPTED
    return 0


def without_token(words: Sequence[str]) -> list[str]:
    """The command without what no page may show."""
    shown: list[str] = []
    for before, word in zip(("", *words), words, strict=False):
        hidden = "--token=..." if word.startswith("--token=") else word
        shown.append("..." if before == "--token" else hidden)
    return shown
