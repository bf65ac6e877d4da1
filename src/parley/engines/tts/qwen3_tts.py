"""Qwen3-TTS (Apache-2.0): nine voices that take instructions, voices made from words, and learned ones.

Model cards: https://huggingface.co/collections/Qwen/qwen3-tts. Ten languages. Its package wants transformers
4.57, hence an environment of its own. It does not stream, so each clause is made whole. A voice from words
alone is drawn anew for each clause: what is made of the same words is close, not equal.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np

from parley.engines.contract import Capability, EngineSpec, Progress, Role, Speech
from parley.engines.model import ModelSpec
from parley.engines.setup import Setup
from parley.engines.tts import qwen3_tts_models as models
from parley.engines.tts.qwen3_tts_library import QwenTts, plain
from parley.engines.tts.qwen3_tts_prompt import ClonePrompt, unpack
from parley.errors import InvalidOption, VoiceRefused, VoiceUnknown
from parley.speech.voice import PresetVoice, SpeakOptions

LANGUAGES = {
    "zh": "Chinese",
    "en": "English",
    "ja": "Japanese",
    "ko": "Korean",
    "de": "German",
    "fr": "French",
    "ru": "Russian",
    "pt": "Portuguese",
    "es": "Spanish",
    "it": "Italian",
}
"""Languages as the models call them, by code."""

PROMPTS_HELD = 8
LONGEST_REFERENCE_S = 60.0
LONGEST_WORDS = 500
"""Characters of a design or an instruction."""


def _speaker(name: str, own: str, summary: str) -> PresetVoice:
    others = (language for language in LANGUAGES if language != own)
    return PresetVoice(name=name, languages=(own, *others), summary=summary)


SPEAKERS = (
    _speaker("Vivian", "zh", "Bright young woman, slightly edgy"),
    _speaker("Serena", "zh", "Warm, gentle young woman"),
    _speaker("Ryan", "en", "Dynamic man with rhythmic drive"),
    _speaker("Aiden", "en", "Sunny American man"),
    _speaker("Uncle_Fu", "zh", "Seasoned man, low and mellow"),
    _speaker("Dylan", "zh", "Young man from Beijing"),
    _speaker("Eric", "zh", "Lively man from Chengdu, with the dialect of Sichuan"),
    _speaker("Ono_Anna", "ja", "Playful Japanese woman, light and nimble"),
    _speaker("Sohee", "ko", "Warm Korean woman with rich emotion"),
)
"""As the model card describes them."""


def _spec(
    name: str,
    factory: str,
    model: ModelSpec,
    summary: str,
    capabilities: frozenset[Capability],
    memory_mib: int,
    presets: tuple[PresetVoice, ...] = (),
) -> EngineSpec:
    return EngineSpec(
        name=name,
        role=Role.TTS,
        factory=f"parley.engines.tts.qwen3_tts:{factory}",
        revision=f"{model.name}/1",
        summary=summary,
        licence=model.licence,
        requires=("qwen_tts", "torch"),
        environment="qwen3-tts",
        install="parley engines install qwen3-tts",
        languages=frozenset(LANGUAGES),
        capabilities=capabilities,
        models=(model,),
        backend="parley.engines.devices.pytorch:PyTorch",
        devices=("cuda", "cpu"),
        memory_mib=memory_mib,
        presets=presets,
        max_text_chars=300,
    )


_LARGE_MIB, _SMALL_MIB = 6000, 3500

SPECS = (
    _spec(
        "qwen3-tts",
        "CustomVoice",
        models.CUSTOM_VOICE,
        "Qwen3-TTS 1.7B CustomVoice: nine voices, ten languages, told in words how to speak; wants a GPU.",
        frozenset({Capability.INSTRUCT}),
        _LARGE_MIB,
        SPEAKERS,
    ),
    _spec(
        "qwen3-tts-0.6b",
        "SmallCustomVoice",
        models.CUSTOM_VOICE_SMALL,
        "Qwen3-TTS 0.6B CustomVoice: nine voices, ten languages; wants a GPU.",
        frozenset(),
        _SMALL_MIB,
        SPEAKERS,
    ),
    _spec(
        "qwen3-tts-base",
        "Base",
        models.BASE,
        "Qwen3-TTS 1.7B Base: speaks with learned voices, ten languages; wants a GPU.",
        frozenset({Capability.CLONE}),
        _LARGE_MIB,
    ),
    _spec(
        "qwen3-tts-base-0.6b",
        "SmallBase",
        models.BASE_SMALL,
        "Qwen3-TTS 0.6B Base: speaks with learned voices, ten languages; wants a GPU.",
        frozenset({Capability.CLONE}),
        _SMALL_MIB,
    ),
    _spec(
        "qwen3-tts-design",
        "VoiceDesign",
        models.VOICE_DESIGN,
        "Qwen3-TTS 1.7B VoiceDesign: makes a voice from words, ten languages; wants a GPU.",
        frozenset({Capability.DESIGN, Capability.INSTRUCT}),
        _LARGE_MIB,
    ),
)


def _language(options: SpeakOptions) -> str:
    return LANGUAGES.get(options.language or "", "Auto")


def _words(*said: str) -> str:
    """A design and an instruction as one."""
    words = plain(" ".join(filter(None, said)))
    if len(words) > LONGEST_WORDS:
        raise InvalidOption(f"Say in {LONGEST_WORDS} characters at most how the voice is to sound.")
    return words


class CustomVoice:
    """Speaks with voices that came with the model, and as it is told."""

    model = models.CUSTOM_VOICE

    def __init__(self, setup: Setup) -> None:
        self._qwen = QwenTts(setup.models[self.model.name], "custom_voice", setup)
        self._known = {str(name).casefold() for name in self._qwen.wrapper.get_supported_speakers() or ()}

    def speak(self, text: str, options: SpeakOptions, max_s: float, progress: Progress) -> Speech:
        """One clause."""
        speaker = options.voice.casefold()
        if not speaker or speaker not in self._known:
            raise VoiceUnknown("This engine has no such voice; see: parley voices list")
        how = {
            "speaker": speaker,
            "language": _language(options),
            "instruct": _words(options.instruct) or None,
        }
        return self._qwen.say("custom_voice", text, max_s, progress, **how)


class SmallCustomVoice(CustomVoice):
    """The same in small; it cannot be told how to speak."""

    model = models.CUSTOM_VOICE_SMALL


class VoiceDesign:
    """Speaks with a voice that is described."""

    def __init__(self, setup: Setup) -> None:
        self._qwen = QwenTts(setup.models[models.VOICE_DESIGN.name], "voice_design", setup)

    def speak(self, text: str, options: SpeakOptions, max_s: float, progress: Progress) -> Speech:
        """One clause."""
        if not options.design.strip():
            raise VoiceUnknown("This engine makes voices from words; describe one.")
        words = _words(options.design, options.instruct)
        how = {"language": _language(options), "instruct": words}
        return self._qwen.say("voice_design", text, max_s, progress, **how)


class Base:
    """Speaks with voices that it learned from recordings."""

    model = models.BASE

    def __init__(self, setup: Setup) -> None:
        self._qwen = QwenTts(setup.models[self.model.name], "base", setup)
        config: Any = self._qwen.model.config
        self._width = int(config.speaker_encoder_config.enc_dim)
        self._groups = int(config.talker_config.num_code_groups)
        codec: Any = self._qwen.model.speech_tokenizer.config.decoder_config
        self._codebook = int(codec.codebook_size)
        self._held: OrderedDict[bytes, Any] = OrderedDict()

    def speak(self, text: str, options: SpeakOptions, max_s: float, progress: Progress) -> Speech:
        """One clause."""
        if not options.prompt:
            raise VoiceUnknown("This engine speaks with learned voices only; see: parley voices add --help")
        how = {"language": _language(options), "voice_clone_prompt": [self._item(options.prompt)]}
        return self._qwen.say("voice_clone", text, max_s, progress, **how)

    def learn(self, speech: Speech, transcript: str, language: str | None) -> bytes:
        """With the transcript it learns how somebody speaks; without, only how they sound."""
        if len(speech.samples) > LONGEST_REFERENCE_S * speech.sample_rate_hz:
            raise VoiceRefused(f"A reference recording has at most {LONGEST_REFERENCE_S:.0f} s.")
        text = plain(transcript)
        [item] = self._qwen.wrapper.create_voice_clone_prompt(
            ref_audio=(np.array(speech.samples, dtype=np.float32), speech.sample_rate_hz),
            ref_text=text or None,
            x_vector_only_mode=not text,
        )
        codes = np.zeros((0, self._groups), dtype=np.int64)
        if item.ref_code is not None:
            codes = item.ref_code.cpu().numpy().astype(np.int64)
        voice = item.ref_spk_embedding.float().cpu().numpy().astype(np.float32)
        return ClonePrompt(voice=voice, codes=codes, text=text).pack()

    def _item(self, prompt: bytes) -> Any:
        """The prompt as the package takes it; those used last are kept."""
        if prompt not in self._held:
            self._held[prompt] = self._opened(prompt)
        self._held.move_to_end(prompt)
        while len(self._held) > PROMPTS_HELD:
            self._held.popitem(last=False)
        return self._held[prompt]

    def _opened(self, prompt: bytes) -> Any:
        known = unpack(prompt, width=self._width, groups=self._groups, codebook=self._codebook)
        torch, device = self._qwen.torch, self._qwen.model.device
        has_words = bool(known.text)
        return self._qwen.package.VoiceClonePromptItem(
            ref_code=torch.from_numpy(known.codes).to(device) if has_words else None,
            ref_spk_embedding=torch.from_numpy(known.voice).to(device),
            x_vector_only_mode=not has_words,
            icl_mode=has_words,
            ref_text=known.text or None,
        )


class SmallBase(Base):
    """The same in small."""

    model = models.BASE_SMALL
