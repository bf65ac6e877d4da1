"""GLM-ASR with tiny random weights in its environment: transformers' own loading and decoding."""

from __future__ import annotations

import asyncio
import math
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest

from parley.engines.asr.glm_asr import LONG_PROMPT, MODEL, SPARE_TOKENS, SPEC, TOKENS_PER_SECOND
from parley.engines.profiles import build_profiles, check_options
from parley.engines.registry import discover
from parley.errors import UnsupportedOption
from parley.fleet.fleet import Fleet
from parley.speech.media import Clip
from parley.speech.recognition import RecognitionOptions
from parley.speech.span import Span
from parley.supply.models import Models
from parley.wire.frames import Recognise, Recognised, StretchRef
from tests.engines.environments import environment
from tests.engines.recognising import PATIENT, assert_in_order, noise, pool_of, recognise
from tests.engines.tiny import glm

pytestmark = pytest.mark.slow

DIRECT = Path(glm.__file__).with_name("glm_direct.py")
ISLANDS = (Span(0.5, 4.0), Span(4.5, 9.5))


@pytest.fixture(scope="module")
def python() -> Path:
    return environment(SPEC.environment)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, python: Path) -> Path:
    place = tmp_path_factory.mktemp("models") / MODEL.name
    subprocess.run([python, glm.__file__, place], check=True, timeout=600)
    return place


def working(python: Path, folder: Path, job: Callable[[Fleet], Awaitable[None]]) -> None:
    async def main() -> None:
        async with Fleet([pool_of(SPEC, folder, python)], PATIENT) as fleet:
            await job(fleet)

    asyncio.run(main())


def squeezed(text: str) -> str:
    """Letters only: at a border between pieces white space comes and goes."""
    return "".join(text.replace("\ufffd", "").split())


def test_a_folder_like_the_hubs_counts_as_the_model(folder: Path) -> None:
    assert Models(folder.parent).folder(MODEL) == folder


@pytest.mark.parametrize("prompt", [None, "Parley"])
def test_the_text_is_what_transformers_writes(
    python: Path, folder: Path, tmp_path: Path, prompt: str | None
) -> None:
    """Encoding once and reading vectors gives the tokens that reading the request gives; loops are cut
    afterwards, so only what is in front of the first one is compared."""
    seconds = 3.0
    sound = (np.rint(noise(seconds) * 32767) / 32768).astype(np.float32)
    sound.tofile(tmp_path / "sound.f32")
    most = math.ceil(seconds * TOKENS_PER_SECOND) + SPARE_TOKENS
    command = [python, DIRECT, folder, tmp_path / "sound.f32", str(most), *([prompt] if prompt else [])]
    said = subprocess.run(command, check=True, timeout=600, capture_output=True, text=True).stdout

    async def job(fleet: Fleet) -> None:
        options = RecognitionOptions(prompt=prompt)
        found = await recognise(fleet, SPEC.name, tmp_path, noise(seconds), options=options)
        ours = squeezed(found.pieces[0].text)
        assert len(ours) > 10
        assert ours[:24] == squeezed(said)[:24]

    working(python, folder, job)


def test_a_batch_is_placed_on_its_islands_and_bounded(python: Path, folder: Path, tmp_path: Path) -> None:
    samples = noise(10.0)
    path = tmp_path / "sound.pcm"
    path.write_bytes((samples * 32767).astype("<i2").tobytes())
    whole = StretchRef(clip=Clip(path=str(path), first=0, last=len(samples)), islands=ISLANDS)
    short = StretchRef(clip=Clip(path=str(path), first=0, last=16_000), islands=(Span(0.2, 0.9),))
    nothing = StretchRef(clip=Clip(path=str(path), first=0, last=0), islands=())
    request = Recognise(stretches=(whole, nothing, short), options=RecognitionOptions())

    async def job(fleet: Fleet) -> None:
        told: list[float] = []
        reply = (await fleet.call(SPEC.name, request, 11.0, told.append)).reply
        assert isinstance(reply, Recognised)
        first, empty, last = reply.recognitions
        assert empty.pieces == ()
        for found, islands, seconds in ((first, ISLANDS, 10.0), (last, short.islands, 1.0)):
            assert_in_order(found, seconds)
            assert {(piece.start, piece.end) for piece in found.pieces} <= {
                (one.start, one.end) for one in islands
            }
        assert first.pieces
        assert told == sorted(told)
        assert max(told) <= 11.0 + 1e-6

    working(python, folder, job)


def test_a_long_prompt_is_shortened_and_that_is_said(python: Path, folder: Path, tmp_path: Path) -> None:
    async def job(fleet: Fleet) -> None:
        options = RecognitionOptions(prompt="abc " * 300)
        found = await recognise(fleet, SPEC.name, tmp_path, noise(2.0), options=options)
        assert found.notices == (LONG_PROMPT,)

    working(python, folder, job)


def test_what_it_cannot_do_is_refused_with_those_that_can() -> None:
    profiles = build_profiles(discover(), {})
    for options in (
        RecognitionOptions(words=True),
        RecognitionOptions(hotwords=(("Parley", 1.0),)),
        RecognitionOptions(task="translate"),
        RecognitionOptions(language="zh"),
    ):
        with pytest.raises(UnsupportedOption, match="whisper-small"):
            check_options(profiles["glm-asr"], options, profiles.values())
