"""A tiny GLM-ASR with random weights in the layout of the hub; run with the python of its environment.

python glm.py FOLDER
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

TEMPLATE = """{%- macro to_text(content) -%}
{%- if content is string -%}{{- content -}}
{%- else -%}{%- for item in content -%}
{%- if item.type == 'text' -%}{{- item.text -}}
{%- elif item.type == 'audio' -%}<|begin_of_audio|><|pad|><|end_of_audio|><|user|>
{% endif -%}
{%- endfor -%}{%- endif -%}
{%- endmacro -%}
{%- for m in messages -%}
{%- if m.role == 'user' -%}<|user|>
{{ to_text(m.content) | trim }}
{%- elif m.role == 'assistant' -%}<|assistant|>
{{ to_text(m.content) | trim }}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}<|assistant|>
{% endif -%}"""
"""What the hub's template does with a request for a transcription."""

MARKS = (
    "<|endoftext|>", "<|system|>", "<|user|>", "<|assistant|>", "<|observation|>",
    "<|begin_of_audio|>", "<|end_of_audio|>", "<|pad|>",
)  # fmt: skip
WORDS = 300


def write(folder: Path) -> None:
    torch: Any = importlib.import_module("torch")
    transformers: Any = importlib.import_module("transformers")
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer(transformers)
    ids = {mark: tokenizer.convert_tokens_to_ids(mark) for mark in MARKS}
    ends = [ids["<|endoftext|>"], ids["<|user|>"], ids["<|observation|>"]]
    torch.manual_seed(5)
    config = transformers.GlmAsrConfig(
        audio_config={
            "model_type": "glmasr_encoder", "hidden_size": 32, "intermediate_size": 128,
            "num_hidden_layers": 2, "num_attention_heads": 2, "num_mel_bins": 128,
            "max_position_embeddings": 1500,
        },
        text_config={
            "model_type": "llama", "vocab_size": len(tokenizer), "hidden_size": 32, "intermediate_size": 64,
            "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 16,
            "eos_token_id": ends, "bos_token_id": ends[0], "pad_token_id": ends[0],
        },
        audio_token_id=ids["<|pad|>"],
    )  # fmt: skip
    model = transformers.GlmAsrForConditionalGeneration(config)
    with torch.no_grad():
        for weights in model.parameters():
            weights.copy_(torch.randn_like(weights) * 0.5)
        # Small beside what the layers add, or each token would be followed by itself.
        model.get_input_embeddings().weight.mul_(0.1)
    model.generation_config.eos_token_id = ends
    model.to(torch.bfloat16).save_pretrained(str(folder))
    extractor = transformers.WhisperFeatureExtractor(feature_size=128, return_attention_mask=True)
    processor = transformers.GlmAsrProcessor(extractor, tokenizer, chat_template=TEMPLATE)
    processor.save_pretrained(str(folder))


def _tokenizer(transformers: Any) -> Any:
    tokenizers: Any = importlib.import_module("tokenizers")
    letters = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    words = [f"Ġw{index}" for index in range(WORDS)]
    vocabulary = {token: index for index, token in enumerate([*letters, *words])}
    inner = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=vocabulary, merges=[]))
    inner.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = tokenizers.decoders.ByteLevel()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner,
        padding_side="left",
        pad_token="<|endoftext|>",
        eos_token="<|endoftext|>",
        additional_special_tokens=list(MARKS[1:]),
    )


if __name__ == "__main__":
    write(Path(sys.argv[1]))
