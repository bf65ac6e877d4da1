"""The package `qwen-tts`, one model of it on one device, and the bounds of what it says.

A frame of speech is a token of the talker and fifteen more of a smaller model; it lasts 80 ms.
"""

from __future__ import annotations

import importlib
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from parley.engines.contract import Progress, Speech
from parley.engines.setup import Setup
from parley.errors import EngineFailed
from parley.signal.tokens import is_unspaced
from parley.speech.device import CPU

SEED = 20260122
"""The same words sound the same each time; the day on which the models came out."""

SLOW_SIGN_S, SLOW_LETTER_S, SPARE_S = 0.7, 0.25, 4.0
"""Seconds for a Chinese character or a digit, for a letter, and for a breath: about three times what slow
speech takes, so that what is longer is a loop."""

_UNUSED = "qwen_tts.core.tokenizer_25hz.modeling_qwen3_tts_tokenizer_v1"
_MARKS = str.maketrans("<>|", "   ")


def library() -> Any:
    """The package without its tokenizer of 25 Hz, which no published model has.

    That one alone wants torchaudio, which has no build for this PyTorch, onnxruntime and sox.
    """
    # Models lie in folders; nothing is to be looked for elsewhere.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    if _UNUSED not in sys.modules:
        stand_in = ModuleType(_UNUSED)
        stand_in.__dict__["Qwen3TTSTokenizerV1Model"] = type("Qwen3TTSTokenizerV1Model", (), {})
        sys.modules[_UNUSED] = stand_in
    return importlib.import_module("qwen_tts")


class QwenTts:
    """A model of the kind "custom_voice", "base" or "voice_design"."""

    def __init__(self, folder: Path, kind: str, setup: Setup) -> None:
        self.torch: Any = importlib.import_module("torch")
        if setup.device == CPU:
            self.torch.set_num_threads(setup.threads)
        self.package: Any = library()
        number_type, attention = _how(self.torch, setup.kind)
        self.wrapper: Any = self.package.Qwen3TTSModel.from_pretrained(
            str(folder), device_map=setup.device, dtype=number_type, attn_implementation=attention
        )
        self.model: Any = self.wrapper.model
        if self.model.tts_model_type != kind:
            raise EngineFailed(f"The model's folder holds a '{self.model.tts_model_type}', not a '{kind}'.")
        codec: Any = self.model.speech_tokenizer
        self.rate_hz = int(codec.get_output_sample_rate())
        self.frame_s = int(codec.get_decode_upsample_rate()) / self.rate_hz
        self._step: Callable[[], None] = lambda: None
        self.model.talker.register_forward_hook(self._stepped)

    def _stepped(self, *_module_and_values: object) -> None:
        self._step()

    def say(self, way: str, text: str, max_s: float, progress: Progress, **how: Any) -> Speech:
        """What a method of the package, `generate_` and `way`, says of one text."""
        if not any(char.isalnum() for char in text):
            return Speech(samples=np.zeros(0, dtype=np.float32), sample_rate_hz=self.rate_hz)
        frames = math.floor(min(max_s, longest_s(text)) / self.frame_s)
        self._step = _counting(self.frame_s, progress)
        self.torch.manual_seed(SEED)
        try:
            # The last token is never heard: it is made, but nothing comes after it.
            waves, rate_hz = getattr(self.wrapper, f"generate_{way}")(
                text=plain(text), max_new_tokens=max(2, frames) + 1, **how
            )
        finally:
            self._step = lambda: None
        samples = np.asarray(waves[0], dtype=np.float32)[: int(max_s * rate_hz)]
        return Speech(samples=samples, sample_rate_hz=int(rate_hz))


def plain(text: str) -> str:
    """Text without what the tokenizer takes for marks of its own; spaces around it would shift them."""
    return text.translate(_MARKS).strip()


def longest_s(text: str) -> float:
    """More than a person would need for it."""
    slow = sum(1 for char in text if is_unspaced(char) or char.isdigit())
    return SPARE_S + SLOW_SIGN_S * slow + SLOW_LETTER_S * (len(text) - slow)


def _counting(frame_s: float, progress: Progress) -> Callable[[], None]:
    """Called for each frame: a call that stops doing so is hung."""
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        progress(done * frame_s)

    return step


def _how(torch: Any, kind: str) -> tuple[Any, str]:
    """The models were published in bfloat16; where that is missing, full precision."""
    if kind != "cuda" or not torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.float32, "sdpa"
    utils: Any = importlib.import_module("transformers.utils")
    return torch.bfloat16, "flash_attention_2" if utils.is_flash_attn_2_available() else "sdpa"
