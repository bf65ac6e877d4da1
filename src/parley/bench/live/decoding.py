"""Recordings as samples, and as the transcripts that their files get; both by the workers of a shop."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from parley.batch.events import Event
from parley.batch.wish import Wish
from parley.bench.corpus import Sample
from parley.bench.live.clips import Samples
from parley.bench.shop import Shop
from parley.engines.contract import Role
from parley.errors import InputError, ParleyError
from parley.speech.media import DecodeOptions
from parley.wire.frames import Decoded, DecodeMedia


async def decoded(shop: Shop, samples: Sequence[Sample], folder: Path) -> dict[str, Samples]:
    """The samples of each recording at 16 kHz, by name; raises ParleyError for one that cannot be read."""
    engine = shop.profile.engines[Role.MEDIA].name
    found: dict[str, Samples] = {}
    for sample in samples:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            source = os.fsencode(sample.path.resolve())
            request = DecodeMedia(source=source, folder=place, options=DecodeOptions())
            try:
                answer = await shop.fleet.call(engine, request, audio_s=0.0)
            except InputError as error:
                raise type(error)(f"'{sample.name}': {error.message}", detail=error.detail) from error
            if not isinstance(answer.reply, Decoded):
                raise ParleyError("The decoder gave no samples.")
            found[sample.name] = np.fromfile(answer.reply.media.tracks[0].path, dtype="<i2")
    return found


async def transcribed(shop: Shop, samples: Sequence[Sample], wish: Wish) -> dict[str, str]:
    """What is said in each recording as `parley transcribe` has it, by name; raises ParleyError."""
    plain = replace(wish, speakers=None, use_cache=False)
    found: dict[str, str] = {}
    for sample in samples:
        outcome = await shop.transcribe(sample.path, plain, _nobody)
        found[sample.name] = outcome.transcript.text
    return found


def _nobody(event: Event) -> None:
    """Nobody watches."""
