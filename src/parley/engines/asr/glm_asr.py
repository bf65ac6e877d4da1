"""GLM-ASR-Nano-2512 (MIT): a Whisper encoder in front of a language model; Mandarin, Cantonese, English.

It gives text without times. Where a stretch has several islands the text is placed on them by the model
itself: what it thinks of the known text when it is given the sound of one island alone says which words
are that island's. That costs one more reading of the text for each island but no second encoding and no
second generation, while recognising islands one by one would encode thirty seconds for each of them (the
encoder knows nothing shorter) and hears short ones worse. It was tried with random weights only.

A prompt is added to the instruction that the model was trained with; it knows no hotwords. It answers in
the language it hears and does not say which that was.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from parley.engines.asr.glm_model import GlmModel, Heard, Written
from parley.engines.contract import Capability, EngineSpec, Progress, Role, Stretch
from parley.engines.model import Hub, ModelSource, ModelSpec
from parley.engines.setup import Setup
from parley.signal.placing import gain_after, merge_islands, place_tokens
from parley.signal.repetition import cut_loops
from parley.signal.tokens import is_said, is_unspaced
from parley.speech.device import CPU
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.recognition import Piece, Recognition, RecognitionOptions
from parley.speech.span import Span

_FILES = ("*.json", "*.safetensors", "chat_template.jinja")

MODEL = ModelSpec(
    name="glm-asr-nano-2512",
    sources=(
        ModelSource(
            hub=Hub.HUGGINGFACE,
            repo="zai-org/GLM-ASR-Nano-2512",
            revision="61ba4e0b3309b6656edea3e93e419f7bd5c61957",
            files=_FILES,
        ),
        ModelSource(hub=Hub.MODELSCOPE, repo="ZhipuAI/GLM-ASR-Nano-2512", revision="master", files=_FILES),
    ),
    needs=("config.json", "*.safetensors", "tokenizer.json", "chat_template.jinja"),
    size_mib=4320,
    licence="MIT",
)

SPEC = EngineSpec(
    name="glm-asr",
    role=Role.ASR,
    factory="parley.engines.asr.glm_asr:GlmAsr",
    revision="glm-asr-nano-2512/1",
    summary="GLM-ASR-Nano through transformers: Mandarin, Cantonese and English, quiet speech too.",
    licence="MIT",
    requires=("transformers", "torch"),
    environment="glm-asr",
    install="parley engines install glm-asr",
    languages=frozenset({"zh", "yue", "en"}),
    capabilities=frozenset({Capability.PROMPT}),
    max_stretch_s=30.0,
    models=(MODEL,),
    backend="parley.engines.devices.pytorch:PyTorch",
    devices=("cuda", "mps", CPU),
    memory_mib=6500,
    public_names=("zai-org/GLM-ASR-Nano-2512", "ZhipuAI/GLM-ASR-Nano-2512", "glm-asr-nano"),
    batches=True,
    batch_size_s=120.0,
    batch_invariant=False,
)

LEAST_S = 0.1
TOKENS_PER_SECOND = 12
SPARE_TOKENS = 16
"""More is a loop, not speech: Mandarin has 5 to 7 tokens a second, fast English as many."""

MOST_ISLANDS = 8
"""Placed one by one; where there are more, those with the shortest pauses between them go together."""

MOST_OF_PROMPT = 200
LONG_PROMPT = "The prompt is longer than 200 tokens; only its end was used."


class GlmAsr:
    """Turns speech into text."""

    def __init__(self, setup: Setup) -> None:
        self._model = GlmModel(setup.models[MODEL.name], setup)

    def recognise(self, stretch: Stretch, options: RecognitionOptions, progress: Progress) -> Recognition:
        """One piece per island that has text; there are no times inside an island."""
        return self.recognise_batch([stretch], options, progress)[0]

    def recognise_batch(
        self, stretches: Sequence[Stretch], options: RecognitionOptions, progress: Progress
    ) -> list[Recognition]:
        """The same of several stretches, written at once; what is shorter waits for the longest."""
        prompt, was_cut = self._model.shortened(options.prompt or "", MOST_OF_PROMPT)
        spoken = [
            index
            for index, stretch in enumerate(stretches)
            if stretch.islands and len(stretch.samples) >= LEAST_S * SAMPLE_RATE_HZ
        ]
        found = [Recognition(pieces=(), notices=(LONG_PROMPT,) if was_cut else ()) for _ in stretches]
        if not spoken:
            return found
        given = [stretches[index] for index in spoken]
        heard = self._model.listen([stretch.samples for stretch in given], prompt)
        lengths = [_longest(stretch) for stretch in given]
        done_s = sum(len(stretch.samples) for stretch in given) / SAMPLE_RATE_HZ
        written = self._model.write(heard, lengths, lambda part: progress(part * done_s))
        for row, index in enumerate(spoken):
            began = time.thread_time()
            pieces = self._pieces(heard, row, stretches[index], _kept(written[row]))
            found[index] = Recognition(
                pieces=pieces, notices=found[index].notices, place_cpu_s=time.thread_time() - began
            )
        return found

    def _pieces(self, heard: Heard, row: int, stretch: Stretch, written: Written) -> tuple[Piece, ...]:
        tokens = written.tokens
        if not tokens:
            return ()
        groups = merge_islands(stretch.islands, MOST_ISLANDS)
        several = len(groups) > 1
        borders = self._place(heard, row, groups, tokens) if several else [0, len(tokens)]
        pieces = [
            self._piece(group, tokens[first:after], written.logs[first:after])
            for group, (first, after) in zip(groups, pairwise(borders), strict=True)
            if first < after
        ]
        return tuple(piece for piece in pieces if is_said(piece.text))

    def _place(self, heard: Heard, row: int, islands: Sequence[Span], tokens: Sequence[int]) -> list[int]:
        texts = [self._model.text([token], strip=False) for token in tokens]
        starts = np.array([index == 0 or _starts_word(text) for index, text in enumerate(texts)])
        likelihoods = self._model.likelihoods(heard, row, islands, tokens)
        return place_tokens(likelihoods, starts, gain_after(texts))

    def _piece(self, island: Span, tokens: Sequence[int], logs: Sequence[float]) -> Piece:
        return Piece(
            start=island.start,
            end=island.end,
            text=self._model.text(tokens),
            confidence=round(math.exp(sum(logs) / len(logs)), 3),
        )


def _longest(stretch: Stretch) -> int:
    return math.ceil(len(stretch.samples) / SAMPLE_RATE_HZ * TOKENS_PER_SECOND) + SPARE_TOKENS


def _kept(written: Written) -> Written:
    kept = cut_loops(written.tokens)
    return Written([written.tokens[index] for index in kept], [written.logs[index] for index in kept])


def _starts_word(text: str) -> bool:
    return text[:1].isspace() or is_unspaced(text[:1])
