"""The profiles that come with Parley: engines by role."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from parley.engines.contract import EngineSpec

EMBEDDED = {
    "media": "pyav",
    "vad": "silero",
    "asr": "moonshine",
    "speakers": "xvector",
    "turn": "silence",
    "tts": "espeak-ng",
}

_RECOGNISERS = (
    *("whisper-tiny", "whisper-base", "whisper-small", "whisper-medium", "whisper-large-v3", "whisper-turbo"),
    "glm-asr",
    *("moonshine-tiny", "moonshine-base", "moonshine-tiny-ar", "moonshine-tiny-ja", "moonshine-tiny-ko"),
    *("moonshine-tiny-uk", "moonshine-tiny-vi", "moonshine-tiny-zh", "moonshine-base-es"),
)
"""Profiles of the same name that differ from `embedded` in the recogniser only."""

SHIPPED: Mapping[str, Mapping[str, str]] = {
    "embedded": EMBEDDED,
    **{name: {"asr": name} for name in _RECOGNISERS},
    "paraformer-zh": {
        "vad": "funasr-fsmn-vad",
        "asr": "funasr-paraformer",
        "punctuation": "funasr-ct-punc",
        "speakers": "funasr-campplus",
        "streaming": "funasr-paraformer-streaming",
    },
    "paraformer-zh-streaming": {
        "vad": "funasr-fsmn-vad",
        "asr": "funasr-paraformer-streaming",
        "punctuation": "funasr-ct-punc",
        "speakers": "funasr-campplus",
    },
    "sensevoice-funasr": {
        "vad": "funasr-fsmn-vad",
        "asr": "funasr-sensevoice",
        "speakers": "funasr-campplus",
    },
    "qwen3-asr": {"asr": "funasr-qwen3-asr"},
    "sensevoice": {"vad": "sherpa-silero", "asr": "sherpa-sensevoice", "speakers": "sherpa-campplus"},
    "paraformer-onnx": {
        "vad": "sherpa-silero",
        "asr": "sherpa-paraformer",
        "punctuation": "sherpa-ct-punc",
        "speakers": "sherpa-campplus",
        "streaming": "sherpa-paraformer-streaming",
    },
    "zipformer-streaming": {
        "vad": "sherpa-silero",
        "asr": "sherpa-zipformer",
        "punctuation": "sherpa-ct-punc",
        "speakers": "sherpa-campplus",
    },
}
"""Roles that a profile leaves out are those of `embedded`; "none" says that it has none.

`streaming` hears live speech in progress, in the same environment as `asr`, which hears each utterance
again when it has ended. Where a profile names none and its `asr` does not stream, the growing utterance is
recognised again and again: SenseVoice, one pass without a decoder, is quick enough, and knows more languages.
"""

BEST: Mapping[str, tuple[str, ...]] = {
    "zh": ("paraformer-zh", "paraformer-onnx", "sensevoice", "glm-asr"),
    "yue": ("sensevoice", "glm-asr"),
    "ja": ("sensevoice",),
    "ko": ("sensevoice",),
    "en": ("whisper-turbo", "whisper-large-v3", "whisper-medium", "whisper-small", "moonshine-base"),
}
"""What `auto` prefers for a language, the best first, by what their publishers report; a profile that is
not named here comes after those of `BEST_OF_MANY`."""

BEST_OF_MANY = (
    "whisper-turbo",
    "whisper-large-v3",
    "sensevoice",
    "whisper-medium",
    "whisper-small",
    "whisper-base",
    "whisper-tiny",
)
"""What `auto` prefers where nobody said which language."""

VOICES = (
    *("kokoro", "kokoro-zh", "vits-melo", "matcha-zh", "vits-zh"),
    *("qwen3-tts", "qwen3-tts-0.6b", "qwen3-tts-base", "qwen3-tts-base-0.6b", "qwen3-tts-design"),
)
"""Which engine speaks where nobody chooses: by how natural their publishers' samples sound, those first that
keep up with a listener on a processor. Qwen3-TTS sounds best and needs a graphics card, so it is named by
whoever has one."""

VOICES_OF: Mapping[str, tuple[str, ...]] = {"zh": ("kokoro-zh", "vits-melo", "matcha-zh", "kokoro")}
"""What comes before those in a language."""

LAST_VOICE = "espeak-ng"
"""Understood by everybody, taken for a human by nobody."""


def voices_by_preference(specs: Iterable[EngineSpec], language: str | None = None) -> dict[str, EngineSpec]:
    """Engines that speak, by name, the best for a language first; a user's own come before `LAST_VOICE`."""
    known = {spec.name: spec for spec in specs}
    ranked = (*VOICES_OF.get(language or "", ()), *VOICES, *(name for name in known if name != LAST_VOICE))
    order = dict.fromkeys((*ranked, LAST_VOICE))
    return {name: known[name] for name in order if name in known}
