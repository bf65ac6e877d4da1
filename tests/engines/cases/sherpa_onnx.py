"""sherpa-onnx's engines: Silero with real weights, the others tiny and random."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from parley.engines.carried import package_folder
from parley.engines.contract import Role
from parley.engines.registry import discover
from tests.engines.conformance import Case


@functools.cache
def tiny_models() -> Path:
    """A folder with a model of each kind, made once for all tests."""
    from tests.engines.tiny import sherpa

    folder = Path(tempfile.mkdtemp(prefix="parley-tiny-sherpa-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    sherpa.make_all(folder)
    sherpa.real_silero(
        folder / "sherpa-silero-vad", package_folder("faster_whisper") / "assets" / "silero_vad_v6.onnx"
    )
    return folder


def models_of(engine: str) -> Mapping[str, Path]:
    """Folders of an engine's models by name."""
    return {model.name: tiny_models() / model.name for model in discover()[engine].models}


ENGINES = tuple(
    name for name, spec in discover().items() if spec.environment == "sherpa-onnx" and spec.role != Role.TTS
)

CASES = tuple(Case(engine=name, models=functools.partial(models_of, name)) for name in ENGINES)

VOICES = tuple(
    Case(engine=name, models=functools.partial(models_of, name))
    for name, spec in discover().items()
    if spec.environment == "sherpa-onnx" and spec.role == Role.TTS
)
