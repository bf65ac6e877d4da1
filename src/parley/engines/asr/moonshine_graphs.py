"""Moonshine's two ONNX graphs, run step by step.

Model: https://arxiv.org/abs/2410.15608, weights MIT. The encoder takes samples; the decoder's
attention mask has the samples' resolution too. The decoder's caches of the encoder's states stay as
they are after the first call, and one row of them serves any number of rows: several hypotheses,
or several masks, are read against one copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from parley.engines.carried import open_session
from parley.engines.contract import Samples
from parley.signal.beam import Scores

START_TOKEN = 1
END_TOKEN = 2
FIRST_TEXT_TOKEN = 3
LAYERS = 6
HEADS = 8
HEAD_SIZE = 36

LEAST_SAMPLES = 1_600
"""A tenth of a second; the convolutions of the encoder need 1,000 samples."""

POSITIONS_AT_ONCE = 256
"""Positions scored in one call of `likelihoods`: each takes 32,768 scores, 34 MB together."""

_CHANGING = tuple(f"{layer}.decoder.{kind}" for layer in range(LAYERS) for kind in ("key", "value"))
_FIXED = tuple(f"{layer}.encoder.{kind}" for layer in range(LAYERS) for kind in ("key", "value"))


@dataclass(frozen=True, slots=True)
class Heard:
    """Encoded audio after the start token: inputs that stay, caches that grow, scores (1, vocabulary)."""

    inputs: Mapping[str, Any]
    caches: Sequence[Any]
    scores: Scores
    samples: int


class MoonshineGraphs:
    """Encoder, decoder and token table of the model in `folder`, on one thread."""

    def __init__(self, folder: Path) -> None:
        import onnxruntime

        self._encoder = open_session(folder / "encoder_model.ort")
        self._decoder = open_session(folder / "decoder_model_merged.ort")
        self._value = onnxruntime.OrtValue.ortvalue_from_numpy
        self._no_past = self._value(np.zeros((1, HEADS, 0, HEAD_SIZE), dtype=np.float32))
        self._tokens = list(_strings((folder / "tokenizer.bin").read_bytes()))

    def listen(self, samples: Samples) -> Heard:
        """Encode mono audio at 16 kHz, shape (n,), n at least `LEAST_SAMPLES`."""
        mask = np.ones((1, len(samples)), dtype=np.int64)
        (states,) = self._encoder.run(None, {"input_values": samples[None], "attention_mask": mask})
        inputs = {
            "encoder_hidden_states": self._value(np.asarray(states)),
            "encoder_attention_mask": self._value(mask),
            "use_cache_branch": self._value(np.array([False])),
            **dict.fromkeys(map(_past, _FIXED), self._no_past),
        }
        wanted = ("logits", *map(_present, _CHANGING), *map(_present, _FIXED))
        scores, *caches = self._decode(
            wanted, inputs, [self._no_past] * len(_CHANGING), np.array([[START_TOKEN]])
        )
        inputs["use_cache_branch"] = self._value(np.array([True]))
        inputs.update(zip(map(_past, _FIXED), caches[len(_CHANGING) :], strict=True))
        return Heard(inputs, caches[: len(_CHANGING)], scores.numpy()[:, -1], len(samples))

    def _decode(
        self,
        wanted: Sequence[str],
        inputs: Mapping[str, Any],
        caches: Sequence[Any],
        tokens: npt.NDArray[Any],
    ) -> list[Any]:
        past = zip(map(_past, _CHANGING), caches, strict=True)
        feed = {**inputs, **dict(past), "input_ids": self._value(tokens.astype(np.int64))}
        return list(self._decoder.run_with_ort_values(list(wanted), feed))

    def read_on(self, heard: Heard, caches: Sequence[Any], tokens: Sequence[int]) -> tuple[Scores, list[Any]]:
        """Give every row one token: scores (rows, vocabulary) of the next one, and the grown caches."""
        wanted = ("logits", *map(_present, _CHANGING))
        scores, *grown = self._decode(wanted, heard.inputs, caches, np.array(tokens)[:, None])
        return scores.numpy()[:, -1], grown

    def take_rows(self, caches: Sequence[Any], rows: Sequence[int]) -> list[Any]:
        """Copies of the caches that hold these rows."""
        return [self._value(np.ascontiguousarray(cache.numpy()[list(rows)])) for cache in caches]

    def likelihoods(
        self, heard: Heard, audible: Sequence[tuple[int, int]], tokens: Sequence[int]
    ) -> npt.NDArray[np.float64]:
        """Log-probabilities (K, T) of T known tokens, row k hearing only the samples `audible[k]`.

        One pass for all tokens: the text is known, so nothing waits for the token before. Each row
        knows the tokens in front.
        """
        at_once = max(1, POSITIONS_AT_ONCE // max(1, len(tokens)))
        batches = (audible[first : first + at_once] for first in range(0, len(audible), at_once))
        return np.concatenate([self._likelihoods(heard, batch, tokens) for batch in batches])

    def _likelihoods(
        self, heard: Heard, audible: Sequence[tuple[int, int]], tokens: Sequence[int]
    ) -> npt.NDArray[np.float64]:
        mask = np.zeros((len(audible), heard.samples), dtype=np.int64)
        for row, (first, last) in enumerate(audible):
            mask[row, first:last] = 1
        nothing = self._value(np.zeros((len(audible), HEADS, 0, HEAD_SIZE), dtype=np.float32))
        inputs = {**heard.inputs, "encoder_attention_mask": self._value(mask)}
        given = np.tile([START_TOKEN, *tokens[:-1]], (len(audible), 1))
        (answer,) = self._decode(("logits",), inputs, [nothing] * len(_CHANGING), given)
        return _log_probabilities(answer.numpy(), tokens)

    def text(self, tokens: Sequence[int]) -> str:
        """The text of tokens, without white space around it."""
        joined = b"".join(self._tokens[token] for token in tokens if token >= FIRST_TEXT_TOKEN)
        return joined.decode("utf-8", errors="replace").replace("\u2581", " ").strip()

    def starts_word(self, token: int) -> bool:
        """Whether a token begins with a space."""
        return self._tokens[token].startswith("\u2581".encode())


def _log_probabilities(scores: npt.NDArray[np.float32], tokens: Sequence[int]) -> npt.NDArray[np.float64]:
    top = scores.max(axis=-1)
    total = top + np.log(np.exp(scores - top[..., None]).sum(axis=-1))
    chosen = scores[:, np.arange(len(tokens)), list(tokens)]
    return (chosen - total).astype(np.float64)


def _past(name: str) -> str:
    return f"past_key_values.{name}"


def _present(name: str) -> str:
    return f"present.{name}"


def _strings(table: bytes) -> Iterator[bytes]:
    """Byte strings, each behind its length: one byte below 128, else two (low seven bits, then 128s)."""
    position = 0
    while position < len(table):
        length = table[position]
        position += 1
        if length >= 128:
            length += (table[position] - 1) * 128
            position += 1
        yield table[position : position + length]
        position += length
