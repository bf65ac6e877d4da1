"""Whether short utterances say the same together as alone: python fun_asr_batches.py TINY_MODELS SOUND.pcm

Together as on an accelerator, whatever device this is: on a processor the engines hear each by itself.
Prints, as JSON, for each engine how many utterances there were, how many differed, and some text.
"""

from __future__ import annotations

import importlib
import json
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np

from parley.engines.contract import Stretch
from parley.engines.funasr_batches import MOST_S
from parley.engines.registry import discover
from parley.engines.setup import Setup
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.recognition import RecognitionOptions
from parley.speech.span import Span

ENGINES = ("funasr-paraformer", "funasr-sensevoice")
UTTERANCES = 40


def main(tiny: Path, sound: str) -> dict[str, Any]:
    samples = np.fromfile(sound, dtype="<i2").astype(np.float32) / 32768
    chance = random.Random(2)
    cuts = [
        (chance.uniform(0.0, 18.0), chance.choice([0.0, 0.02, 0.3, 0.7, 1.1, 2.6, 5.0, 6.3]))
        for _ in range(UTTERANCES)
    ]
    utterances = [_stretch(samples, start, length) for start, length in cuts]
    return {name: _compare(name, tiny, utterances, chance) for name in ENGINES}


def _stretch(samples: np.ndarray, start_s: float, length_s: float) -> Stretch:
    first = int(start_s * SAMPLE_RATE_HZ)
    own = samples[first : first + int(length_s * SAMPLE_RATE_HZ)]
    return Stretch(samples=own, islands=(Span(0.0, len(own) / SAMPLE_RATE_HZ),))


def _compare(name: str, tiny: Path, utterances: list[Stretch], chance: random.Random) -> dict[str, Any]:
    engine = _open(name, tiny)
    engine._most_s = MOST_S
    options = RecognitionOptions(words=True)
    alone = [engine.recognise(each, options, lambda _: None) for each in utterances]
    differed = 0
    for size in (2, 3, 8, UTTERANCES):
        order = chance.sample(range(UTTERANCES), UTTERANCES)
        for first in range(0, UTTERANCES, size):
            places = order[first : first + size]
            found = engine.recognise_batch([utterances[at] for at in places], options, lambda _: None)
            differed += sum(one != alone[at] for at, one in zip(places, found, strict=True))
    text = "".join(piece.text for found in alone for piece in found.pieces)
    return {"utterances": UTTERANCES, "differed": differed, "characters": len(text)}


def _open(name: str, tiny: Path) -> Any:
    spec = discover()[name]
    module, _, factory = spec.factory.partition(":")
    models = {model.name: tiny / model.name for model in spec.models}
    return getattr(importlib.import_module(module), factory)(Setup(models=models))


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), sys.argv[2])))
