"""espeak-ng: small formant voices for a hundred languages, hundreds of times faster than speech.

Its library is GPL-3 (https://github.com/espeak-ng/espeak-ng), comes with the package `espeakng-loader` of the
extra `espeak`, and is opened in a worker only.
"""

from __future__ import annotations

import numpy as np

from parley.engines.contract import Capability, EngineSpec, Progress, Role, Speech
from parley.engines.tts.espeak_library import SAMPLE_RATE_HZ, EspeakLibrary, Manner, Wave
from parley.engines.tts.espeak_text import Run, spoken_runs
from parley.engines.tts.espeak_voices import (
    AMERICAN,
    PRESETS,
    SLOWEST_WORDS_PER_MINUTE,
    pace_of,
    voice_file,
)
from parley.errors import EngineFailed, VoiceUnknown
from parley.speech.voice import SpeakOptions

SPEC = EngineSpec(
    name="espeak-ng",
    role=Role.TTS,
    factory="parley.engines.tts.espeak_ng:EspeakNg",
    revision="espeak-ng/1.52.0/1",
    summary="espeak-ng: plain and quick, a hundred languages, English and Chinese among them.",
    licence="GPL-3.0-or-later",
    requires=("espeakng_loader",),
    install="pip install 'parley[espeak]'",
    languages=frozenset(language for preset in PRESETS for language in preset.languages),
    capabilities=frozenset({Capability.SPEED}),
    presets=PRESETS,
    max_text_chars=500,
    sample_rate_hz=SAMPLE_RATE_HZ,
)

_NAMES = frozenset(preset.name for preset in PRESETS)

_UNHEARD = 0.01
"""A difference in speed that comes from rounding, and is not worth stretching."""


class EspeakNg:
    """Speaks with the voices of espeak-ng."""

    def __init__(self) -> None:
        import espeakng_loader

        self._library = EspeakLibrary(espeakng_loader.get_library_path(), espeakng_loader.get_data_path())
        # So that what is broken is told when the engine is loaded.
        self._run(Run(AMERICAN, "a"), 1.0, 1, lambda _: None)

    def speak(self, text: str, options: SpeakOptions, max_s: float, progress: Progress) -> Speech:
        """The text as speech, cut at `max_s`; where there is nothing to say, no samples."""
        most = int(max_s * SAMPLE_RATE_HZ)
        wave = np.zeros(0, dtype=np.int16)
        for run in spoken_runs(text, _known(options)):
            if len(wave) >= most:
                break
            before_s = len(wave) / SAMPLE_RATE_HZ
            more = self._run(run, options.speed, most - len(wave), _counting_from(before_s, progress))
            wave = np.concatenate([wave, more])
        samples = wave.astype(np.float32) / np.float32(32768)
        return Speech(samples=samples, sample_rate_hz=SAMPLE_RATE_HZ)

    def _run(self, run: Run, speed: float, most: int, progress: Progress) -> Wave:
        """Slower as the library speaks slower, as far as it does; the rest, and faster, by stretching.

        By itself it hurries more than it is told, and is understood less: at twice the speed the embedded
        recogniser mistakes 35 % of the words, and 18 % of stretched ones.
        """
        pace = pace_of(run.voice)
        native = max(round(pace.words_per_minute * min(speed, 1.0)), SLOWEST_WORDS_PER_MINUTE)
        stretch = pace.words_per_minute * speed / native
        manner = Manner(
            voice=voice_file(run.voice),
            words_per_minute=native,
            word_gap=pace.word_gap,
            pauses=run.pauses,
        )

        def tell(count: int) -> None:
            progress(count / stretch / SAMPLE_RATE_HZ)

        wave = self._library.speak(run.text, manner, int(most * stretch) + 1, tell)
        if abs(stretch - 1.0) > _UNHEARD:
            wave = self._library.stretch(wave, stretch)
        return wave[:most]


def _counting_from(before_s: float, progress: Progress) -> Progress:
    return lambda done_s: progress(before_s + done_s)


def _known(options: SpeakOptions) -> str:
    if options.voice not in _NAMES:
        raise VoiceUnknown("This engine has no such voice; see: parley voices list")
    if options.instruct:
        raise EngineFailed(f"The engine '{SPEC.name}' cannot be told how to speak.")
    return options.voice
