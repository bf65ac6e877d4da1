"""faster-whisper and GLM-ASR, tiny and random, and Moonshine's real weights in the place of a download."""

from __future__ import annotations

import atexit
import functools
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from parley.engines.carried import package_folder
from tests.engines.conformance import Case
from tests.engines.environments import environment

GLM = Path(__file__).parents[1] / "tiny" / "glm.py"


@functools.cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="parley-tiny-asr-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@functools.cache
def whisper_model() -> Mapping[str, Path]:
    """Written by CTranslate2's own specification."""
    from tests.engines.tiny import whisper

    return {"faster-whisper-tiny": whisper.write(_folder() / "whisper")}


@functools.cache
def glm_model() -> Mapping[str, Path]:
    """Written by transformers, in the environment."""
    place = _folder() / "glm"
    command = [str(environment("glm-asr")), str(GLM), str(place)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return {"glm-asr-nano-2512": place}


def moonshine_model() -> Mapping[str, Path]:
    """What the wheel carries is the same model."""
    return {"moonshine-tiny": package_folder("moonshine_voice") / "assets" / "tiny-en"}


CASES = (
    Case(engine="whisper-tiny", models=whisper_model),
    Case(engine="glm-asr", models=glm_model),
    Case(engine="moonshine-tiny", models=moonshine_model),
)
