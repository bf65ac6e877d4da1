"""A recogniser that takes its time and counts its calls in the file that PARLEY_TEST_CALLS names."""

import hashlib
import os
import time
from pathlib import Path

from parley.engines.contract import EngineSpec, Progress, Role, Stretch
from parley.speech.recognition import Piece, Recognition, RecognitionOptions

SPEC = EngineSpec(
    name="slow", role=Role.ASR, factory=":Recogniser", revision="1", summary="test",
    licence="Apache-2.0",
    max_stretch_s=8.0,
)  # fmt: skip


class Recogniser:
    def recognise(self, stretch: Stretch, options: RecognitionOptions, progress: Progress) -> Recognition:
        with Path(os.environ["PARLEY_TEST_CALLS"]).open("a") as calls:
            calls.write(f"{len(stretch.samples)}\n")
        time.sleep(0.3)
        text = f"Sound {hashlib.sha256(stretch.samples.tobytes()).hexdigest()[:8]}."
        return Recognition(
            pieces=(Piece(start=stretch.islands[0].start, end=stretch.islands[-1].end, text=text),)
        )
