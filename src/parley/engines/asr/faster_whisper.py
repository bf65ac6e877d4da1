"""Whisper through faster-whisper and CTranslate2: a hundred languages, translation into English.

The library gives its segments one by one, each when it is decoded; every one is reported as progress, so
that a decoder that hangs is noticed. Stretches are independent: no text of one leads the next.
The prompt leads the first decoding of a stretch, hotwords lead all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from parley.engines.asr import whisper_models as models
from parley.engines.asr.whisper_steering import Steering, steering
from parley.engines.contract import Capability, EngineSpec, Progress, Role, Stretch
from parley.engines.devices.ctranslate2 import library
from parley.engines.model import ModelSpec
from parley.engines.setup import Setup
from parley.signal.grouping import Run, runs_of
from parley.signal.tokens import Token, spread_tokens
from parley.speech.device import CPU
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.recognition import Piece, Recognition, RecognitionOptions
from parley.speech.transcript import Word

_ALL = frozenset(
    {Capability.WORDS, Capability.HOTWORDS, Capability.PROMPT, Capability.TRANSLATE, Capability.LANGUAGE}
)


def _spec(
    name: str,
    model: ModelSpec,
    memory_mib: int,
    *names: str,
    languages: frozenset[str] = models.LANGUAGES,
    capabilities: frozenset[Capability] = _ALL,
) -> EngineSpec:
    return EngineSpec(
        name=name,
        role=Role.ASR,
        factory="parley.engines.asr.faster_whisper:FasterWhisper",
        revision=f"{model.name}/1",
        summary=f"{name.replace('-', ' ').title()} through faster-whisper: a hundred languages.",
        licence="MIT",
        requires=("faster_whisper", "ctranslate2"),
        environment="faster-whisper",
        install="pip install 'faster-whisper>=1.2,<2'",
        languages=languages,
        capabilities=capabilities,
        max_stretch_s=30.0,
        models=(model,),
        backend="parley.engines.devices.ctranslate2:CTranslate2",
        devices=("cuda", CPU),
        memory_mib=memory_mib,
        public_names=(*names, model.sources[0].repo),
    )


SPECS = (
    _spec("whisper-tiny", models.TINY, 400),
    _spec("whisper-base", models.BASE, 500),
    _spec("whisper-small", models.SMALL, 1000),
    _spec("whisper-medium", models.MEDIUM, 2300),
    _spec(
        "whisper-large-v3",
        models.LARGE_V3,
        4600,
        "large-v3",
        "openai/whisper-large-v3",
        languages=models.LANGUAGES_V3,
    ),
    _spec(
        "whisper-turbo",
        models.TURBO,
        2600,
        "whisper-1",
        "whisper-large-v3-turbo",
        "openai/whisper-large-v3-turbo",
        languages=models.LANGUAGES_V3,
        # Its authors trained it without translations: asked for one, it answers in the language spoken.
        capabilities=_ALL - {Capability.TRANSLATE},
    ),
)

COMPUTE_TYPES = {CPU: ("int8", "float32"), "cuda": ("float16", "int8_float16", "int8_float32", "float32")}
"""The first one that the device can do. On a processor int8 is twice as fast and answers nearly the same."""

LEAST_S = 0.1
REPETITIVE = 2.4
AGAIN = {"repetition_penalty": 1.1, "no_repeat_ngram_size": 3}
"""A text that can be packed so well repeats itself. It is decoded once more, so that it cannot; Whisper's
own way, to throw dice, would answer differently each time."""

CONTEXT = 448
CONTROL = 5
"""Tokens: what the decoder holds, and the marks around the text in front."""

TOKENS_PER_SECOND = 25
SPARE_TOKENS = 20
"""More is a loop; languages that take three tokens a letter come near. CTranslate2 halves what it is told."""

MOST_SEGMENTS = 100
WINDOW_S = 2.0
SPARE_WINDOWS = 4
"""A stretch is decoded in one go where all goes well, and goes on where the model stopped. One that goes on
every two seconds, or nowhere at all, is cut: the library has no such bound."""

NO_SPEECH = 0.6
DOUBTED = -0.7
"""A segment whose sound is more likely no speech, and whose tokens are on average less likely than one in
two, was made up. The library itself drops those below one in three (e to the power of -1)."""

CUT = "The recogniser lost its way in a stretch; what it said from there on was left out."
TRANSLATED = "Word times of a translation are where the sound was that Whisper looked at, not words spoken."


class FasterWhisper:
    """Turns speech into text, with times of words."""

    def __init__(self, setup: Setup) -> None:
        # First, so that it finds NVIDIA's libraries.
        ctranslate2 = library()
        from faster_whisper import WhisperModel

        index = int(setup.device.partition(":")[2] or 0)
        can: set[str] = ctranslate2.get_supported_compute_types(setup.kind, index)
        wanted = COMPUTE_TYPES[setup.kind]
        (folder,) = setup.models.values()
        self._model: Any = WhisperModel(
            str(folder),
            device=setup.kind,
            device_index=index,
            compute_type=next((kind for kind in wanted if kind in can), "default"),
            cpu_threads=setup.threads,
            local_files_only=True,
        )
        self._windows = _Windows(self._model.generate_with_fallback)
        self._model.generate_with_fallback = self._windows

    def recognise(self, stretch: Stretch, options: RecognitionOptions, progress: Progress) -> Recognition:
        """Pieces are segments of Whisper's cut at islands, with their words where they were asked for."""
        seconds = len(stretch.samples) / SAMPLE_RATE_HZ
        if seconds < LEAST_S or not stretch.islands:
            return Recognition(pieces=(), language=options.language)
        front = steering(options, self._encode)
        asked = self._asked(options, front, seconds)
        segments, language, notices = self._decode(stretch, asked, lambda done_s: progress(done_s / 2))
        if any(segment.compression_ratio > REPETITIVE for segment in segments):
            asked = {**asked, "language": language, **AGAIN}
            half_s = seconds / 2
            segments, language, notices = self._decode(
                stretch, asked, lambda done_s: progress(half_s + done_s / 2)
            )
        translated = (TRANSLATED,) if options.words and options.task == "translate" else ()
        pieces = _pieces(segments, stretch, with_words=options.words)
        own = {code: ours for ours, code in models.OWN_CODES.items()}
        return Recognition(
            pieces=pieces,
            language=own.get(language, language) if pieces else options.language,
            notices=(*front.notices, *translated, *notices),
        )

    def _decode(
        self, stretch: Stretch, asked: Mapping[str, Any], progress: Progress
    ) -> tuple[list[Any], str, tuple[str, ...]]:
        seconds = len(stretch.samples) / SAMPLE_RATE_HZ
        self._windows.left = math.ceil(seconds / WINDOW_S) + SPARE_WINDOWS
        lazy, info = self._model.transcribe(stretch.samples, **asked)
        segments, notices = _consume(lazy, seconds, progress)
        return segments, info.language, notices

    def _asked(self, options: RecognitionOptions, front: Steering, seconds: float) -> Mapping[str, Any]:
        room = CONTEXT - CONTROL - front.tokens
        return {
            "language": models.OWN_CODES.get(options.language or "", options.language),
            "task": options.task,
            "beam_size": 5,
            "temperature": 0.0,
            "condition_on_previous_text": False,
            "initial_prompt": list(front.prompt) or None,
            "hotwords": front.hotwords or None,
            # A translation's words are spoken nowhere, so its segments are placed as they are.
            "word_timestamps": options.words or options.task != "translate",
            "max_new_tokens": min(room, 2 * (math.ceil(seconds * TOKENS_PER_SECOND) + SPARE_TOKENS)),
            "vad_filter": False,
        }

    def _encode(self, text: str) -> Sequence[int]:
        return self._model.hf_tokenizer.encode(text, add_special_tokens=False).ids


