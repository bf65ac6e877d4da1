"""The profiles that come with Parley: engines by role."""

from __future__ import annotations

from collections.abc import Mapping

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
