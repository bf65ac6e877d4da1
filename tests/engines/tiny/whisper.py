"""A tiny Whisper with random weights in the layout of the hub, written by CTranslate2's own specification.

Run as a script it makes the same from transformers through CTranslate2's converter.
"""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

import numpy as np

from parley.engines.asr.whisper_models import LANGUAGES, OWN_CODES

WIDTH = 32
HEADS = 2
LAYERS = 2
MELS = 80
SEED = 7
LEANING = 8.0

TEXT_TOKENS = 50257
"""As many as the multilingual models have. The last one is empty there: by it CTranslate2 knows them."""


def byte_letters() -> list[str]:
    """GPT-2's letters for the 256 bytes."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in shown]
    table = {**{byte: chr(byte) for byte in shown}, **{byte: chr(256 + i) for i, byte in enumerate(hidden)}}
    return [table[byte] for byte in range(256)]


def languages() -> list[str]:
    """In Whisper's order English comes first; the others' order does not matter here."""
    codes = sorted(OWN_CODES.get(code, code) for code in LANGUAGES)
    return ["en", *(code for code in codes if code != "en")]


def vocabulary() -> list[str]:
    """Bytes, words that bytes never become, marks, languages, and the times."""
    letters = string.ascii_lowercase
    words = [
        f"Ġ{letters[i % 26]}{letters[i // 26 % 26]}{letters[i // 676 % 26]}{letters[i // 17576 % 26]}"
        for i in range(TEXT_TOKENS - 257)
    ]
    marks = ["translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps"]
    return [
        *byte_letters(),
        *words,
        "",
        "<|endoftext|>",
        "<|startoftranscript|>",
        *(f"<|{code}|>" for code in languages()),
        *(f"<|{mark}|>" for mark in marks),
        *(f"<|{index * 0.02:.2f}|>" for index in range(1501)),
    ]


def write_tokenizer(folder: Path, tokens: list[str]) -> None:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    text = {token: index for index, token in enumerate(tokens) if not token.startswith("<|")}
    tokenizer = Tokenizer(models.BPE(vocab=text, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(
        [AddedToken(token, special=True) for token in tokens if token.startswith("<|")]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    assert tokenizer.get_vocab_size() == len(tokens)


def write(folder: Path) -> Path:
    """The files of a hub's repository, without torch."""
    from ctranslate2.specs import WhisperSpec

    folder.mkdir(parents=True, exist_ok=True)
    tokens = vocabulary()
    spec = WhisperSpec(LAYERS, HEADS, LAYERS, HEADS)
    _fill(spec, len(tokens))
    spec.register_vocabulary(tokens)
    first_language = tokens.index("<|en|>")
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = [220, tokens.index("<|endoftext|>")]
    spec.config.lang_ids = list(range(first_language, first_language + len(languages())))
    spec.config.alignment_heads = [[1, 0], [1, 1]]
    spec.validate()
    spec.optimize(quantization="float32")
    spec.save(str(folder))
    write_tokenizer(folder, tokens)
    return folder


def _fill(spec: Any, size: int) -> None:
    """Random weights into every place that the specification has."""
    random = np.random.default_rng(SEED)

    def weights(*shape: int) -> np.ndarray:
        return (random.standard_normal(shape) * 0.5).astype(np.float32)

    def norm(layer: Any) -> None:
        layer.gamma, layer.beta = np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)

    def linear(layer: Any, outputs: int, inputs: int) -> None:
        layer.weight, layer.bias = weights(outputs, inputs), np.zeros(outputs, np.float32)

    def attention(layer: Any, first: int) -> None:
        norm(layer.layer_norm)
        for part, outputs in zip(
            layer.linear, (first, *([2 * WIDTH] * (len(layer.linear) == 3)), WIDTH), strict=True
        ):
            linear(part, outputs, WIDTH)

    for side in (spec.encoder, spec.decoder):
        for layer in side.layer:
            attention(layer.self_attention, 3 * WIDTH)
            if side is spec.decoder:
                attention(layer.attention, WIDTH)
            norm(layer.ffn.layer_norm)
            linear(layer.ffn.linear_0, 4 * WIDTH, WIDTH)
            linear(layer.ffn.linear_1, WIDTH, 4 * WIDTH)
        norm(side.layer_norm)
    spec.encoder.conv1.weight, spec.encoder.conv1.bias = weights(WIDTH, MELS, 3), np.zeros(WIDTH, np.float32)
    spec.encoder.conv2.weight, spec.encoder.conv2.bias = weights(WIDTH, WIDTH, 3), np.zeros(WIDTH, np.float32)
    spec.encoder.position_encodings.encodings = weights(1500, WIDTH)
    spec.decoder.position_encodings.encodings = weights(448, WIDTH)
    spec.decoder.embeddings.weight = weights(size, WIDTH)
    spec.decoder.projection.weight = spec.decoder.embeddings.weight
    # Without a leaning to end it would write as much as it may each time, which takes seconds.
    spec.decoder.projection.bias = np.zeros(size, np.float32)
    spec.decoder.projection.bias[TEXT_TOKENS] = LEANING
