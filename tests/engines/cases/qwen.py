"""Qwen3-ASR through FunASR, tiny and random, in its own environment."""

from __future__ import annotations

import atexit
import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.engines.conformance import Case
from tests.engines.environments import environment

TINY = Path(__file__).parents[1] / "tiny" / "qwen.py"


@functools.cache
def tiny_model() -> Path:
    """Made once for all tests."""
    folder = Path(tempfile.mkdtemp(prefix="parley-tiny-qwen-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    command = [str(environment("qwen3-asr")), str(TINY), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


CASES = (Case(engine="funasr-qwen3-asr", models=lambda: {"qwen3-asr-0.6b": tiny_model()}, long_s=60),)
