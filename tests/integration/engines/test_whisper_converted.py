"""A Whisper of transformers, converted as the models on the hub were, recognised with in a worker."""

from __future__ import annotations

import asyncio
import os
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

from parley.engines.asr.faster_whisper import SPECS
from parley.fleet.fleet import Fleet
from parley.speech.recognition import RecognitionOptions
from tests.engines.environments import environment
from tests.engines.recognising import PATIENT, assert_in_order, noise, pool_of, recognise
from tests.engines.tiny import whisper

pytestmark = pytest.mark.slow

SCRIPT = Path(whisper.__file__).with_name("whisper_by_transformers.py")
BORROWED = ("ctranslate2", "ctranslate2.libs", "yaml", "_yaml")
"""No environment has PyTorch and CTranslate2: the converter is lent Parley's own."""


def lent(folder: Path) -> Path:
    found = find_spec("ctranslate2")
    assert found and found.origin
    packages = Path(found.origin).parents[1]
    folder.mkdir()
    for name in BORROWED:
        if (packages / name).exists():
            (folder / name).symlink_to(packages / name)
    return folder


def test_a_converted_model_is_loaded_and_decoded(tmp_path: Path) -> None:
    python = environment("glm-asr")
    own = whisper.write(tmp_path / "own")
    model = tmp_path / "model"
    subprocess.run(
        [
            python,
            SCRIPT,
            model,
            own / "tokenizer.json",
            lent(tmp_path / "lent"),
            ",".join(whisper.languages()),
        ],
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
        check=True,
        timeout=600,
    )
    for pattern in SPECS[0].models[0].needs:
        assert list(model.glob(pattern)), pattern

    async def main() -> None:
        async with Fleet([pool_of(SPECS[0], model, environment("faster-whisper"))], PATIENT) as fleet:
            for options in (RecognitionOptions(), RecognitionOptions(language="zh", words=True)):
                found = await recognise(fleet, SPECS[0].name, tmp_path, noise(8.0), options=options)
                assert_in_order(found, 8.0)

    asyncio.run(main())
