"""Tiny voices that sherpa-onnx opens like the real ones: the same inputs, outputs, metadata and files.

They hum: each symbol lasts some milliseconds at a pitch of its own, which the speaker shifts, and the speed
changes how long.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tests.engines.tiny.sherpa import FLOAT, INT64, Graph

from parley.engines.model import ModelSpec
from parley.engines.tts import sherpa_voice_models as models

MARKS = ",.!?;:，。！？、；："
CHINESE = "你好我们今天在这里说话听见了一个声音明再来第零二三四五六七八九十百千万年月日点分号"
PHONEMES = "abcdefghijklmnopqrstuvwxyzæðŋɐɑɒɔəɚɛɜɡɪɫɹɾʃʊʌʒʔθᵻˈˌː‍̩ "
WORDS = (
    *("hello h ə l ˈ o ʊ\n", "world w ˈ ɜ ː l d\n", "three θ ɹ ˈ i ː\n"),
    *(f"{letter} {letter} ˈ\n" for letter in "abcdefghijklmnopqrstuvwxyz"),
)
STYLE = 4
"""Numbers in a style; the real ones have 256."""

FRAME = 256
"""Samples in a frame of a spectrum; bands of it: 80."""


def _hum(graph: Graph, tokens: str, voice: str, stretch: str, *, samples: int) -> str:
    """A wave (N,): `samples` for each symbol of `tokens` (1, L), times `stretch` (1,)."""
    places, at = _places(graph, tokens, stretch, samples)
    pitches = graph.const(0.05 + 0.2 * np.random.default_rng(7).random(4096))
    pitch = graph.op("Add", graph.op("Gather", pitches, places), graph.op("Mul", voice, graph.const(0.01)))
    return graph.op("Mul", graph.op("Sin", graph.op("Mul", at, pitch)), graph.const(0.3))


def _places(graph: Graph, tokens: str, stretch: str, each: int) -> tuple[str, str]:
    """Which symbol sounds at each moment, and the moments as numbers."""
    count = graph.op("Cast", graph.op("Shape", tokens, start=1, end=2), to=FLOAT)
    length = graph.op("Mul", stretch, graph.const([float(each)]))
    total = graph.op("Cast", graph.op("Mul", count, length), to=INT64)
    scalar = graph.op("Squeeze", total, graph.ints(0))
    moments = graph.op("Range", graph.const(0, np.int64), scalar, graph.const(1, np.int64))
    at = graph.op("Cast", moments, to=FLOAT)
    index = graph.op("Cast", graph.op("Div", at, length), to=INT64)
    last = graph.op("Sub", graph.op("Shape", tokens, start=1, end=2), graph.ints(1))
    line = graph.op("Squeeze", tokens, graph.ints(0))
    return graph.op("Gather", line, graph.op("Min", index, last)), at


def _voice(graph: Graph, speaker: str) -> str:
    return graph.op("Cast", speaker, to=FLOAT)


def _wave(graph: Graph, name: str, wave: str, *shape: int | str) -> None:
    sizes = [size if isinstance(size, int) else -1 for size in shape]
    graph.output(name, graph.op("Reshape", wave, graph.ints(*sizes)), list(shape))


def kokoro(folder: Path, model: ModelSpec, speakers: int) -> None:
    """A style is 510 lengths of some numbers; the first of them shifts the pitch."""
    graph = Graph(21)
    tokens = graph.input("tokens", [1, "L"], INT64)
    style = graph.input("style", [1, STYLE])
    speed = graph.input("speed", [1])
    voice = graph.op(
        "Squeeze", graph.op("Slice", style, graph.ints(0), graph.ints(1), graph.ints(1)), graph.ints(0)
    )
    _wave(graph, "audio", _hum(graph, tokens, voice, graph.op("Reciprocal", speed), samples=600), "N")
    graph.save(
        folder / "model.onnx",
        {
            "model_type": "kokoro",
            "sample_rate": 24000,
            "version": 2,
            "n_speakers": speakers,
            "has_espeak": 1,
            "voice": "en-us",
            "style_dim": [510, 1, STYLE],
            "speaker_names": ["one"],
        },
    )
    styles = np.repeat(np.arange(speakers, dtype=np.float32)[:, None], 510 * STYLE, axis=1)
    (folder / "voices.bin").write_bytes(styles.tobytes())
    letters = list(
        dict.fromkeys([*';:,.!?—…"()“” ', *PHONEMES, *(chr(code) for code in range(0x3105, 0x312A))])
    )
    _write_tokens(folder, ["$", *letters])
    (folder / "lexicon-us-en.txt").write_text("".join(WORDS), "utf-8")
    _write_lexicon(folder / "lexicon-zh.txt", [chr(0x3105 + number % 30) for number in range(len(CHINESE))])
    _write_rules(folder, model)


def matcha(folder: Path, model: ModelSpec) -> None:
    """A spectrum of the pitches; what the vocoder makes of it is `hifigan`'s."""
    graph = Graph(22)
    tokens = graph.input("x", [1, "L"], INT64)
    graph.input("x_length", [1], INT64)
    graph.input("noise_scale", [1])
    stretch = graph.input("length_scale", [1])
    places, _ = _places(graph, tokens, stretch, 8)
    pitches = graph.op("Gather", graph.const(0.05 + 0.2 * np.random.default_rng(7).random(4096)), places)
    mel = graph.op("Expand", graph.op("Reshape", pitches, graph.ints(1, 1, -1)), graph.ints(1, 80, 1))
    graph.output("mel", mel, [1, 80, "T"])
    shared = {"model_type": "matcha-tts", "sample_rate": 22050, "version": 1, "n_speakers": 1, "pad_id": 0}
    graph.save(folder / "model-steps-3.onnx", {**shared, "jieba": 1, "language": "Chinese", "use_eos_bos": 0})
    _write_chinese(folder, model)


