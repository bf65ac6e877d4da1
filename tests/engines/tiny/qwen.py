"""A tiny Qwen3-ASR with random weights in the layout of the hub; run with the python of its environment.

python qwen.py FOLDER
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

MARKS = (
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|audio_start|>", "<|audio_end|>", "<|audio_pad|>",
    "<asr_text>",
)  # fmt: skip
WORDS = 400
TEMPLATE = """{%- for m in messages -%}<|im_start|>{{ m.role }}
{% if m.content is string %}{{ m.content }}{% else %}{% for c in m.content -%}
{%- if c.type == 'audio' -%}<|audio_start|><|audio_pad|><|audio_end|>{%- else -%}{{ c.text }}{%- endif -%}
{%- endfor %}{% endif %}<|im_end|>
{% endfor -%}{%- if add_generation_prompt -%}<|im_start|>assistant
{% endif -%}"""


def write(folder: Path) -> None:
    torch: Any = importlib.import_module("torch")
    transformers: Any = importlib.import_module("transformers")
    backend: Any = importlib.import_module("qwen_asr.core.transformers_backend")
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer(transformers, folder)
    ids = {mark: tokenizer.convert_tokens_to_ids(mark) for mark in MARKS}
    heads = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    rope = {"rope_type": "default", "mrope_section": [4, 2, 2], "mrope_interleaved": True}
    text = {
        **heads,
        "num_key_value_heads": 1,
        "head_dim": 16,
        "vocab_size": len(tokenizer),
        "rope_scaling": rope,
        "max_position_embeddings": 4096,
        "tie_word_embeddings": False,
    }
    sound = {
        "num_mel_bins": 128,
        "encoder_layers": 2,
        "encoder_attention_heads": 2,
        "encoder_ffn_dim": 64,
        "d_model": 32,
        "output_dim": 32,
        "n_window": 50,
        "n_window_infer": 800,
        "downsample_hidden_size": 16,
    }
    config = backend.Qwen3ASRConfig(
        thinker_config={
            "audio_config": sound,
            "text_config": text,
            "audio_token_id": ids["<|audio_pad|>"],
            "audio_start_token_id": ids["<|audio_start|>"],
        }
    )
    torch.manual_seed(5)
    model = backend.Qwen3ASRForConditionalGeneration(config)
    ends = [ids["<|im_end|>"], ids["<|endoftext|>"]]
    model.generation_config = transformers.GenerationConfig(
        eos_token_id=ends, pad_token_id=ends[1], do_sample=False
    )
    model.eval().save_pretrained(folder)
    features = transformers.WhisperFeatureExtractor(feature_size=128)
    backend.Qwen3ASRProcessor(features, tokenizer, chat_template=TEMPLATE).save_pretrained(folder)


def _tokenizer(transformers: Any, folder: Path) -> Any:
    tokenizers: Any = importlib.import_module("tokenizers")
    made = tokenizers.ByteLevelBPETokenizer()
    lines = ["hello world this is language Chinese English", "今天天气很好我们去公园玩你这个人在中国"] * 30
    made.train_from_iterator(lines, vocab_size=WORDS, special_tokens=[])
    made.save_model(str(folder))
    tokenizer = transformers.Qwen2Tokenizer(
        str(folder / "vocab.json"),
        str(folder / "merges.txt"),
        additional_special_tokens=list(MARKS),
        pad_token="<|endoftext|>",
        eos_token="<|im_end|>",
        extra_special_tokens={
            "audio_token": "<|audio_pad|>",
            "audio_bos_token": "<|audio_start|>",
            "audio_eos_token": "<|audio_end|>",
        },
    )
    assert json.loads((folder / "vocab.json").read_text("utf-8"))
    return tokenizer


if __name__ == "__main__":
    write(Path(sys.argv[1]))
