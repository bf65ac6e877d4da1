"""What FunASR's own AutoModel says, as JSON: python fun_asr_answers.py TINY_MODELS VAD_MODEL SOUND.pcm"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from funasr import AutoModel
from funasr.models.campplus.utils import sv_chunk

RATE_HZ = 16_000
HOTWORDS = "hello 你这个"
TEXT = "你这个的了 hello world 不在人有我他这个们中来上大为和国地到以说时要就出会可也你对生"
CHUNK = 9_600


def main(tiny: Path, vad: str, sound: str) -> dict[str, Any]:
    samples = np.fromfile(sound, dtype="<i2").astype(np.float32) / 32768
    spans = _open(vad).generate(input=samples, dynamic_silence=False)[0]["value"]
    cut = [samples[start * 16 : end * 16] for start, end in spans]
    paraformer = _open(tiny / "paraformer-zh")
    together = _open(tiny / "paraformer-zh", vad_model=vad, punc_model=str(tiny / "ct-punc"))
    whole = together.generate(input=samples, dynamic_silence=False, return_raw_text=True)[0]
    sensevoice = _open(tiny / "sensevoice-small")
    punctuation = _open(tiny / "ct-punc")
    speakers = _open(tiny / "campplus")
    windows = sv_chunk(
        [[start / 1000, end / 1000, part] for (start, end), part in zip(spans, cut, strict=True)]
    )
    vectors = [speakers.generate(input=[window[2]])[0]["spk_embedding"][0].tolist() for window in windows]
    return {
        "spans": spans,
        "paraformer": [_asked(paraformer, part) for part in cut],
        "hotwords": [_asked(paraformer, part, hotword=HOTWORDS) for part in cut],
        "whole": {"text": whole["text"], "raw": whole["raw_text"], "timestamp": whole["timestamp"]},
        "sensevoice": [
            sensevoice.generate(input=part, language="zh", use_itn=True)[0]["text"] for part in cut
        ],
        "punctuated": punctuation.generate(input=TEXT)[0]["text"],
        "windows": [[window[0], window[1]] for window in windows],
        "vectors": vectors,
        "live": _live(_open(tiny / "paraformer-zh-streaming"), samples),
    }


def _open(folder: Any, **how: Any) -> AutoModel:
    return AutoModel(model=str(folder), device="cpu", ncpu=1, disable_update=True, disable_pbar=True, **how)


def _asked(model: AutoModel, samples: np.ndarray, **how: Any) -> dict[str, Any]:
    found = model.generate(input=samples, **how)
    return (
        {"text": found[0]["text"], "timestamp": found[0]["timestamp"]}
        if found
        else {"text": "", "timestamp": []}
    )


def _live(model: AutoModel, samples: np.ndarray) -> str:
    cache: dict[str, Any] = {}
    said = ""
    for first in range(0, len(samples), CHUNK):
        last = first + CHUNK >= len(samples)
        found = model.generate(
            input=samples[first : first + CHUNK],
            cache=cache,
            is_final=last,
            chunk_size=[0, 10, 5],
            encoder_chunk_look_back=4,
            decoder_chunk_look_back=1,
        )
        said += found[0]["text"]
    return said


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])))
