"""Tiny Qwen3-TTS with random weights in the layout of the hub; run with the python of its environment.

python qwen_voices.py FOLDER

FOLDER gets `custom_voice`, `custom_voice_small`, `base` and `voice_design`.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from parley.engines.tts.qwen3_tts import LANGUAGES, SPEAKERS
from parley.engines.tts.qwen3_tts_library import library

WIDTH = 32
GROUPS = 16
CODEBOOK = 64
RESERVED = 1024
"""The talker never says the last so many of its tokens, but for the end."""

SIZES = {"custom_voice": "1b7", "custom_voice_small": "0b6", "base": "1b7", "voice_design": "1b7"}
MARKS = (
    *("<|endoftext|>", "<|im_start|>", "<|im_end|>"),
    *("<tts_pad>", "<tts_text_bos>", "<tts_text_eod>", "<tts_text_bos_single>"),
)
HEADS = {
    "hidden_size": WIDTH,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 16,
    "max_position_embeddings": 4096,
}
CODEC_HEADS = {**HEADS, "hidden_size": 16, "num_key_value_heads": 2, "head_dim": 8}
EAR = {
    "enc_dim": WIDTH,
    "sample_rate": 24000,
    "enc_channels": [16, 16, 16, 16, 48],
    "enc_attention_channels": 16,
    "enc_se_channels": 16,
}
"""The speaker encoder, which only the base models have."""

SAMPLING = {
    "do_sample": True,
    "repetition_penalty": 1.05,
    "temperature": 0.9,
    "top_p": 1.0,
    "top_k": 50,
    "subtalker_dosample": True,
    "subtalker_temperature": 0.9,
    "subtalker_top_p": 1.0,
    "subtalker_top_k": 50,
    "max_new_tokens": 8192,
}


def write(folder: Path) -> None:
    torch: Any = importlib.import_module("torch")
    library()
    for kind, size in SIZES.items():
        torch.manual_seed(5)
        _write_model(folder / kind, kind.removesuffix("_small"), size)


def _write_model(folder: Path, kind: str, size: str) -> None:
    models: Any = importlib.import_module("qwen_tts.core.models")
    folder.mkdir(parents=True)
    ids = _write_words(folder)
    config = models.Qwen3TTSConfig(
        talker_config=_talker(len(ids), kind),
        speaker_encoder_config=EAR,
        tokenizer_type="qwen3_tts_tokenizer_12hz",
        tts_model_size=size,
        tts_model_type=kind,
        im_start_token_id=ids["<|im_start|>"],
        im_end_token_id=ids["<|im_end|>"],
        tts_pad_token_id=ids["<tts_pad>"],
        tts_bos_token_id=ids["<tts_text_bos>"],
        tts_eos_token_id=ids["<tts_text_eod>"],
    )
    model = models.Qwen3TTSForConditionalGeneration(config)
    _scatter(model, 0.6)
    # Who speaks is one vector among many; here it counts for more.
    model.talker.get_input_embeddings().weight.data.mul_(8.0)
    if size != "0b6":
        _keep_talking(model)
    model.save_pretrained(folder)
    _clean(folder / "config.json")
    (folder / "generation_config.json").write_text(json.dumps(SAMPLING), "utf-8")
    _write_codec(folder / "speech_tokenizer")


def _scatter(model: Any, far: float) -> None:
    """Numbers that lie so far apart that other words and voices sound otherwise; some begin as zeros."""
    torch: Any = importlib.import_module("torch")
    with torch.no_grad():
        for values in (*model.parameters(), *model.buffers()):
            if values.is_floating_point() and values.dim() > 1:
                values.normal_(0.0, far)


def _keep_talking(model: Any) -> None:
    """The end is unlikely, so that speech is as long as it may be, and never equal by chance."""
    torch: Any = importlib.import_module("torch")
    with torch.no_grad():
        model.talker.codec_head.weight[model.config.talker_config.codec_eos_token_id] = 0.0


def _clean(path: Path) -> None:
    """As it is on the hub: what `save_pretrained` adds to the speaker encoder's part cannot be read again."""
    config = json.loads(path.read_text("utf-8"))
    config["speaker_encoder_config"] = EAR
    path.write_text(json.dumps(config, indent=2), "utf-8")


def _talker(words: int, kind: str) -> dict[str, Any]:
    special = iter(range(CODEBOOK, CODEBOOK + RESERVED))
    marks = ("pad", "bos", "eos_token", "think", "nothink", "think_bos", "think_eos")
    names = [name.lower() for name in LANGUAGES.values()] + ["beijing_dialect", "sichuan_dialect"]
    speakers = [speaker.name.lower() for speaker in SPEAKERS] if kind == "custom_voice" else []
    dialects = {"dylan": "beijing_dialect", "eric": "sichuan_dialect"}
    return {
        **HEADS,
        **{f"codec_{mark}_id": next(special) for mark in marks},
        "vocab_size": CODEBOOK + RESERVED,
        "text_vocab_size": words,
        "text_hidden_size": WIDTH,
        "num_code_groups": GROUPS,
        "rope_scaling": {"rope_type": "default", "mrope_section": [4, 2, 2], "interleaved": True},
        "codec_language_id": {name: next(special) for name in names},
        "spk_id": {name: next(special) for name in speakers},
        "spk_is_dialect": {name: dialects.get(name, False) for name in speakers},
        "code_predictor_config": {**HEADS, "vocab_size": CODEBOOK, "num_code_groups": GROUPS},
    }


def _write_codec(folder: Path) -> None:
    transformers: Any = importlib.import_module("transformers")
    core: Any = importlib.import_module("qwen_tts.core")
    config = core.Qwen3TTSTokenizerV2Config(
        encoder_config={
            **CODEC_HEADS,
            "num_filters": 2,
            "upsample_groups": 16,
            "codebook_size": CODEBOOK,
            "codebook_dim": 8,
            "vector_quantization_hidden_dimension": 8,
            "num_quantizers": GROUPS,
        },
        decoder_config={
            **CODEC_HEADS,
            "codebook_size": CODEBOOK,
            "codebook_dim": 16,
            "latent_dim": 16,
            "decoder_dim": 32,
            "num_quantizers": GROUPS,
        },
    )
    model = core.Qwen3TTSTokenizerV2Model(config)
    _scatter(model.encoder, 0.3)
    _scatter(model.decoder, 0.15)
    model.save_pretrained(folder)
    transformers.EncodecFeatureExtractor(feature_size=1, sampling_rate=24000).save_pretrained(folder)


def _write_words(folder: Path) -> dict[str, int]:
    """The tokenizer's files, as they are on the hub; gives the numbers of its marks and words."""
    tokenizers: Any = importlib.import_module("tokenizers")
    transformers: Any = importlib.import_module("transformers")
    made = tokenizers.ByteLevelBPETokenizer()
    lines = [
        "assistant user hello world this is a test of voices",
        "今天天气很好我们去公园玩你这个人在中国",
    ] * 30
    made.train_from_iterator(lines, vocab_size=400, special_tokens=[])
    made.save_model(str(folder))
    tokenizer = transformers.Qwen2Tokenizer(
        str(folder / "vocab.json"),
        str(folder / "merges.txt"),
        additional_special_tokens=list(MARKS),
        pad_token="<|endoftext|>",
        eos_token="<|im_end|>",
    )
    tokenizer.save_pretrained(folder)
    for extra in ("added_tokens.json", "special_tokens_map.json", "chat_template.jinja"):
        (folder / extra).unlink(missing_ok=True)
    return tokenizer.get_vocab()


if __name__ == "__main__":
    write(Path(sys.argv[1]))