def hifigan(folder: Path) -> None:
    """Each frame of the spectrum sounds at the pitch that its first band says."""
    graph = Graph(23)
    mel = graph.input("mel", [1, 80, "T"])
    band = graph.op("Slice", mel, graph.ints(0), graph.ints(1), graph.ints(1))
    pitch = graph.op("Reshape", band, graph.ints(-1, 1))
    moments = graph.op("Reshape", graph.const(np.arange(FRAME)), graph.ints(1, -1))
    wave = graph.op("Mul", graph.op("Sin", graph.op("Mul", pitch, moments)), graph.const(0.3))
    _wave(graph, "audio", wave, 1, 1, "N")
    graph.save(folder / "hifigan_v2.onnx", {"model_type": "hifigan"})


def vits(folder: Path, model: ModelSpec, file: str, *, speakers: int, rate_hz: int) -> None:
    """VITS of AISHELL-3: symbols from a lexicon."""
    graph = Graph(24)
    tokens = graph.input("x", [1, "L"], INT64)
    graph.input("x_length", [1], INT64)
    graph.input("noise_scale", [1])
    stretch = graph.input("length_scale", [1])
    graph.input("noise_scale_w", [1])
    voice = _voice(graph, graph.input("sid", [1], INT64))
    _wave(graph, "y", _hum(graph, tokens, voice, stretch, samples=600), 1, 1, "N")
    facts = {"model_type": "vits", "comment": "aishell3", "language": "Chinese", "add_blank": 1}
    graph.save(
        folder / file,
        {**facts, "n_speakers": speakers, "sample_rate": rate_hz, "punctuation": "， 。 ！ ？ ： “ ” 、"},
    )
    _write_chinese(folder, model)


