"""Runs `parley bench talk`: recordings become turns, what was heard of them becomes a report."""

from __future__ import annotations

import asyncio
import shlex
import sys
import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from parley.app.trial import Trials
from parley.bench.corpus import Sample, corpus, files, material
from parley.bench.live.child import serving
from parley.bench.live.clips import Clip, pieces, whole
from parley.bench.live.decoding import decoded
from parley.bench.live.delays import delays, percentile
from parley.bench.live.line import LineClosed
from parley.bench.machine import busy, load_average, this_machine
from parley.bench.markdown import into_page
from parley.bench.report import Machine
from parley.bench.shop import Setting
from parley.bench.talk.conversation import Conversation, TurnTaken
from parley.bench.talk.line import dial, talk_url
from parley.bench.talk.measuring import heard_delays, stages
from parley.bench.talk.report import TalkReport, write_talk
from parley.bench.talk.tables import MARKS, conditions, sentences, talk_markdown, talk_tables
from parley.cli import bench_show
from parley.cli.bench_live_run import without_token
from parley.cli.bench_results import STANDARD, Results, page_of
from parley.cli.delivery import write_whole
from parley.cli.files import stop_on_terminate
from parley.cli.start import start
from parley.engines.profiles import Profile
from parley.errors import InvalidOption, ServerUnreachable
from parley.settings import Settings
from parley.speech.media import SAMPLE_RATE_HZ
from parley.wire.speech.assistant_client import AssistantStart

_KEYS = ("LLM_API_KEY", "OPENAI_API_KEY", "PARLEY_ASSISTANT__LLM_API_KEY")
"""Without any of them the parrot answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to measure, as on the command line."""

    files: tuple[str, ...]
    corpus: Path | None
    only: tuple[str, ...]
    turns: int
    profile: str | None
    language: str
    voice: str | None
    with_model: bool
    server: str | None
    token: str | None
    tape: Path | None

    def samples(self) -> tuple[Sample, ...]:
        """The recordings; raises InputError."""
        if self.corpus is not None:
            return corpus(self.corpus, self.only, None, self.language)
        if self.files:
            return files(self.files, self.language)
        from parley.cli.demo import recording

        return files([str(recording())], "en")


def measure(asked: Asked, results: Results) -> None:
    """Measure, then deliver; raises ParleyError."""
    settings = start(profile=asked.profile)
    samples = asked.samples()
    results.check([sample.path for sample in samples])
    if asked.server is not None:
        talk_url(asked.server)
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        trials = Trials(settings=settings, folder=Path(folder) / "data")
        (profile,) = trials.require((asked.profile or settings.profile,), asked.language or None)
        machine = this_machine(trials.interpreters((profile,)))
        report = asyncio.run(_Run(asked, settings, trials, profile, samples).work(machine))
    _deliver(report, results)


@dataclass(frozen=True, slots=True)
class _Run:
    """One benchmark."""

    asked: Asked
    settings: Settings
    trials: Trials
    profile: Profile
    samples: tuple[Sample, ...]

    async def work(self, machine: Machine) -> TalkReport:
        """Everything, in order; raises ParleyError."""
        stop_on_terminate()
        said, seconds = await self._said()
        async with self._server() as url:
            start_with = AssistantStart(
                profile=self.profile.name, language=self.asked.language or None, voice=self.asked.voice
            )
            try:
                talk = Conversation(await dial(talk_url(url), self.asked.token), start_with)
            except LineClosed as error:
                raise ServerUnreachable(f"No conversation could be opened: {error}") from error
            await talk.open()
            if not (talk.is_parrot or self.asked.with_model or self.asked.server):
                raise InvalidOption("The settings name a language model; measure it with --language-model.")
            bench_show.progress(f"{len(said)} turns, the first one for warming up")
            turns = await talk.hold([clip.samples.tobytes() for clip in said])
        if self.asked.tape is not None:
            await asyncio.to_thread(talk.tape.save, self.asked.tape, "talk")
        machine = replace(machine, load_after=load_average())
        return self._report(machine, talk, turns, seconds)

    async def _said(self) -> tuple[list[Clip], dict[str, float]]:
        """What is said: sentences without pauses, as many as turns were asked for and one for warming up."""
        bench_show.progress(f"reading {len(self.samples)} recordings")
        async with self.trials.open(Setting(profile=self.profile.name), bench_show.progress) as shop:
            with tempfile.TemporaryDirectory(dir=self.trials.folder.parent) as folder:
                found = await decoded(shop, self.samples, Path(folder))
        seconds = {name: len(samples) / SAMPLE_RATE_HZ for name, samples in found.items()}
        clips = [clip for name, samples in found.items() if (clip := whole(name, samples))]
        said = [piece for clip in clips for piece in pieces(clip)]
        if not said:
            raise InvalidOption("Nobody speaks in these recordings; name others.")
        most = self.asked.turns + 1
        # From all over the material, in its order.
        step = max(1.0, len(said) / most)
        return [said[int(index * step)] for index in range(min(most, len(said)))], seconds

    @asynccontextmanager
    async def _server(self) -> AsyncGenerator[str]:
        if self.asked.server is not None:
            yield self.asked.server
            return
        variables: Mapping[str, str] = {
            "PARLEY_ENGINES__DIR": str(self.settings.environments_dir()),
            "PARLEY_MODELS__DIR": str(self.settings.models_dir()),
            "PARLEY_PROFILE": self.profile.name,
        }
        if not self.asked.with_model:
            variables = {**variables, **dict.fromkeys(_KEYS, "")}
        async with serving(self.trials.folder.parent / "server", variables) as child:
            yield child.url

    def _report(
        self, machine: Machine, talk: Conversation, turns: list[TurnTaken], seconds: dict[str, float]
    ) -> TalkReport:
        counted = turns[1:] or turns
        heard = heard_delays(talk.tape, counted)
        return TalkReport(
            made_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            command=shlex.join(["parley", *without_token(sys.argv[1:])]),
            machine=machine,
            material=material(self.samples, seconds),
            profile=self.profile.name,
            voice=talk.voice,
            model=talk.model,
            is_own=self.asked.server is None,
            turns=len(counted),
            unheard=heard.count(None),
            delay=delays(delay for delay in heard if delay is not None),
            stages=stages((turn.stages for turn in counted), heard),
            late_s=percentile(sorted(talk.late_s), 95),
            notes=tuple(note for note in (busy(machine),) if note),
        )


def _deliver(report: TalkReport, results: Results) -> None:
    """Files first: a terminal that went away costs none of them."""
    if results.json_file == STANDARD:
        sys.stdout.write(write_talk(report))
    elif results.json_file is not None:
        write_whole(Path(results.json_file), write_talk(report))
    if results.markdown is not None:
        known = page_of(results.markdown)
        write_whole(results.markdown, into_page(known, talk_markdown(report), MARKS))
    if results.json_file != STANDARD:
        bench_show.show(report, talk_tables(report), (conditions(report),), report.notes, sentences(report))
