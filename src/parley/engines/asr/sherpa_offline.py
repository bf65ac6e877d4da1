"""Paraformer, SenseVoice and Whisper through sherpa-onnx: recognisers of whole stretches, no torch.

Stretches are decoded one by one. In a padded batch a quantised model answers differently, because its
scale is that of the largest value in the batch, and the library decodes a Paraformer's padding too.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import Any

from parley.engines import sherpa_models as models
from parley.engines.asr.whisper_models import LANGUAGES as WHISPER_LANGUAGES
from parley.engines.asr.whisper_models import OWN_CODES
from parley.engines.contract import Capability, EngineSpec, Progress, Role, Samples, Stretch
from parley.engines.model import ModelSpec
from parley.engines.setup import Setup
from parley.errors import EngineFailed
from parley.signal.grouping import runs_of
from parley.signal.timed_text import pieces_of, spell_joined, spell_pieces, spread_over, words_of
from parley.signal.tokens import Token, spread_tokens
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.recognition import Piece, Recognition, RecognitionOptions


def _spec(
    name: str,
    factory: str,
    model: ModelSpec,
    *,
    summary: str,
    languages: frozenset[str],
    capabilities: frozenset[Capability],
    memory_mib: int,
    public_names: tuple[str, ...],
    max_stretch_s: float = 30.0,
) -> EngineSpec:
    return EngineSpec(
        name=name,
        role=Role.ASR,
        factory=f"parley.engines.asr.sherpa_offline:{factory}",
        revision=f"{model.name}/1",
        summary=summary,
        licence=model.licence,
        requires=models.REQUIRES,
        environment=models.ENVIRONMENT,
        install=models.INSTALL,
        languages=languages,
        capabilities=capabilities,
        max_stretch_s=max_stretch_s,
        models=(model,),
        backend=models.BACKEND,
        devices=models.DEVICES,
        memory_mib=memory_mib,
        public_names=public_names,
    )


SPECS = (
    _spec(
        "sherpa-paraformer",
        "Paraformer",
        models.PARAFORMER,
        summary="Paraformer through sherpa-onnx: Mandarin (English words among it), with word times.",
        languages=frozenset({"zh"}),
        capabilities=frozenset({Capability.WORDS}),
        memory_mib=600,
        public_names=("paraformer-onnx",),
    ),
    _spec(
        "sherpa-sensevoice",
        "SenseVoice",
        models.SENSE_VOICE,
        summary="SenseVoice Small through sherpa-onnx: Mandarin, Cantonese, English, Japanese, Korean.",
        languages=frozenset({"zh", "yue", "en", "ja", "ko"}),
        capabilities=frozenset({Capability.WORDS, Capability.LANGUAGE}),
        memory_mib=1000,
        public_names=("sensevoice", "SenseVoiceSmall", "iic/SenseVoiceSmall"),
    ),
    _spec(
        "sherpa-whisper",
        "Whisper",
        models.WHISPER_SMALL,
        summary="Whisper Small through sherpa-onnx: a hundred languages, translation into English.",
        languages=WHISPER_LANGUAGES,
        capabilities=frozenset({Capability.LANGUAGE, Capability.TRANSLATE}),
        memory_mib=1200,
        public_names=("sherpa-onnx-whisper-small",),
        # The library drops what lies beyond 29.5 s.
        max_stretch_s=29.0,
    ),
)

LANGUAGES_HELD = 2
"""SenseVoice is told the language when it is opened: so many are held, and another takes a second to open."""


def _seconds(samples: Samples) -> float:
    return len(samples) / SAMPLE_RATE_HZ


def _decode(recognizer: Any, samples: Samples) -> Any:
    stream = recognizer.create_stream()
    stream.accept_waveform(SAMPLE_RATE_HZ, models.padded(samples))
    recognizer.decode_stream(stream)
    return stream.result


def _pieces(
    spelt: list[str], starts: list[float], stretch: Stretch, options: RecognitionOptions
) -> tuple[Piece, ...]:
    """Pieces by the times of symbols; without times, by letters over the islands."""
    if len(starts) == len(spelt):
        tokens = words_of(spelt, starts, _seconds(stretch.samples))
    else:
        tokens = spread_over("".join(spelt), stretch.islands)
    return pieces_of(tokens, stretch.islands, words=options.words)


class Paraformer:
    """Turns Mandarin speech into text."""

    def __init__(self, setup: Setup) -> None:
        sherpa_onnx = models.library()
        self._recognizer = sherpa_onnx.OfflineRecognizer.from_paraformer(
            paraformer=models.file_of(setup, models.PARAFORMER, "model*.onnx"),
            tokens=models.file_of(setup, models.PARAFORMER, "tokens.txt"),
            **models.compute(setup),
        )

    def recognise(self, stretch: Stretch, options: RecognitionOptions, progress: Progress) -> Recognition:
        """Pieces inside islands, by the times of the characters."""
        if not stretch.islands:
            return Recognition(pieces=(), language="zh")
        found = _decode(self._recognizer, stretch.samples)
        progress(_seconds(stretch.samples))
        spelt = spell_joined(found.tokens)
        return Recognition(pieces=_pieces(spelt, found.timestamps, stretch, options), language="zh")


class SenseVoice:
    """Turns speech into punctuated text, and says the language, the mood and what else is heard."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._opened: OrderedDict[str, Any] = OrderedDict()
        self._open("auto")

    def recognise(self, stretch: Stretch, options: RecognitionOptions, progress: Progress) -> Recognition:
        """Pieces inside islands, cut at the ends of sentences, by the times of the tokens."""
        if not stretch.islands:
            return Recognition(pieces=(), language=options.language)
        found = _decode(self._open(options.language or "auto"), stretch.samples)
        progress(_seconds(stretch.samples))
        tags = sound_tags(found.emotion, found.event)
        pieces = _pieces(spell_pieces(found.tokens), found.timestamps, stretch, options)
        return Recognition(
            pieces=tuple(replace(piece, tags=tags) for piece in pieces),
            language=spoken_language(found.lang) or options.language,
        )

    def _open(self, language: str) -> Any:
        if language in self._opened:
            self._opened.move_to_end(language)
            return self._opened[language]
        sherpa_onnx = models.library()
        while len(self._opened) >= LANGUAGES_HELD:
            self._opened.popitem(last=False)
        self._opened[language] = sherpa_onnx.OfflineRecognizer.from_sense_voice(
            model=models.file_of(self._setup, models.SENSE_VOICE, "model*.onnx"),
            tokens=models.file_of(self._setup, models.SENSE_VOICE, "tokens.txt"),
            language=language,
            use_itn=True,
            **models.compute(self._setup),
        )
        return self._opened[language]