def melo(folder: Path, model: ModelSpec) -> None:
    """MeloTTS: symbols with tones."""
    graph = Graph(25)
    tokens = graph.input("x", [1, "L"], INT64)
    graph.input("x_lengths", [1], INT64)
    tones = graph.input("tones", [1, "L"], INT64)
    voice = _voice(graph, graph.input("sid", [1], INT64))
    graph.input("noise_scale", [1])
    stretch = graph.input("length_scale", [1])
    graph.input("noise_scale_w", [1])
    both = graph.op("Add", tokens, tones)
    _wave(graph, "y", _hum(graph, both, voice, stretch, samples=600), 1, 1, "N")
    graph.save(
        folder / "model.onnx",
        {
            "model_type": "melo-vits",
            "comment": "melo",
            "version": 2,
            "language": "Chinese + English",
            "add_blank": 1,
            "n_speakers": 1,
            "speaker_id": 1,
            "jieba": 1,
            "sample_rate": 44100,
            "bert_dim": 1024,
            "ja_bert_dim": 768,
            "lang_id": 3,
            "tone_start": 0,
        },
    )
    phones = [f"p{number}" for number in range(40)]
    _write_tokens(folder, ["_", *phones, *MARKS])
    lines = [
        f"{char} {phones[at % 40]} {phones[at % 7]} {at % 5} {at % 5}" for at, char in enumerate(CHINESE)
    ]
    words = ["hello p1 p2 p3 7 8 7", "world p4 p5 8 7", "three p6 p7 8 7", "母 p1 1", "恩 p2 2"]
    words += [f"{letter} p{at} 7" for at, letter in enumerate("abcdefghijklmnopqrstuvwxyz")]
    (folder / "lexicon.txt").write_text("\n".join([*lines, *words]) + "\n", "utf-8")
    _write_rules(folder, model)


def _write_tokens(folder: Path, symbols: Sequence[str]) -> None:
    lines = [f"{symbol} {number}\n" for number, symbol in enumerate(symbols)]
    (folder / "tokens.txt").write_text("".join(lines), "utf-8")


def _write_lexicon(path: Path, sounds: Sequence[str]) -> None:
    lines = [f"{char} {sound}\n" for char, sound in zip(CHINESE, sounds, strict=True)]
    path.write_text("".join(lines), "utf-8")


def _write_chinese(folder: Path, model: ModelSpec) -> None:
    sounds = [f"s{number}" for number in range(len(CHINESE))]
    _write_tokens(folder, ["sil", "eos", "sp", "#0", *sounds, *MARKS])
    _write_lexicon(folder / "lexicon.txt", sounds)
    _write_rules(folder, model)


def _write_rules(folder: Path, model: ModelSpec) -> None:
    """Rules that change nothing: a transducer of one state that takes every byte as it is."""
    for name in model.needs:
        if name.endswith(".fst"):
            (folder / name).write_bytes(identity_fst())


def identity_fst() -> bytes:
    """OpenFst's `vector` transducer over the bytes 1 to 255, in the format of its file version 2."""

    def text(value: str) -> bytes:
        return struct.pack("<i", len(value)) + value.encode()

    # An acceptor, sorted by label: error-free, without epsilons, cyclic at its start.
    properties = 0x3
    head = struct.pack("<i", 2125659606) + text("vector") + text("standard")
    head += struct.pack("<iiQqqq", 2, 0, properties, 0, 1, 0)
    body = struct.pack("<f", 0.0) + struct.pack("<q", 255)
    body += b"".join(struct.pack("<iifi", byte, byte, 0.0, 0) for byte in range(1, 256))
    return head + body


def make_all(folder: Path) -> None:
    """A folder for each model, by its name."""

    def place(model: ModelSpec) -> Path:
        (folder / model.name).mkdir(parents=True, exist_ok=True)
        return folder / model.name

    kokoro(place(models.KOKORO), models.KOKORO, 53)
    kokoro(place(models.KOKORO_ZH), models.KOKORO_ZH, 103)
    matcha(place(models.MATCHA_ZH), models.MATCHA_ZH)
    hifigan(place(models.HIFIGAN))
    vits(place(models.VITS_ZH), models.VITS_ZH, "vits-aishell3.onnx", speakers=174, rate_hz=8000)
    melo(place(models.VITS_MELO), models.VITS_MELO)
