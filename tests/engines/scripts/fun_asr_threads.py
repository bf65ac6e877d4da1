"""FunASR issue 865, `list index out of range`: one AutoModel, asked by two threads at once.

python fun_asr_threads.py MODEL SOUND.pcm prints, as JSON, what either thread met. The threads are held at the
worst moment, which a busy server finds by itself within minutes: the object remembers how many frames
were heard last, and by the time one thread reads that, the other has written it.
"""

from __future__ import annotations

import json
import sys
import threading
from typing import Any

import numpy as np
from funasr import AutoModel

SHORT_S, LONG_S = 2, 20
RATE_HZ = 16_000
PATIENCE_S = 60


def main(model_folder: str, sound: str) -> dict[str, str]:
    samples = np.fromfile(sound, dtype="<i2").astype(np.float32) / 32768
    shared = AutoModel(model=model_folder, device="cpu", ncpu=1, disable_update=True, disable_pbar=True)
    hold(shared.model)
    met: dict[str, str] = {}

    def ask(name: str, seconds: int) -> None:
        try:
            shared.generate(input=samples[: seconds * RATE_HZ], dynamic_silence=False)
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to what is found
            met[name] = str(error)

    threads = [
        threading.Thread(target=ask, args=one, name=one[0]) for one in (("short", SHORT_S), ("long", LONG_S))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    return met


def hold(model: Any) -> None:
    """Short hears its frames, long hears its own, then short goes on."""
    short_heard, long_heard = threading.Event(), threading.Event()
    hear = model.ComputeScores

    def in_turns(*args: Any, **how: Any) -> None:
        if threading.current_thread().name == "long":
            short_heard.wait(PATIENCE_S)
            hear(*args, **how)
            long_heard.set()
        else:
            hear(*args, **how)
            short_heard.set()
            long_heard.wait(PATIENCE_S)

    model.ComputeScores = in_turns


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2])))