def bare(mark: str) -> str:
    """What stands in a mark like <|zh|>."""
    return mark.removeprefix("<|").removesuffix("|>")


def spoken_language(mark: str) -> str | None:
    """The language of SenseVoice's mark, None for "nospeech" and the like."""
    known = SPECS[1].languages or frozenset()
    return bare(mark) if bare(mark) in known else None


_UNSAID = frozenset({"", "EMO_UNKNOWN", "Speech", "Event_UNK", "GBG", "SPECIAL"})


def sound_tags(*marks: str) -> tuple[str, ...]:
    """SenseVoice's marks of mood and event, without those that say nothing."""
    return tuple(bare(mark) for mark in marks if bare(mark) not in _UNSAID)


class Whisper:
    """Turns speech of many languages into text, or into English text."""

    def __init__(self, setup: Setup) -> None:
        sherpa_onnx = models.library()
        self._recognizer = sherpa_onnx.OfflineRecognizer.from_whisper(
            encoder=models.file_of(setup, models.WHISPER_SMALL, "*encoder*.onnx"),
            decoder=models.file_of(setup, models.WHISPER_SMALL, "*decoder*.onnx"),
            tokens=models.file_of(setup, models.WHISPER_SMALL, "*tokens.txt"),
            language="",
            enable_segment_timestamps=True,
            **models.compute(setup),
        )

    def recognise(self, stretch: Stretch, options: RecognitionOptions, progress: Progress) -> Recognition:
        """Pieces inside islands, by the times of Whisper's segments and letters inside them."""
        if not stretch.islands:
            return Recognition(pieces=(), language=options.language)
        self._steer(options)
        found = _decode(self._recognizer, stretch.samples)
        progress(_seconds(stretch.samples))
        if not found.lang:
            # It writes what went wrong into its log only, and what is not decoded has no language.
            raise EngineFailed("sherpa-onnx could not decode a stretch; the log has the details.")
        runs = runs_of(_segments(found, stretch), stretch.islands)
        return Recognition(
            pieces=tuple(Piece(start=run.span.start, end=run.span.end, text=run.text) for run in runs),
            language=_own_language(found.lang),
        )

    def _steer(self, options: RecognitionOptions) -> None:
        config = self._recognizer.config
        language = options.language or ""
        config.model_config.whisper.language = OWN_CODES.get(language, language)
        config.model_config.whisper.task = options.task
        self._recognizer.recognizer.set_config(config)


def _own_language(code: str) -> str:
    ours = {theirs: language for language, theirs in OWN_CODES.items()}
    return ours.get(code, code)


def _segments(found: Any, stretch: Stretch) -> list[list[Token]]:
    """Tokens of each of Whisper's segments; all of it as one where the library gave none."""
    timed = list(zip(found.segment_texts, found.segment_timestamps, found.segment_durations, strict=False))
    if not any(text.strip() for text, _, _ in timed):
        return [spread_over(found.text, stretch.islands)]
    end = _seconds(stretch.samples)
    return [
        spread_tokens(text, min(start, end), min(max(start, start + length), end))
        for text, start, length in timed
        if text.strip()
    ]
