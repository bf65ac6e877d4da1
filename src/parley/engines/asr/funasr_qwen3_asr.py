"""Qwen3-ASR-0.6B through FunASR: thirty languages and 22 Chinese dialects, punctuation included.

Model card: https://huggingface.co/Qwen/Qwen3-ASR-0.6B. It gives text without times, so speech on either
side of a pause is recognised apart. Its package wants transformers 4.57, hence an environment of its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from parley.engines.contract import Capability, EngineSpec, Progress, Role, Samples, Stretch
from parley.engines.funasr_models import LEAST_SAMPLES, library, without_gradients
from parley.engines.model import Hub, ModelSource, ModelSpec
from parley.engines.setup import Setup
from parley.signal.repetition import cut_loops
from parley.signal.tokens import is_said, spread_tokens
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.recognition import Piece, Recognition, RecognitionOptions
from parley.speech.span import Span

_FILES = ("*.json", "*.safetensors", "*.txt", "*.jinja")

MODEL = ModelSpec(
    name="qwen3-asr-0.6b",
    sources=(
        ModelSource(
            hub=Hub.HUGGINGFACE,
            repo="Qwen/Qwen3-ASR-0.6B",
            revision="5eb144179a02acc5e5ba31e748d22b0cf3e303b0",
            files=_FILES,
        ),
        ModelSource(hub=Hub.MODELSCOPE, repo="Qwen/Qwen3-ASR-0.6B", revision="master", files=_FILES),
    ),
    needs=("config.json", "*.safetensors"),
    size_mib=1800,
    licence="Apache-2.0",
)

NAMES = {
    "zh": "Chinese",
    "en": "English",
    "yue": "Cantonese",
    "ar": "Arabic",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "pt": "Portuguese",
    "id": "Indonesian",
    "it": "Italian",
    "ko": "Korean",
    "ru": "Russian",
    "th": "Thai",
    "vi": "Vietnamese",
    "ja": "Japanese",
    "tr": "Turkish",
    "hi": "Hindi",
    "ms": "Malay",
    "nl": "Dutch",
    "sv": "Swedish",
    "da": "Danish",
    "fi": "Finnish",
    "pl": "Polish",
    "cs": "Czech",
    "fil": "Filipino",
    "fa": "Persian",
    "el": "Greek",
    "ro": "Romanian",
    "hu": "Hungarian",
    "mk": "Macedonian",
}
"""Languages as the model calls them, by code."""

SPEC = EngineSpec(
    name="funasr-qwen3-asr",
    role=Role.ASR,
    factory="parley.engines.asr.funasr_qwen3_asr:Qwen3Asr",
    revision="qwen3-asr-0.6b-funasr-1.4/1",
    summary="Qwen3-ASR-0.6B through FunASR: 30 languages, punctuation included.",
    licence="MIT; Apache-2.0",
    requires=("funasr", "torch", "qwen_asr"),
    environment="qwen3-asr",
    install="parley engines install qwen3-asr",
    languages=frozenset(NAMES),
    capabilities=frozenset({Capability.LANGUAGE, Capability.PROMPT}),
    max_stretch_s=30.0,
    models=(MODEL,),
    backend="parley.engines.devices.pytorch:PyTorch",
    devices=("cuda", "cpu"),
    memory_mib=3500,
    public_names=("qwen3-asr", "qwen3-asr-0.6b", "Qwen/Qwen3-ASR-0.6B"),
    batches=True,
    batch_size_s=120.0,
    batch_invariant=False,
)

PAUSE_S = 0.5
"""Speech on either side of a longer pause is recognised apart."""

MARGIN_S = 0.2
"""Sound around what is recognised, where nobody else speaks in it."""

TOKENS_PER_SECOND = 12
SPARE_TOKENS = 16
"""More is a loop, not speech."""

MOST_TOGETHER = 16


class Qwen3Asr:
    """Turns speech into text."""

    def __init__(self, setup: Setup) -> None:
        library("torch").set_num_threads(setup.threads)
        made = library("funasr.models.qwen3_asr.model").Qwen3ASR(
            model_path=str(setup.models[MODEL.name]),
            device=setup.device,
            dtype="bf16" if setup.kind == "cuda" else "fp32",
            max_inference_batch_size=MOST_TOGETHER,
        )
        self._model: Any = made

    def recognise(self, stretch: Stretch, options: RecognitionOptions, progress: Progress) -> Recognition:
        """One piece for what was said between two pauses."""
        return self.recognise_batch([stretch], options, progress)[0]

    def recognise_batch(
        self, stretches: Sequence[Stretch], options: RecognitionOptions, progress: Progress
    ) -> list[Recognition]:
        """The same of several stretches at once."""
        parts = [
            (index, span, samples)
            for index, stretch in enumerate(stretches)
            for span, samples in parts_of(stretch)
        ]
        pieces: list[list[Piece]] = [[] for _ in stretches]
        languages: list[str | None] = [None] * len(stretches)
        done_s = 0.0
        for first in range(0, len(parts), MOST_TOGETHER):
            some = parts[first : first + MOST_TOGETHER]
            for (index, span, samples), answer in zip(
                some, self._infer([samples for _, _, samples in some], options), strict=True
            ):
                done_s += min(len(samples) / SAMPLE_RATE_HZ, span.duration)
                languages[index] = languages[index] or _code(answer.get("language"))
                if is_said(text := without_loops(str(answer["text"]))):
                    pieces[index].append(Piece(start=span.start, end=span.end, text=text))
            progress(done_s)
        return [
            Recognition(pieces=tuple(own), language=language)
            for own, language in zip(pieces, languages, strict=True)
        ]

    def _infer(self, audio: Sequence[Samples], options: RecognitionOptions) -> list[dict[str, Any]]:
        longest_s = max(len(samples) for samples in audio) / SAMPLE_RATE_HZ
        self._model.qwen3_asr_model.max_new_tokens = math.ceil(longest_s * TOKENS_PER_SECOND) + SPARE_TOKENS
        with without_gradients():
            answers, _ = self._model.inference(
                [samples.copy() for samples in audio],
                language=options.language and NAMES[options.language],
                context=options.prompt or "",
            )
        return answers


def parts_of(stretch: Stretch) -> list[tuple[Span, Samples]]:
    """What was said between two pauses, with some of the sound around it."""
    runs: list[Span] = []
    for island in stretch.islands:
        if runs and island.start - runs[-1].end < PAUSE_S:
            runs[-1] = Span(runs[-1].start, island.end)
        else:
            runs.append(island)
    cut = [(run, _around(stretch.samples, run)) for run in runs]
    return [(run, samples) for run, samples in cut if len(samples) >= LEAST_SAMPLES]


def _around(samples: Samples, span: Span) -> Samples:
    first = max(0, round((span.start - MARGIN_S) * SAMPLE_RATE_HZ))
    return samples[first : round((span.end + MARGIN_S) * SAMPLE_RATE_HZ)]


def without_loops(text: str) -> str:
    """The text without what a language model says over and over."""
    tokens = [token.text for token in spread_tokens(text.strip(), 0.0, 1.0)]
    numbers: dict[str, int] = {}
    kept = cut_loops([numbers.setdefault(token.strip().casefold(), len(numbers)) for token in tokens])
    return "".join(tokens[index] for index in kept).strip()


def _code(name: object) -> str | None:
    """It names several languages with commas between them; the first counts."""
    first = str(name or "").split(",")[0]
    return next((code for code, known in NAMES.items() if known == first), None)