class _Runaway(Exception):
    """The model was asked to go on too often."""


class _Windows:
    """Counts decodings: the library's loop goes on for ever when the model does not get on in time."""

    def __init__(self, decode: Callable[..., Any]) -> None:
        self._decode = decode
        self.left = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.left == 0:
            raise _Runaway
        self.left -= 1
        return self._decode(*args, **kwargs)


def _consume(lazy: Iterator[Any], seconds: float, progress: Progress) -> tuple[list[Any], tuple[str, ...]]:
    """The segments that say something, and a notice where there were too many of them."""
    kept: list[Any] = []
    try:
        for count, segment in enumerate(lazy):
            if count == MOST_SEGMENTS:
                return kept, (CUT,)
            if segment.start >= seconds:
                break
            progress(min(seconds, max(0.0, float(segment.end))))
            if not (segment.no_speech_prob > NO_SPEECH and segment.avg_logprob < DOUBTED):
                kept.append(segment)
    except _Runaway:
        return kept, (CUT,)
    return kept, ()


def _pieces(segments: Sequence[Any], stretch: Stretch, *, with_words: bool) -> tuple[Piece, ...]:
    runs = runs_of([_tokens(segment) for segment in segments], stretch.islands)
    return tuple(_piece(run, segments[run.sentence], with_words=with_words) for run in runs)


def _tokens(segment: Any) -> Sequence[Token]:
    if not segment.words:
        return spread_tokens(segment.text, segment.start, segment.end)
    return [
        Token(word.word, float(word.start), float(word.end), _word(word))
        for word in segment.words
        if word.word.strip()
    ]


def _word(word: Any) -> Word:
    return Word(
        text=word.word.strip(),
        start=float(word.start),
        end=float(word.end),
        confidence=round(float(word.probability), 3),
    )


def _piece(run: Run, segment: Any, *, with_words: bool) -> Piece:
    words = tuple(token.word for token in run.tokens if token.word is not None)
    return Piece(
        start=run.span.start,
        end=run.span.end,
        text=run.text,
        words=words if with_words else None,
        confidence=round(math.exp(min(0.0, segment.avg_logprob)), 3),
    )
