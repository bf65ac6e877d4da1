"""Moonshine Tiny English (MIT), carried by the `moonshine-voice` package and run by onnxruntime.

The package's own library cuts the audio by itself and costs four times as much (ADR 007); only its
weights are used. It is not imported.
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
from parley.engines.carried import package_folder
from parley.engines.contract import EngineSpec, Progress, Role, Stretch
from parley.signal.beam import Beam, Hypothesis, Scores, search
from parley.signal.placing import merge_islands, place_tokens
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

TOKENS_PER_SECOND = 6.5
"""The model's authors stop there: more is a loop, not speech."""

POSITIONS = 640
"""Islands times tokens when placing, which bounds its cost to a quarter of the recognition's; where there
would be more, islands with the shortest pauses between them are placed as one."""

AFTER_MARK = {".": 2.0, "?": 2.0, "!": 2.0, ",": 1.0, ";": 1.0, ":": 1.0}
"""Nats by which an island rather begins behind a punctuation mark."""


class Moonshine:
    """Turns English speech into text."""

    def __init__(self) -> None:
        self._graphs = MoonshineGraphs(package_folder("moonshine_voice") / "assets" / "tiny-en")

    def recognise(self, stretch: Stretch, options: RecognitionOptions, progress: Progress) -> Recognition:
        """One piece per island that has text, with the geometric mean of its tokens' probabilities
        as confidence; there are no times inside an island."""
        seconds = len(stretch.samples) / SAMPLE_RATE_HZ
        if len(stretch.samples) < LEAST_SAMPLES or not stretch.islands:
            return Recognition(pieces=(), language="en")
        heard = self._graphs.listen(stretch.samples)
        tokens, logs = self._read(heard, seconds)
        progress(seconds)
        began = time.thread_time()
        pieces = self._pieces(heard, stretch.islands, tokens, logs)
        return Recognition(pieces=pieces, language="en", place_cpu_s=time.thread_time() - began)

    def _read(self, heard: Heard, seconds: float) -> tuple[list[int], list[float]]:
        beam = Beam(end_token=END_TOKEN, longest=math.ceil(TOKENS_PER_SECOND * seconds))
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
        starts = np.array([self._graphs.starts_word(token) for token in tokens])
        before = ["", *(self._graphs.text([token])[-1:] for token in tokens[:-1])]
        gain = np.array([AFTER_MARK.get(mark, 0.0) for mark in before])
        return place_tokens(likelihoods, starts, gain)

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
