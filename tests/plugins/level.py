"""A recogniser that says how loud the stretch is: a tone of known height tells which recording it was."""

import os
import time
from pathlib import Path

import numpy as np

from parley.engines.contract import EngineSpec, Progress, Role, Stretch
from parley.speech.recognition import Piece, Recognition, RecognitionOptions

SPEC = EngineSpec(
    name="level", role=Role.ASR, factory=":Recogniser", revision="1", summary="test",
    licence="Apache-2.0",
)  # fmt: skip


class Recogniser:
    def recognise(self, stretch: Stretch, options: RecognitionOptions, progress: Progress) -> Recognition:
        time.sleep(float(os.environ.get("PARLEY_TEST_WORK_S", "0.01")))
        if (counted := os.environ.get("PARLEY_TEST_CALLS")) is not None:
            with Path(counted).open("a") as calls:
                calls.write(f"{len(stretch.samples)}\n")
        text = f"Level {round(float(np.abs(stretch.samples).max(initial=0.0)) * 1000)}."
        return Recognition(
            pieces=(Piece(start=stretch.islands[0].start, end=stretch.islands[-1].end, text=text),)
        )
