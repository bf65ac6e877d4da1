"""Tiny models with random weights that sherpa-onnx opens like the real ones: the same inputs, outputs and
metadata, made with the `onnx` package.

What they "hear" depends on the audio and, where the real ones have it, on what came before; nothing more.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT32, INT64 = TensorProto.FLOAT, TensorProto.INT32, TensorProto.INT64
LFR = 560
CHINESE = "你好我们今天在这里说话听见了一个声音明天再来"
ENGLISH = ("▁HE", "LLO", "▁WORLD", "▁OF", "▁SO", "UND", "▁A", "S")
LOUD = 0.02


class Graph:
    """An ONNX graph being written down; every method gives the name of what it computes."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._count = 0

    def input(self, name: str, shape: Sequence[Any], kind: int = FLOAT) -> str:
        self._inputs.append(helper.make_tensor_value_info(name, kind, list(shape)))
        return name

    def output(self, name: str, value: str, shape: Sequence[Any], kind: int = FLOAT) -> None:
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, kind, list(shape)))

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        self._count += 1
        name = f"v{self._count}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def const(self, value: Any, kind: Any = np.float32) -> str:
        self._count += 1
        name = f"c{self._count}"
        self._constants.append(numpy_helper.from_array(np.asarray(value, dtype=kind), name))
        return name

    def ints(self, *value: int) -> str:
        return self.const(value, np.int64)

    def random(self, *shape: int) -> str:
        return self.const(self._random.standard_normal(shape))

    def mean(self, value: str, *axes: int, keep: bool = True) -> str:
        return self.op("ReduceMean", value, self.ints(*axes), keepdims=int(keep))

    def blend(self, old: str, new: str) -> str:
        half = self.const(0.5)
        return self.op("Add", self.op("Mul", old, half), self.op("Mul", new, half))

    def save(self, path: Path, metadata: Mapping[str, object]) -> None:
        graph = helper.make_graph(self._nodes, "tiny", self._inputs, self._outputs, self._constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
        for key, value in metadata.items():
            entry = model.metadata_props.add()
            entry.key, entry.value = key, _said(value)
        onnx.checker.check_model(model)
        onnx.save(model, str(path))


def _said(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _lfr(**more: object) -> dict[str, object]:
    """Features are divided by 100, so that random weights see numbers about as large as themselves."""
    return {
        "lfr_window_size": 7,
        "lfr_window_shift": 6,
        "neg_mean": [-10.0] * LFR,
        "inv_stddev": [0.1] * LFR,
        **more,
    }


def _write_tokens(folder: Path, symbols: Sequence[str]) -> None:
    lines = [f"{symbol} {number}\n" for number, symbol in enumerate(symbols)]
    (folder / "tokens.txt").write_text("".join(lines), "utf-8")


PARAFORMER_SYMBOLS = ("<blank>", "<s>", "</s>", *dict.fromkeys(CHINESE), "hel@@", "lo", "world", "<unk>")


def paraformer(folder: Path, *, seed: int = 1, timed: bool = True) -> None:
    """A token every three frames (0.18 s), with the peaks that tell times where `timed`."""
    graph, size = Graph(seed), len(PARAFORMER_SYMBOLS)
    speech = graph.input("speech", ["N", "T", LFR])
    lengths = graph.input("speech_lengths", ["N"], INT32)
    every_third = graph.op("Slice", speech, graph.ints(0), graph.ints(1 << 30), graph.ints(1), graph.ints(3))
    never = np.where(np.isin(np.arange(size), (0, 1, 2)), -1e6, 0.0)
    scores = graph.op("Add", graph.op("MatMul", every_third, graph.random(LFR, size)), graph.const(never))
    graph.output("logits", scores, ["N", "L", size])
    graph.output("token_num", lengths, ["N"], INT32)
    if timed:
        count = graph.op("Squeeze", graph.op("Shape", every_third, start=1, end=2), graph.ints(0))
        last = graph.op("Add", graph.op("Mul", count, graph.const(9, np.int64)), graph.const(1, np.int64))
        places = graph.op("Range", graph.const(0, np.int64), last, graph.const(1, np.int64))
        is_ninth = graph.op(
            "Equal", graph.op("Mod", places, graph.const(9, np.int64)), graph.const(0, np.int64)
        )
        peaks = graph.op("Unsqueeze", graph.op("Cast", is_ninth, to=FLOAT), graph.ints(0))
        batch = graph.op("Shape", speech, start=0, end=1)
        peaks = graph.op("Expand", peaks, graph.op("Concat", batch, graph.ints(1), axis=0))
        graph.output("us_alphas", peaks, ["N", "P"])
        graph.output("us_cif_peak", peaks, ["N", "P"])
    graph.save(folder / "model.int8.onnx", _lfr(vocab_size=size, model_type="paraformer"))
    _write_tokens(folder, PARAFORMER_SYMBOLS)


_MARKS = ("<|zh|>", "<|en|>", "<|yue|>", "<|ja|>", "<|ko|>", "<|HAPPY|>", "<|BGM|>", "<|withitn|>")
SENSE_SYMBOLS = ("<unk>", *dict.fromkeys(CHINESE), "▁hello", "▁wor", "ld", "，", "。", *_MARKS)
_LANGUAGES = {"auto": 0, "zh": 3, "en": 4, "yue": 7, "ja": 11, "ko": 12}


def sense_voice(folder: Path, *, seed: int = 2) -> None:
    """The language it is told is the one it says, and changes what it hears."""
    graph, size = Graph(seed), len(SENSE_SYMBOLS)
    speech = graph.input("x", ["N", "T", LFR])
    graph.input("x_length", ["N"], INT32)
    language = graph.input("language", ["N"], INT32)
    graph.input("text_norm", ["N"], INT32)
    prefix = np.zeros((16, 4, size))
    first = SENSE_SYMBOLS.index("<|zh|>")
    for name, number in _LANGUAGES.items():
        said = SENSE_SYMBOLS.index("<|zh|>" if name == "auto" else f"<|{name}|>")
        for place, mark in enumerate((said, first + 5, first + 6, first + 7)):
            prefix[number, place, mark] = 1e3
    marks = graph.op("Gather", graph.const(prefix), language, axis=0)
    leaning = graph.op("Gather", graph.random(16, 1, size), language, axis=0)
    never = np.where(np.arange(size) >= first, -1e6, 0.0)
    never[0] = 10.0
    scores = graph.op("Add", graph.op("MatMul", speech, graph.random(LFR, size)), graph.const(never))
    scores = graph.op("Add", scores, graph.op("Mul", leaning, graph.const(20.0)))
    graph.output("logits", graph.op("Concat", marks, scores, axis=1), ["N", "L", size])
    languages = {f"lang_{name}": number for name, number in _LANGUAGES.items()}
    more = {"vocab_size": size, "blank_id": 0, "normalize_samples": 0, "with_itn": 14, "without_itn": 15}
    graph.save(folder / "model.int8.onnx", _lfr(**more, **languages, model_type="sense_voice_ctc"))
    _write_tokens(folder, SENSE_SYMBOLS)


def whisper(folder: Path, *, seed: int = 3) -> None:
    """Two graphs of one layer; the end is more likely the longer the text is."""
    texts, width, context = 64, 8, 448
    codes = ["en", "zh", "de"]
    eot, sot = texts, texts + 1
    language = sot + 1
    translate, transcribe = language + 3, language + 4
    no_speech, no_timestamps = language + 5, language + 6
    size = no_timestamps + 1 + 1501
    encoder = Graph(seed)
    mel = encoder.input("mel", ["N", 80, "T"])
    heard = encoder.op("MatMul", encoder.op("Transpose", mel, perm=[0, 2, 1]), encoder.random(80, width))
    cross = encoder.op("Unsqueeze", heard, encoder.ints(0))
    encoder.output("n_layer_cross_k", cross, [1, "N", "T", width])
    encoder.output("n_layer_cross_v", cross, [1, "N", "T", width])
    encoder.save(
        folder / "small-encoder.int8.onnx",
        {
            "model_type": "whisper-small",
            "n_mels": 80,
            "n_text_layer": 1,
            "n_text_ctx": context,
            "n_text_state": width,
            "n_audio_ctx": 1500,
            "n_vocab": size,
            "sot": sot,
            "eot": eot,
            "sot_index": 0,
            "blank_id": 3,
            "translate": translate,
            "transcribe": transcribe,
            "is_multilingual": 1,
            "no_timestamps": no_timestamps,
            "no_speech": no_speech,
            "sot_sequence": [sot, language, transcribe],
            "all_language_tokens": [language, language + 1, language + 2],
            "all_language_codes": codes,
        },
    )
    decoder = Graph(seed + 1)
    tokens = decoder.input("tokens", ["N", "L"], INT64)
    keys = decoder.input("in_n_layer_self_k_cache", [1, "N", context, width])
    values = decoder.input("in_n_layer_self_v_cache", [1, "N", context, width])
    cross_k = decoder.input("n_layer_cross_k", [1, "N", "T", width])
    decoder.input("n_layer_cross_v", [1, "N", "T", width])
    offset = decoder.input("offset", [1], INT64)
    place = decoder.op(
        "Unsqueeze", decoder.op("Gather", decoder.random(context, width), offset), decoder.ints(0)
    )
    told = decoder.op("Add", decoder.op("Gather", decoder.random(size, width), tokens), place)
    heard = decoder.op("Squeeze", decoder.mean(cross_k, 2), decoder.ints(0))
    state = decoder.op("Add", told, heard)
    base = np.full((context, size), -1e6, dtype=np.float32)
    base[:, :texts] = 0.0
    base[:, language : language + 3] = -50.0
    base[:, eot] = np.arange(context) - 12.0
    base[:, no_timestamps + 1 :] = -8.0
    leaning = decoder.op("Unsqueeze", decoder.op("Gather", decoder.const(base), offset), decoder.ints(0))
    scores = decoder.op("Add", decoder.op("MatMul", state, decoder.random(width, size)), leaning)
    decoder.output("logits", scores, ["N", "L", size])
    decoder.output("out_n_layer_self_k_cache", keys, [1, "N", context, width])
    decoder.output("out_n_layer_self_v_cache", values, [1, "N", context, width])
    decoder.save(folder / "small-decoder.int8.onnx", {})
    symbols = [f" word{number}" if number % 2 else CHINESE[number % len(CHINESE)] for number in range(texts)]
    coded = [base64.b64encode(symbol.encode()).decode() for symbol in symbols]
    lines = [f"{symbol} {number}\n" for number, symbol in enumerate(coded)]
    (folder / "small-tokens.txt").write_text("".join(lines), "utf-8")


ZIPFORMER_SYMBOLS = ("<blk>", "<sos/eos>", "<unk>", *dict.fromkeys(CHINESE), *ENGLISH)


def zipformer(folder: Path, *, seed: int = 4) -> None:
    """One stack of one layer whose running mean is its memory; 32 frames a step, 7 ahead."""
    size, width, keys, left, kernel = len(ZIPFORMER_SYMBOLS), 8, 4, 6, 5
    graph = Graph(seed)
    x = graph.input("x", ["N", 39, 80])
    states = {
        "cached_len_0": ([1, "N"], INT64),
        "cached_avg_0": ([1, "N", width], FLOAT),
        "cached_key_0": ([1, left, "N", keys], FLOAT),
        "cached_val_0": ([1, left, "N", keys // 2], FLOAT),
        "cached_val2_0": ([1, left, "N", keys // 2], FLOAT),
        "cached_conv1_0": ([1, "N", width, kernel - 1], FLOAT),
        "cached_conv2_0": ([1, "N", width, kernel - 1], FLOAT),
    }
    for name, (shape, kind) in states.items():
        graph.input(name, shape, kind)
    sliced = graph.op("Slice", x, graph.ints(0), graph.ints(32), graph.ints(1), graph.ints(4))
    small = graph.op("Mul", sliced, graph.const(0.1))
    heard = graph.op("MatMul", small, graph.random(80, width))
    memory = graph.op("Transpose", "cached_avg_0", perm=[1, 0, 2])
    graph.output("encoder_out", graph.op("Sub", heard, memory), ["N", 8, width])
    fresh = graph.blend("cached_avg_0", graph.op("Transpose", graph.mean(heard, 1), perm=[1, 0, 2]))
    for name, (shape, kind) in states.items():
        graph.output(f"new_{name}", fresh if name == "cached_avg_0" else name, shape, kind)
    graph.save(
        folder / "encoder-epoch-99-avg-1.int8.onnx",
        {
            "model_type": "zipformer",
            "version": 1,
            "encoder_dims": [width],
            "attention_dims": [keys],
            "num_encoder_layers": [1],
            "cnn_module_kernels": [kernel],
            "left_context_len": [left],
            "T": 39,
            "decode_chunk_len": 32,
        },
    )
    decoder = Graph(seed + 1)
    y = decoder.input("y", ["N", 2], INT64)
    told = decoder.mean(decoder.op("Gather", decoder.random(size, width), y), 1, keep=False)
    decoder.output("decoder_out", told, ["N", width])
    decoder.save(folder / "decoder-epoch-99-avg-1.onnx", {"vocab_size": size, "context_size": 2})
    joiner = Graph(seed + 2)
    sum_ = joiner.op(
        "Add", joiner.input("encoder_out", ["N", width]), joiner.input("decoder_out", ["N", width])
    )
    leaning = np.zeros(size)
    leaning[0], leaning[1], leaning[2] = 4.0, -1e6, -1e6
    scores = joiner.op("MatMul", joiner.op("Tanh", sum_), joiner.random(width, size))
    joiner.output("logit", joiner.op("Add", scores, joiner.const(leaning)), ["N", size])
    joiner.save(folder / "joiner-epoch-99-avg-1.int8.onnx", {"joiner_dim": width})
    _write_tokens(folder, ZIPFORMER_SYMBOLS)
    pieces = ["<blk>", "<sos/eos>", "<unk>", *ENGLISH, "▁", *"ABCDEFGHIJKLMNOPQRSTUVWXYZ'"]
    lines = [f"{piece}\t{-number}\n" for number, piece in enumerate(pieces)]
    (folder / "bpe.vocab").write_text("".join(lines), "utf-8")


def streaming_paraformer(folder: Path, *, seed: int = 5) -> None:
    """Every frame carries a third of a token, more or less."""
    size, width, kernel = len(PARAFORMER_SYMBOLS), 8, 3
    graph = Graph(seed)
    speech = graph.input("speech", ["N", "T", LFR])
    lengths = graph.input("speech_lengths", ["N"], INT32)
    heard = graph.op("MatMul", graph.op("Mul", speech, graph.const(0.1)), graph.random(LFR, width))
    graph.output("enc", heard, ["N", "T", width])
    graph.output("enc_len", lengths, ["N"], INT32)
    share = graph.op("Sigmoid", graph.op("Mul", graph.mean(heard, 2, keep=False), graph.const(0.1)))
    graph.output("alphas", graph.op("Mul", share, graph.const(0.6)), ["N", "T"])
    more = {"encoder_output_size": width, "decoder_num_blocks": 1, "decoder_kernel_size": kernel}
    graph.save(folder / "encoder.int8.onnx", _lfr(vocab_size=size, model_type="paraformer", **more))
    decoder = Graph(seed + 1)
    decoder.input("enc", ["N", "T", width])
    decoder.input("enc_len", ["N"], INT32)
    said = decoder.input("acoustic_embeds", ["N", "K", width])
    decoder.input("acoustic_embeds_len", ["N"], INT32)
    cache = decoder.input("in_cache_0", ["N", width, kernel - 1])
    memory = decoder.op("Transpose", decoder.mean(cache, 2), perm=[0, 2, 1])
    state = decoder.op("Add", said, memory)
    never = np.where(np.isin(np.arange(size), (0, 1, 2)), -1e6, 0.0)
    scores = decoder.op("Add", decoder.op("MatMul", state, decoder.random(width, size)), decoder.const(never))
    decoder.output("logits", scores, ["N", "K", size])
    ids = decoder.op("ArgMax", scores, axis=2, keepdims=0)
    decoder.output("sample_ids", ids, ["N", "K"], INT64)
    fresh = decoder.blend(cache, decoder.op("Transpose", decoder.mean(said, 1), perm=[0, 2, 1]))
    decoder.output("out_cache_0", fresh, ["N", width, kernel - 1])
    decoder.save(folder / "decoder.int8.onnx", {})
    _write_tokens(folder, PARAFORMER_SYMBOLS)


def silero(folder: Path, *, seed: int = 6) -> None:
    """The layout of version 4: loud is speech, with a memory of what was."""
    graph = Graph(seed)
    audio = graph.input("input", [1, "samples"])
    graph.input("sr", [1], INT64)
    old = graph.input("h", [2, 1, 64])
    cell = graph.input("c", [2, 1, 64])
    loud = graph.mean(graph.op("Abs", audio), 1)
    fresh = graph.blend(
        old, graph.op("Expand", graph.op("Unsqueeze", loud, graph.ints(0)), graph.ints(2, 1, 64))
    )
    above = graph.op("Sub", graph.mean(fresh, 0, 2, keep=False), graph.const(LOUD))
    chance = graph.op("Sigmoid", graph.op("Mul", above, graph.const(500.0)))
    graph.output("output", graph.op("Unsqueeze", chance, graph.ints(0)), [1, 1])
    graph.output("hn", fresh, [2, 1, 64])
    graph.output("cn", cell, [2, 1, 64])
    graph.save(folder / "silero_vad.onnx", {})


def ten(folder: Path, *, seed: int = 7) -> None:
    """Loud bands are speech, with a memory of what was."""
    graph = Graph(seed)
    bands = graph.input("input_1", [1, 3, 41])
    states = [graph.input(f"input_{number}", [1, 64]) for number in (2, 3, 6, 7)]
    loud = graph.mean(graph.mean(bands, 1), 2, keep=False)
    fresh = graph.blend(states[0], graph.op("Expand", loud, graph.ints(1, 64)))
    chance = graph.op("Sigmoid", graph.op("Add", graph.mean(fresh, 1), graph.const(9.0)))
    graph.output("output_1", graph.op("Unsqueeze", chance, graph.ints(0)), [1, 1, 1])
    for number, state in zip((2, 3, 6, 7), (fresh, *states[1:]), strict=True):
        graph.output(f"output_{number}", state, [1, 64])
    window = [round(float(value), 6) for value in np.hanning(768)]
    parts = {"mean": [0.0] * 41, "inv_stddev": [1.0] * 41, "window": window}
    graph.save(folder / "ten-vad.onnx", {"model_type": "ten-vad", **parts})


def segmentation(folder: Path, *, seed: int = 8) -> None:
    """Silence is nobody, bright sound one voice, dull sound another."""
    graph = Graph(seed)
    x = graph.input("x", ["N", 1, "T"])
    later = graph.op("Slice", x, graph.ints(1), graph.ints(1 << 30), graph.ints(2))
    earlier = graph.op("Slice", x, graph.ints(0), graph.ints(-1), graph.ints(2))
    steps = graph.op("Pad", graph.op("Sub", later, earlier), graph.ints(0, 0, 0, 0, 0, 1))
    pooled = [
        graph.op("AveragePool", graph.op("Abs", each), kernel_shape=[991], strides=[270])
        for each in (x, steps)
    ]
    loud = graph.op("Transpose", graph.op("Concat", *pooled, axis=1), perm=[0, 2, 1])
    leaning = np.full((2, 7), -1e3)
    leaning[:, 0], leaning[:, 1], leaning[:, 2] = 0.0, (-100.0, 300.0), (100.0, -100.0)
    base = np.array([1.0, 0.0, 0.0, -1e3, -1e3, -1e3, -1e3])
    scores = graph.op("Add", graph.op("MatMul", loud, graph.const(leaning)), graph.const(base))
    graph.output("y", scores, ["N", "F", 7])
    graph.save(
        folder / "model.onnx",
        {
            "sample_rate": 16000,
            "window_size": 160000,
            "receptive_field_size": 991,
            "receptive_field_shift": 270,
            "num_speakers": 3,
            "powerset_max_classes": 2,
            "num_classes": 7,
        },
    )


def _embedding(name: str) -> Callable[[Path], None]:
    def make(folder: Path, *, seed: int = 9) -> None:
        graph = Graph(seed)
        x = graph.input("x", ["N", "T", 80])
        level = graph.mean(graph.op("Abs", x), 1, keep=False)
        graph.output("embedding", graph.op("MatMul", level, graph.random(80, 192)), ["N", 192])
        facts = {"output_dim": 192, "sample_rate": 16000, "normalize_samples": 1, "language": "Chinese"}
        graph.save(
            folder / name,
            {**facts, "framework": "3d-speaker", "feature_normalize_type": "global-mean"},
        )

    return make


PUNCTUATIONS = ("<unk>", "_", "，", "。", "？", "、")


def ct_punc(folder: Path, *, seed: int = 10) -> None:
    """Each character has a mark of its own, mostly none."""
    words = ("<unk>", *dict.fromkeys(CHINESE), "hello", "world")
    graph = Graph(seed)
    inputs = graph.input("inputs", [1, "T"], INT32)
    graph.input("text_lengths", [1], INT32)
    table = np.random.default_rng(seed).standard_normal((len(words), 6))
    table[:, 0], table[:, 1] = -1e3, table[:, 1] + 1.5
    graph.output("logits", graph.op("Gather", graph.const(table), inputs), [1, "T", 6])
    facts = {"tokens": "|".join(words), "vocab_size": len(words), "unk_symbol": "<unk>"}
    graph.save(folder / "model.onnx", {**facts, "punctuations": "|".join(PUNCTUATIONS)})


MODELS: Mapping[str, Callable[[Path], None]] = {
    "sherpa-paraformer-zh": paraformer,
    "sherpa-sense-voice": sense_voice,
    "sherpa-whisper-small": whisper,
    "sherpa-zipformer-zh-en": zipformer,
    "sherpa-paraformer-streaming": streaming_paraformer,
    "sherpa-silero-vad": silero,
    "sherpa-ten-vad": ten,
    "sherpa-pyannote-segmentation": segmentation,
    "sherpa-campplus-zh-en": _embedding("3dspeaker_speech_campplus_sv_zh_en_16k-common_advanced.onnx"),
    "sherpa-eres2net-zh": _embedding("3dspeaker_speech_eres2net_base_200k_sv_zh-cn_16k-common.onnx"),
    "sherpa-ct-punc": ct_punc,
}
"""What makes each model, by the name of its ModelSpec."""


def make_all(folder: Path) -> Path:
    """Every model in a folder of its own, as `supply.Models` looks for them."""
    from tests.engines.tiny import sherpa_voices

    for name, make in MODELS.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        make(folder / name)
    sherpa_voices.make_all(folder)
    return folder


def real_silero(folder: Path, weights: Path) -> None:
    """Real weights of Silero VAD v6, as faster-whisper carries them, in the layout of version 5.

    There the two states are one, and a frame comes with the 64 samples before it, as here.
    """
    model = onnx.load(str(weights))
    graph = model.graph
    renamed = {"input": "input", "h": "split_h", "c": "split_c"}
    state = helper.make_tensor_value_info("state", FLOAT, [2, 1, 128])
    rate = helper.make_tensor_value_info("sr", INT64, [1])
    for node in graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
    before = helper.make_node("Split", ["state"], ["split_h", "split_c"], axis=0, num_outputs=2)
    shape = numpy_helper.from_array(np.array([1, 1], dtype=np.int64), "one_one")
    after = [
        helper.make_node("Reshape", ["speech_probs", "one_one"], ["output"]),
        helper.make_node("Concat", ["hn", "cn"], ["stateN"], axis=0),
    ]
    audio = next(each for each in graph.input if each.name == "input")
    nodes = [before, *graph.node, *after]
    outputs = [
        helper.make_tensor_value_info("output", FLOAT, [1, 1]),
        helper.make_tensor_value_info("stateN", FLOAT, [2, 1, 128]),
    ]
    wrapped = helper.make_graph(nodes, "silero", [audio, state, rate], outputs, [*graph.initializer, shape])
    made = helper.make_model(wrapped, opset_imports=list(model.opset_import), ir_version=model.ir_version)
    onnx.save(made, str(folder / "silero_vad.onnx"))
