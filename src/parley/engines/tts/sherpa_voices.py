"""Kokoro, Matcha and VITS through sherpa-onnx: voices in Mandarin and English on the processor, no torch.

The library says a text sentence by sentence and can be stopped between two of them; a clause is seldom more.
It takes the sounds of words from lexicons and leaves out what they lack, so English words are spelt where
they are strange, and a clause of which nothing can be said comes back empty.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from parley.engines import sherpa_models as sherpa
from parley.engines.contract import Capability, EngineSpec, Progress, Role, Speech
from parley.engines.model import ModelSpec
from parley.engines.setup import Setup
from parley.engines.tts import sherpa_voice_models as models
from parley.engines.tts.english_words import numbers_said, spelt, words_of
from parley.errors import EngineFailed, VoiceUnknown
from parley.signal.tokens import is_unspaced
from parley.speech.voice import PresetVoice, SpeakOptions

LONGEST_TEXT = 300
"""Characters. Kokoro takes 510 sounds at once; the library cuts longer sentences itself."""


def _spec(
    name: str,
    needs: tuple[ModelSpec, ...],
    presets: tuple[PresetVoice, ...],
    *,
    summary: str,
    languages: frozenset[str],
    memory_mib: int,
    sample_rate_hz: int = 24_000,
) -> EngineSpec:
    return EngineSpec(
        name=name,
        role=Role.TTS,
        factory=f"parley.engines.tts.sherpa_voices:make_{name.replace('-', '_')}",
        revision=f"{'+'.join(model.name for model in needs)}/1",
        summary=summary,
        licence=needs[0].licence,
        requires=sherpa.REQUIRES,
        environment=sherpa.ENVIRONMENT,
        install=sherpa.INSTALL,
        languages=languages,
        capabilities=frozenset({Capability.SPEED}),
        models=needs,
        backend=sherpa.BACKEND,
        devices=sherpa.DEVICES,
        memory_mib=memory_mib,
        presets=presets,
        max_text_chars=LONGEST_TEXT,
        sample_rate_hz=sample_rate_hz,
    )


_BOTH = frozenset({"en", "zh"})
_FEMALE_ZH = (PresetVoice(name="baker", languages=("zh",), summary="Mandarin, female"),)
_MELO = (PresetVoice(name="melo", languages=("zh", "en"), summary="Mandarin with English words, female"),)

SPECS = (
    _spec(
        "kokoro",
        (models.KOKORO,),
        models.KOKORO_PRESETS,
        summary="Kokoro v1.0 through sherpa-onnx: English and Mandarin, 36 voices, 24 kHz.",
        languages=_BOTH,
        memory_mib=900,
    ),
    _spec(
        "kokoro-zh",
        (models.KOKORO_ZH,),
        models.KOKORO_ZH_PRESETS,
        summary="Kokoro v1.1-zh through sherpa-onnx: Mandarin and English, 103 voices, 24 kHz.",
        languages=_BOTH,
        memory_mib=900,
    ),
    _spec(
        "matcha-zh",
        (models.MATCHA_ZH, models.HIFIGAN),
        _FEMALE_ZH,
        summary="Matcha through sherpa-onnx: Mandarin, one voice, 22 kHz, quick.",
        languages=frozenset({"zh"}),
        memory_mib=350,
        sample_rate_hz=22_050,
    ),
    _spec(
        "vits-zh",
        (models.VITS_ZH,),
        models.numbered(("zh",), 174, "Mandarin"),
        summary="VITS of AISHELL-3 through sherpa-onnx: Mandarin, 174 voices, 8 kHz.",
        languages=frozenset({"zh"}),
        memory_mib=400,
        sample_rate_hz=8_000,
    ),
    _spec(
        "vits-melo",
        (models.VITS_MELO,),
        _MELO,
        summary="MeloTTS through sherpa-onnx: Mandarin with English words, one voice, 44 kHz.",
        languages=_BOTH,
        memory_mib=600,
        sample_rate_hz=44_100,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recipe:
    """How the library is told of a model: its configuration, rules for numbers and dates in Mandarin, the
    lexicon of its English words, the numbers of its speakers by name."""

    configure: Callable[[Any, Setup], Any]
    rules: tuple[str, ...]
    english: str = ""
    numbers: Mapping[str, int] = field(default_factory=dict[str, int])


class SherpaVoice:
    """Speaks."""

    def __init__(self, setup: Setup, spec: EngineSpec, recipe: _Recipe) -> None:
        library, model = sherpa.library(), spec.models[0]
        self._presets = {preset.name for preset in spec.presets}
        self._numbers = recipe.numbers
        lexicon = sherpa.file_of(setup, model, recipe.english) if recipe.english else ""
        self._english = words_of(Path(lexicon)) if lexicon else None
        rules = ",".join(sherpa.file_of(setup, model, rule) for rule in recipe.rules)
        voice = recipe.configure(library, setup)
        for name, value in sherpa.compute(setup).items():
            setattr(voice, name, value)
        config = library.OfflineTtsConfig(model=voice, rule_fsts=rules, max_num_sentences=1)
        self._tts: Any = library.OfflineTts(config)

    def speak(self, text: str, options: SpeakOptions, max_s: float, progress: Progress) -> Speech:
        """One clause. It ends with the sentence that reaches `max_s`, and is cut there."""
        if options.voice not in self._presets:
            raise VoiceUnknown("This engine has no such voice; see: parley voices list")
        if len(text) > LONGEST_TEXT:
            raise EngineFailed(f"A clause has at most {LONGEST_TEXT} characters.")
        rate_hz = int(self._tts.sample_rate)
        longest = int(max_s * rate_hz)
        if not (sounds := self._pronounceable(text, options.language)):
            return Speech(samples=np.zeros(0, dtype=np.float32), sample_rate_hz=rate_hz)
        done = 0

        def heard(samples: Any, _part: float) -> int:
            nonlocal done
            done += len(samples)
            progress(min(done, longest) / rate_hz)
            return int(done < longest)

        number = self._numbers.get(options.voice, int(options.voice) if options.voice.isdecimal() else 0)
        with _unsaid():
            audio = self._tts.generate(sounds, sid=number, speed=options.speed, callback=heard)
        return Speech(samples=np.asarray(audio.samples, dtype=np.float32)[:longest], sample_rate_hz=rate_hz)

    def _pronounceable(self, text: str, language: str | None) -> str:
        """The text as the library can say it, "" where there is nothing to say.

        The rules for numbers are Mandarin's, so that numbers in English become words before.
        """
        if not any(char.isalnum() for char in text):
            return ""
        if self._english is None:
            return text
        is_english = not any(is_unspaced(char) for char in text) and language in (None, "en")
        return " ".join(spelt(numbers_said(text) if is_english else text, self._english).split())


@contextmanager
def _unsaid() -> Generator[None]:
    """The library writes words that it cannot pronounce to stderr, which goes into the log."""
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    os.close(nothing)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _kokoro(model: ModelSpec, numbers: Mapping[str, int]) -> _Recipe:
    def configure(library: Any, setup: Setup) -> Any:
        lexicons = (sherpa.file_of(setup, model, f"lexicon-{name}.txt") for name in ("us-en", "zh"))
        kokoro = library.OfflineTtsKokoroModelConfig(
            model=sherpa.file_of(setup, model, "model.onnx"),
            voices=sherpa.file_of(setup, model, "voices.bin"),
            tokens=sherpa.file_of(setup, model, "tokens.txt"),
            lexicon=",".join(lexicons),
        )
        return library.OfflineTtsModelConfig(kokoro=kokoro)

    return _Recipe(
        configure=configure, rules=models.RULES_KOKORO, english="lexicon-us-en.txt", numbers=numbers
    )


def _matcha(model: ModelSpec) -> _Recipe:
    def configure(library: Any, setup: Setup) -> Any:
        matcha = library.OfflineTtsMatchaModelConfig(
            acoustic_model=sherpa.file_of(setup, model, "model-steps-3.onnx"),
            vocoder=sherpa.file_of(setup, models.HIFIGAN, "hifigan_v2.onnx"),
            tokens=sherpa.file_of(setup, model, "tokens.txt"),
            lexicon=sherpa.file_of(setup, model, "lexicon.txt"),
        )
        return library.OfflineTtsModelConfig(matcha=matcha)

    return _Recipe(configure=configure, rules=models.RULES)


def _vits(model: ModelSpec, *, english: str = "") -> _Recipe:
    def configure(library: Any, setup: Setup) -> Any:
        vits = library.OfflineTtsVitsModelConfig(
            model=sherpa.file_of(setup, model, "*.onnx"),
            tokens=sherpa.file_of(setup, model, "tokens.txt"),
            lexicon=sherpa.file_of(setup, model, "lexicon.txt"),
        )
        return library.OfflineTtsModelConfig(vits=vits)

    return _Recipe(configure=configure, rules=models.RULES_VITS, english=english)


_RECIPES = {
    "kokoro": _kokoro(models.KOKORO, models.KOKORO_NUMBERS),
    "kokoro-zh": _kokoro(models.KOKORO_ZH, models.KOKORO_ZH_NUMBERS),
    "matcha-zh": _matcha(models.MATCHA_ZH),
    "vits-zh": _vits(models.VITS_ZH),
    "vits-melo": _vits(models.VITS_MELO, english="lexicon.txt"),
}


def _maker(spec: EngineSpec) -> Callable[[Setup], SherpaVoice]:
    return lambda setup: SherpaVoice(setup, spec, _RECIPES[spec.name])


make_kokoro, make_kokoro_zh, make_matcha_zh, make_vits_zh, make_vits_melo = map(_maker, SPECS)
