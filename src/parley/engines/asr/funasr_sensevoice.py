"""SenseVoiceSmall through FunASR: Mandarin, Cantonese, English, Japanese and Korean, with what it says of
the sound (language, emotion, event), numbers and punctuation written out.

Model card: https://huggingface.co/FunAudioLLM/SenseVoiceSmall.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from parley.engines.asr.funasr_sensevoice_steps import Heard, SenseVoiceSteps
from parley.engines.contract import Capability, EngineSpec, Progress, Role, Stretch
from parley.engines.funasr_batches import MOST_S, heard_in_batches
from parley.engines.funasr_models import (
    BACKEND,
    DEVICES,
    ENVIRONMENT,
    INSTALL,
    MODEL_LICENCE,
    REQUIRES,
    open_model,
)
from parley.engines.funasr_words import pieces_of
from parley.engines.model import Hub, ModelSource, ModelSpec
from parley.engines.setup import Setup
from parley.speech.device import CPU
from parley.speech.recognition import Recognition, RecognitionOptions

_BPE = "chn_jpn_yue_eng_ko_spectok.bpe.model"
_FILES = ("config.yaml", "configuration.json", "model.pt", "am.mvn", _BPE)

MODEL = ModelSpec(
    name="sensevoice-small",
    sources=(
        ModelSource(
            hub=Hub.HUGGINGFACE,
            repo="FunAudioLLM/SenseVoiceSmall",
            revision="3847d57b6bdf2dd8875cb1508d2af43d80a16bf7",
            files=_FILES,
        ),
        ModelSource(hub=Hub.MODELSCOPE, repo="iic/SenseVoiceSmall", revision="master", files=_FILES),
    ),
    needs=_FILES,
    size_mib=894,
    licence=MODEL_LICENCE,
)

LANGUAGES = frozenset({"zh", "yue", "en", "ja", "ko"})

SPEC = EngineSpec(
    name="funasr-sensevoice",
    role=Role.ASR,
    factory="parley.engines.asr.funasr_sensevoice:SenseVoice",
    revision="sensevoice-small-funasr-1.4/1",
    summary="SenseVoiceSmall through FunASR: zh, yue, en, ja, ko; emotions and events.",
    licence=f"MIT; {MODEL_LICENCE}",
    requires=(*REQUIRES, "sentencepiece"),
    environment=ENVIRONMENT,
    install=INSTALL,
    languages=LANGUAGES,
    capabilities=frozenset({Capability.WORDS, Capability.LANGUAGE}),
    max_stretch_s=30.0,
    models=(MODEL,),
    backend=BACKEND,
    devices=DEVICES,
    memory_mib=1500,
    public_names=("sensevoice", "SenseVoiceSmall", "FunAudioLLM/SenseVoiceSmall", "iic/SenseVoiceSmall"),
    batches=True,
    batch_size_s=MOST_S,
    batch_invariant=True,
)

_UNSAID = frozenset({"withitn", "woitn", "Speech", "EMO_UNKNOWN", "Event_UNK", "nospeech", "GBG", "SPECIAL"})
"""Tags that say nothing about the sound."""


class SenseVoice:
    """Turns speech into text."""

    def __init__(self, setup: Setup) -> None:
        self._steps = SenseVoiceSteps(open_model(MODEL.name, setup), setup.device)
        # On a processor a batch saves nothing.
        self._most_s = 0.0 if setup.kind == CPU else MOST_S

    def recognise(self, stretch: Stretch, options: RecognitionOptions, progress: Progress) -> Recognition:
        """Pieces inside islands, tagged with what was heard in the whole stretch."""
        (found,) = self.recognise_batch([stretch], options, progress)
        return found

    def recognise_batch(
        self, stretches: Sequence[Stretch], options: RecognitionOptions, progress: Progress
    ) -> list[Recognition]:
        """The longest together with those about as long, so that little is padding."""
        language = options.language or "auto"
        found = heard_in_batches(
            stretches, lambda audio: self._steps.run(audio, language), progress, self._most_s
        )
        return [
            Recognition(pieces=())
            if heard is None
            else _recognition(heard, stretch, with_words=options.words)
            for heard, stretch in zip(found, stretches, strict=True)
        ]


def _recognition(heard: Heard, stretch: Stretch, *, with_words: bool) -> Recognition:
    language = next((tag for tag in heard.said if tag in LANGUAGES), None)
    tags = tuple(tag for tag in heard.said if tag not in _UNSAID and tag not in LANGUAGES)
    pieces = pieces_of(heard.spoken, stretch, with_words=with_words)
    return Recognition(pieces=tuple(replace(piece, tags=tags) for piece in pieces), language=language)
