"""A tiny random Whisper of transformers, converted by CTranslate2's own converter.

python whisper_by_transformers.py FOLDER TOKENIZER PACKAGES LANGUAGES   (PACKAGES holds ctranslate2, which the
interpreter with torch and transformers lacks)
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any


def write(folder: Path, tokenizer_file: Path, languages: list[str]) -> None:
    torch: Any = importlib.import_module("torch")
    transformers: Any = importlib.import_module("transformers")
    converters: Any = importlib.import_module("ctranslate2.converters")
    source = folder.with_name(f"{folder.name}-source")
    # Whisper's own class wants files that only the hub has; the converter asks for a vocabulary.
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_file=str(tokenizer_file),
        bos_token="<|endoftext|>",
        eos_token="<|endoftext|>",
        pad_token="<|endoftext|>",
    )
    ids = tokenizer.get_vocab()
    end = ids["<|endoftext|>"]
    torch.manual_seed(3)
    config = transformers.WhisperConfig(
        vocab_size=len(ids), d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=64, decoder_ffn_dim=64, num_mel_bins=80,
        bos_token_id=end, eos_token_id=end, pad_token_id=end,
        decoder_start_token_id=ids["<|startoftranscript|>"], init_std=0.5,
    )  # fmt: skip
    model = transformers.WhisperForConditionalGeneration(config)
    model.generation_config.suppress_tokens = []
    model.generation_config.begin_suppress_tokens = [220, end]
    model.save_pretrained(str(source))
    tokenizer.save_pretrained(str(source))
    converter = converters.TransformersConverter(str(source), copy_files=["tokenizer.json"])
    converter.convert(str(folder), quantization="float32")
    # The converter looks for languages where transformers 5 no longer keeps them; the hub's files have them.
    written = json.loads((folder / "config.json").read_text("utf-8"))
    written["lang_ids"] = [ids[f"<|{code}|>"] for code in languages]
    (folder / "config.json").write_text(json.dumps(written), "utf-8")


if __name__ == "__main__":
    sys.path.append(sys.argv[3])
    write(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[4].split(","))
