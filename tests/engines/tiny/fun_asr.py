"""Tiny models with random weights in the file layout of FunASR's, made by FunASR's own classes.

Run with the interpreter of the environment: `python fun_asr.py FOLDER` makes `FOLDER/<model name>/` for each.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

WIDTH = 32
CHINESE = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要"
    "就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家"
)
ENGLISH = ["hello", "world", "hel@@", "lo", "py@@", "thon", "a", "b", "c", "3"]
SPEAKING = ["<blank>", "<s>", "</s>", *CHINESE, *ENGLISH, "<unk>"]
PUNCTUATED = ["<blank>", "<s>", "</s>", *CHINESE, "hello", "world", "python", "<unk>"]

BPE = "chn_jpn_yue_eng_ko_spectok.bpe.model"
TAGS = [
    "zh",
    "en",
    "yue",
    "ja",
    "ko",
    "nospeech",
    "HAPPY",
    "NEUTRAL",
    "EMO_UNKNOWN",
    "Speech",
    "BGM",
    "withitn",
    "woitn",
]

FRONTEND = {"fs": 16000, "window": "hamming", "n_mels": 80, "frame_length": 25, "frame_shift": 10}
LFR = {**FRONTEND, "lfr_m": 7, "lfr_n": 6}

ENCODER = {
    "output_size": WIDTH,
    "attention_heads": 4,
    "linear_units": 64,
    "num_blocks": 2,
    "dropout_rate": 0.1,
    "positional_dropout_rate": 0.1,
    "attention_dropout_rate": 0.1,
    "input_layer": "pe",
    "pos_enc_class": "SinusoidalPositionEncoder",
    "normalize_before": True,
    "kernel_size": 11,
    "sanm_shfit": 0,
    "selfattention_layer_type": "sanm",
}
DECODER = {
    "attention_heads": 4,
    "linear_units": 64,
    "num_blocks": 2,
    "dropout_rate": 0.1,
    "positional_dropout_rate": 0.1,
    "self_attention_dropout_rate": 0.1,
    "src_attention_dropout_rate": 0.1,
    "att_layer_num": 2,
    "kernel_size": 11,
    "sanm_shfit": 0,
}
CIF = {"idim": WIDTH, "threshold": 1.0, "l_order": 1, "r_order": 1, "tail_threshold": 0.45}
PARAFORMER = {
    "ctc_weight": 0.0,
    "lsm_weight": 0.1,
    "length_normalized_loss": True,
    "predictor_weight": 1.0,
    "predictor_bias": 1,
    "sampling_ratio": 0.75,
}
CHARACTERS = {
    "tokenizer": "CharTokenizer",
    "tokenizer_conf": {"unk_symbol": "<unk>", "split_with_space": True},
}

SEACO: dict[str, Any] = {
    "model": "SeacoParaformer",
    "model_conf": {
        **PARAFORMER,
        "inner_dim": WIDTH,
        "bias_encoder_type": "lstm",
        "bias_encoder_bid": False,
        "seaco_lsm_weight": 0.1,
        "seaco_length_normal": True,
        "train_decoder": True,
        "NO_BIAS": SPEAKING.index("</s>"),
    },
    "encoder": "SANMEncoder",
    "encoder_conf": ENCODER,
    "decoder": "ParaformerSANMDecoder",
    "decoder_conf": DECODER,
    "seaco_decoder": "ParaformerSANMDecoder",
    "seaco_decoder_conf": {**DECODER, "use_output_layer": False, "wo_input_layer": True},
    "predictor": "CifPredictorV3",
    "predictor_conf": {
        **CIF,
        "smooth_factor2": 0.25,
        "noise_threshold2": 0.01,
        "upsample_times": 3,
        "use_cif1_cnn": False,
        "upsample_type": "cnn_blstm",
    },
    "frontend": "WavFrontend",
    "frontend_conf": {**LFR, "dither": 0.0},
    **CHARACTERS,
}
STREAMING: dict[str, Any] = {
    "model": "ParaformerStreaming",
    "model_conf": PARAFORMER,
    "encoder": "SANMEncoderChunkOpt",
    "encoder_conf": {
        **ENCODER,
        "input_layer": "pe_online",
        "chunk_size": [12, 15],
        "stride": [8, 10],
        "pad_left": [0, 0],
        "encoder_att_look_back_factor": [4, 4],
        "decoder_att_look_back_factor": [1, 1],
    },
    "decoder": "ParaformerSANMDecoder",
    "decoder_conf": {**DECODER, "sanm_shfit": 5},
    "predictor": "CifPredictorV2",
    "predictor_conf": {**CIF, "tail_mask": False},
    "frontend": "WavFrontendOnline",
    "frontend_conf": {**LFR, "dither": 0.0},
    **CHARACTERS,
}
SENSEVOICE: dict[str, Any] = {
    "model": "SenseVoiceSmall",
    "model_conf": {"length_normalized_loss": True, "sos": 1, "eos": 2, "ignore_id": -1},
    "encoder": "SenseVoiceEncoderSmall",
    "encoder_conf": {**ENCODER, "tp_blocks": 1},
    "frontend": "WavFrontend",
    "frontend_conf": {**LFR, "dither": 0.0},
    "tokenizer": "SentencepiecesTokenizer",
    "tokenizer_conf": {"bpemodel": None, "unk_symbol": "<unk>", "split_with_space": True},
}
PUNCTUATION: dict[str, Any] = {
    "model": "CTTransformer",
    "model_conf": {
        "ignore_id": 0,
        "embed_unit": WIDTH,
        "att_unit": WIDTH,
        "dropout_rate": 0.1,
        "punc_list": ["<unk>", "_", "，", "。", "？", "、"],
        "punc_weight": [1.0] * 6,
        "sentence_end_id": 3,
    },
    "encoder": "SANMEncoder",
    "encoder_conf": {
        **{k: v for k, v in ENCODER.items() if k != "pos_enc_class"},
        "input_size": WIDTH,
        "padding_idx": 0,
    },
    "tokenizer": "CharTokenizer",
    "tokenizer_conf": {"unk_symbol": "<unk>"},
}
SPEAKERS: dict[str, Any] = {
    "model": "CAMPPlus",
    "model_conf": {
        "feat_dim": 80,
        "embedding_size": 192,
        "growth_rate": 4,
        "bn_size": 2,
        "init_channels": 16,
        "config_str": "batchnorm-relu",
        "memory_efficient": True,
        "output_level": "segment",
    },
    "frontend": "WavFrontend",
    "frontend_conf": FRONTEND,
}

LOUDNESS = {"paraformer-zh": 4.0, "paraformer-zh-streaming": 4.0, "sensevoice-small": 6.0, "ct-punc": 8.0}
"""By how much random weights of the last layer are enlarged, so that what is said depends on the sound."""


def make(folder: Path) -> None:
    """All of them, the same each time."""
    _model(folder / "paraformer-zh", SEACO, tokens=SPEAKING)
    _model(folder / "paraformer-zh-streaming", STREAMING, tokens=SPEAKING)
    _model(folder / "sensevoice-small", SENSEVOICE)
    _model(folder / "ct-punc", PUNCTUATION, tokens=PUNCTUATED)
    _model(folder / "campplus", SPEAKERS, weights="campplus_cn_common.bin")


def _model(
    folder: Path, config: dict[str, Any], *, tokens: list[str] | None = None, weights: str = "model.pt"
) -> None:
    import yaml

    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    metas: dict[str, Any] = {"init_param": weights, "config": "config.yaml"}
    if tokens is not None:
        (folder / "tokens.json").write_text(json.dumps(tokens, ensure_ascii=False), encoding="utf-8")
        metas["tokenizer_conf"] = {"token_list": "tokens.json"}
    if tokens is SPEAKING:
        (folder / "seg_dict").write_text(_segments(), encoding="utf-8")
        metas["tokenizer_conf"]["seg_dict_file"] = "seg_dict"
    if "lfr_m" in config.get("frontend_conf", {}):
        (folder / "am.mvn").write_text(_statistics(560), encoding="utf-8")
        metas["frontend_conf"] = {"cmvn_file": "am.mvn"}
    if config["model"] == "SenseVoiceSmall":
        (folder / BPE).write_bytes(_sentencepieces())
        metas["tokenizer_conf"] = {"bpemodel": BPE}
    described = {"framework": "pytorch", "model": {"type": "funasr"}, "file_path_metas": metas}
    (folder / "configuration.json").write_text(json.dumps(described), encoding="utf-8")
    _weights(folder, weights)


def _segments() -> str:
    lines = [f"{char}\t{char}" for char in CHINESE]
    return "\n".join([*lines, "hello\thello", "world\tworld", "python\tpy@@ thon"]) + "\n"


def _statistics(size: int) -> str:
    """Means and scales of features as Kaldi writes them."""
    shift = " ".join(["-8.0"] * size)
    scale = " ".join(["0.25"] * size)
    return (
        f"<Nnet>\n<Splice> {size} {size}\n[ 0 ]\n<AddShift> {size} {size}\n<LearnRateCoef> 0 [ {shift} ]\n"
        f"<Rescale> {size} {size}\n<LearnRateCoef> 0 [ {scale} ]\n</Nnet>\n"
    )


def _weights(folder: Path, name: str) -> None:
    """Random ones, of a model that FunASR itself builds from the folder."""
    import torch
    from funasr import AutoModel

    torch.save({}, folder / name)
    torch.manual_seed(7)
    model, _ = AutoModel.build_model(model=str(folder), device="cpu", ncpu=1, disable_update=True, seed=7)
    with torch.no_grad():
        for key, value in model.named_parameters():
            if key.startswith(("decoder.output_layer", "ctc.ctc_lo", "hotword_output_layer")) or (
                folder.name == "ct-punc" and key.startswith("decoder.")
            ):
                value.mul_(LOUDNESS[folder.name])
        if folder.name == "ct-punc":
            # No trained model says that a mark is unknown.
            model.decoder.bias[0] = -100.0
    torch.save(model.state_dict(), folder / name)


def _sentencepieces() -> bytes:
    import sentencepiece

    model = io.BytesIO()
    lines = [" ".join(CHINESE[at:] + CHINESE[:at]) for at in range(20)] + ["hello world python"]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines * 20),
        model_writer=model,
        vocab_size=110,
        model_type="bpe",
        character_coverage=1.0,
        user_defined_symbols=[f"<|{tag}|>" for tag in TAGS],
        minloglevel=2,
        hard_vocab_limit=False,
    )
    return model.getvalue()


if __name__ == "__main__":
    make(Path(sys.argv[1]))
