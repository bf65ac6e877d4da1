"""A recogniser that hangs in its first call and leaves the file that PARLEY_TEST_MARKER names."""

import os
import time
from pathlib import Path

from parley.engines.contract import EngineSpec, Progress, Role, Stretch
from parley.speech.recognition import Piece, Recognition, RecognitionOptions

SPEC = EngineSpec(
    name="hangs_once",
    role=Role.ASR,
    factory=":Recogniser",
    revision="1",
    summary="test",
    licence="Apache-2.0",
)


class Recogniser:
    def recognise(self, stretch: Stretch, options: RecognitionOptions, progress: Progress) -> Recognition:
        marker = Path(os.environ["PARLEY_TEST_MARKER"])
        if not marker.exists():
            marker.touch()
            time.sleep(600)
        return Recognition(pieces=(Piece(start=0.0, end=len(stretch.samples) / 16000, text="Awake."),))
