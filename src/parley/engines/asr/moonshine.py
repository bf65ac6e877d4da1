"""Moonshine, run by onnxruntime: Tiny English (MIT) as the `moonshine-voice` package carries it, and what
there is to download, each for one language.

The package's own library cuts the audio by itself and costs four times as much (ADR 007); only its
weights are used. It is not imported, and `moonshine-tiny` does without it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from parley.engines.asr.moonshine_graphs import (
    END_TOKEN,
    LEAST_SAMPLES,
    Heard,
    MoonshineGraphs,
)
from parley.engines.asr.moonshine_models import DOWNLOADS, TOKENS_PER_SECOND, Download
from parley.engines.carried import package_folder
from parley.engines.contract import EngineSpec, Progress, Role, Stretch
from parley.engines.setup import Setup
from parley.signal.beam import Beam, Hypothesis, Scores, search
from parley.signal.placing import gain_after, merge_islands, place_tokens
from parley.signal.repetition import cut_loops
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.recognition import Piece, Recognition, RecognitionOptions
from parley.speech.span import Span

SPEC = EngineSpec(
    name="moonshine",
    role=Role.ASR,
    factory="parley.engines.asr.moonshine:Moonshine",
    revision="moonshine-tiny-en-0.0.49/1",
    summary="Moonshine Tiny on the CPU: English, no download.",
    licence="MIT",
    requires=("moonshine_voice", "onnxruntime"),
    install="pip install moonshine-voice==0.0.49 onnxruntime",
    languages=frozenset({"en"}),
    max_stretch_s=20.0,
    batch_invariant=True,
)


def _spec(download: Download) -> EngineSpec:
    return EngineSpec(
        name=download.name,
        role=Role.ASR,
        factory="parley.engines.asr.moonshine:Moonshine",
        revision=f"{download.name}/1",
        summary=f"Moonshine {download.title} on the CPU.",
        licence=download.spec.licence,
        requires=("onnxruntime",),
        install="pip install onnxruntime",
        languages=frozenset({download.language}),
        max_stretch_s=20.0,
        models=(download.spec,),
        memory_mib=download.memory_mib,
    )


SPECS = tuple(_spec(download) for download in DOWNLOADS)

POSITIONS = 640
"""Islands times tokens when placing, which bounds its cost to a quarter of the recognition's; where there
would be more, islands with the shortest pauses between them are placed as one."""


class Moonshine:
    """Turns speech of one language into text; without a setup it is the English that the package carries."""

    def __init__(self, setup: Setup | None = None) -> None:
        downloads = {download.name: download for download in DOWNLOADS}
        if setup is None:
            download, folder = None, package_folder("moonshine_voice") / "assets" / "tiny-en"
        else:
            ((name, folder),) = setup.models.items()
            download = downloads[name]
        self._language = download.language if download else "en"
        self._tokens_per_second = download.tokens_per_second if download else TOKENS_PER_SECOND
        self._graphs = MoonshineGraphs(folder)

    def recognise(self, stretch: Stretch, options: RecognitionOptions, progress: Progress) -> Recognition:
        """One piece per island that has text, with the geometric mean of its tokens' probabilities
        as confidence; there are no times inside an island."""
        seconds = len(stretch.samples) / SAMPLE_RATE_HZ
        if len(stretch.samples) < LEAST_SAMPLES or not stretch.islands:
            return Recognition(pieces=(), language=self._language)
        heard = self._graphs.listen(stretch.samples)
        tokens, logs = self._read(heard, seconds)
        progress(seconds)
        began = time.thread_time()
        pieces = self._pieces(heard, stretch.islands, tokens, logs)
        return Recognition(pieces=pieces, language=self._language, place_cpu_s=time.thread_time() - began)

    def _read(self, heard: Heard, seconds: float) -> tuple[list[int], list[float]]:
        # Whether graphs without masks read several hypotheses against one sound is not known.
        width = 4 if self._graphs.takes_masks else 1
        beam = Beam(end_token=END_TOKEN, longest=math.ceil(self._tokens_per_second * seconds), width=width)
        found: Hypothesis = search(heard.scores, _Reading(self._graphs, heard), beam)
        length = len(found.tokens) - (found.tokens[-1:] == (END_TOKEN,))
        kept = cut_loops(found.tokens[:length])
        return [found.tokens[index] for index in kept], [found.logs[index] for index in kept]

    def _pieces(
        self, heard: Heard, islands: Sequence[Span], tokens: Sequence[int], logs: Sequence[float]
    ) -> tuple[Piece, ...]:
        if not tokens:
            return ()
        groups = merge_islands(islands, max(1, POSITIONS // len(tokens)))
        borders = self._place(heard, groups, tokens) if len(groups) > 1 else [0, len(tokens)]
        return tuple(
            self._piece(group, tokens[first:after], logs[first:after])
            for group, (first, after) in zip(groups, pairwise(borders), strict=True)
            if self._graphs.text(tokens[first:after])
        )

    def _place(self, heard: Heard, islands: Sequence[Span], tokens: Sequence[int]) -> list[int]:
        audible = [
            (int(island.start * SAMPLE_RATE_HZ), round(island.end * SAMPLE_RATE_HZ)) for island in islands
        ]
        likelihoods = self._graphs.likelihoods(heard, audible, tokens)
        starts = np.array(
            [index == 0 or self._graphs.starts_word(token) for index, token in enumerate(tokens)]
        )
        return place_tokens(likelihoods, starts, gain_after([self._graphs.text([token]) for token in tokens]))

    def _piece(self, island: Span, tokens: Sequence[int], logs: Sequence[float]) -> Piece:
        return Piece(
            start=island.start,
            end=island.end,
            text=self._graphs.text(tokens),
            confidence=round(math.exp(sum(logs) / len(logs)), 3),
        )


class _Reading:
    """The decoder's side of a search: remembers the caches of the hypotheses that are alive."""

    def __init__(self, graphs: MoonshineGraphs, heard: Heard) -> None:
        self._graphs = graphs
        self._heard = heard
        self._caches: Sequence[Any] = heard.caches
        self._rows = 1

    def __call__(self, rows: Sequence[int], tokens: Sequence[int]) -> Scores:
        if list(rows) != list(range(self._rows)):
            self._caches = self._graphs.take_rows(self._caches, rows)
            self._rows = len(rows)
        scores, self._caches = self._graphs.read_on(self._heard, self._caches, tokens)
        return scores
