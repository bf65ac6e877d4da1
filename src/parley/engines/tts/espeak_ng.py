"""espeak-ng: small formant voices for a hundred languages, hundreds of times faster than speech.

Its library is GPL-3 (https://github.com/espeak-ng/espeak-ng), comes with the package `espeakng-loader` of the
extra `espeak`, and is opened in a worker only.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from parley.engines.contract import Capability, EngineSpec, Progress, Role, Speech
from parley.engines.tts.espeak_library import SAMPLE_RATE_HZ, EspeakLibrary, Manner, Wave
from parley.engines.tts.espeak_text import Run, spoken_runs
from parley.engines.tts.espeak_voices import PRESETS, voice_file
from parley.errors import EngineFailed
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
)

WORDS_PER_MINUTE = 175
"""At speed 1; the library's own."""

SLOWEST_WORDS_PER_MINUTE = 80
"""The library speaks no slower: the rest is stretched. From 450 on it hurries its speech by itself."""

_NAMES = frozenset(preset.name for preset in PRESETS)


class EspeakNg:
    """Speaks with the voices of espeak-ng."""

    def __init__(self) -> None:
        import espeakng_loader

        self._library = EspeakLibrary(espeakng_loader.get_library_path(), espeakng_loader.get_data_path())
        # So that what is broken is told when the engine is loaded.
        self._say([Run("en-us", "a")], WORDS_PER_MINUTE, 1, lambda _: None)

    def speak(self, text: str, options: SpeakOptions, max_s: float, progress: Progress) -> Speech:
        """The text as speech, cut at `max_s`; where there is nothing to say, no samples."""
        runs = spoken_runs(text, _known(options))
        pace = WORDS_PER_MINUTE * options.speed
        stretch = min(1.0, pace / SLOWEST_WORDS_PER_MINUTE)
        most = int(max_s * SAMPLE_RATE_HZ)
        wave = self._say(runs, max(round(pace), SLOWEST_WORDS_PER_MINUTE), int(most * stretch), progress)
        if stretch < 1.0:
            wave = self._library.stretch(wave, stretch)
        samples = wave.astype(np.float32) / np.float32(32768)
        return Speech(samples=samples, sample_rate_hz=SAMPLE_RATE_HZ)

    def _say(self, runs: Sequence[Run], pace: int, most: int, progress: Progress) -> Wave:
        said = np.zeros(0, dtype=np.int16)
        for run in runs:
            before = len(said)
            if before >= most:
                break
            manner = Manner(voice=voice_file(run.voice), words_per_minute=pace, pauses=run.pauses)

            def tell(count: int, before: int = before) -> None:
                progress((before + count) / SAMPLE_RATE_HZ)

            said = np.concatenate([said, self._library.speak(run.text, manner, most - before, tell)])
        return said


def _known(options: SpeakOptions) -> str:
    if options.voice not in _NAMES:
        raise EngineFailed(f"The engine '{SPEC.name}' has no voice '{options.voice}'.")
    if options.instruct:
        raise EngineFailed(f"The engine '{SPEC.name}' cannot be told how to speak.")
    return options.voice
