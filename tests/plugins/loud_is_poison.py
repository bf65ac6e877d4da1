"""A recogniser whose process dies on speech at full scale; otherwise it says how long the stretch is."""

import os

import numpy as np

from parley.engines.contract import EngineSpec, Progress, Role, Stretch
from parley.speech.recognition import Piece, Recognition, RecognitionOptions

SPEC = EngineSpec(
    name="loud_is_poison", role=Role.ASR, factory=":Recogniser", revision="1", summary="test",
    licence="Apache-2.0",
    max_stretch_s=8.0,
)  # fmt: skip


class Recogniser:
    def recognise(self, stretch: Stretch, options: RecognitionOptions, progress: Progress) -> Recognition:
        if np.abs(stretch.samples).max() > 0.999:
            os.abort()
        text = f"Heard {len(stretch.samples)} samples."
        return Recognition(
            pieces=(Piece(start=stretch.islands[0].start, end=stretch.islands[-1].end, text=text),)
        )
