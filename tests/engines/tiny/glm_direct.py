"""What transformers itself writes for a recording, without any code of ours.

python glm_direct.py MODEL SAMPLES TOKENS [PROMPT]   prints the text; SAMPLES is a file of 32-bit floats.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import numpy as np


def main(model_folder: str, samples: str, tokens: int, prompt: str | None) -> None:
    torch: Any = importlib.import_module("torch")
    transformers: Any = importlib.import_module("transformers")
    processor = transformers.AutoProcessor.from_pretrained(model_folder, local_files_only=True)
    model = transformers.GlmAsrForConditionalGeneration.from_pretrained(
        model_folder, local_files_only=True, dtype=torch.float32
    )
    sound = np.fromfile(samples, dtype=np.float32)
    asked = f"{processor.default_transcription_prompt}\n{prompt}" if prompt else None
    inputs = processor.apply_transcription_request(sound, prompt=asked)
    written = model.generate(**inputs, do_sample=False, max_new_tokens=tokens)
    sys.stdout.write(
        processor.batch_decode(written[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)[0]
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] if len(sys.argv) > 4 else None)
