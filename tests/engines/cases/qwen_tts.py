"""Qwen3-TTS, tiny and random, in its own environment."""

from __future__ import annotations

import atexit
import functools
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from parley.engines.registry import discover
from tests.engines.conformance import Case
from tests.engines.environments import environment

TINY = Path(__file__).parents[1] / "tiny" / "qwen_voices.py"

KINDS = {
    "qwen3-tts": "custom_voice",
    "qwen3-tts-0.6b": "custom_voice_small",
    "qwen3-tts-base": "base",
    "qwen3-tts-base-0.6b": "base",
    "qwen3-tts-design": "voice_design",
}
"""Which of the tiny models an engine opens."""


@functools.cache
def tiny_models() -> Path:
    """Made once for all tests."""
    folder = Path(tempfile.mkdtemp(prefix="parley-tiny-qwen-tts-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    command = [str(environment("qwen3-tts")), str(TINY), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


def models_of(engine: str) -> Mapping[str, Path]:
    """Folders of an engine's models by name."""
    [model] = discover()[engine].models
    return {model.name: tiny_models() / KINDS[engine]}


CASES = ()

VOICES = tuple(
    Case(engine=name, models=functools.partial(models_of, name), long_s=1.0)
    for name in ("qwen3-tts", "qwen3-tts-base", "qwen3-tts-design")
)
"""Those of 0.6B run the same code."""
