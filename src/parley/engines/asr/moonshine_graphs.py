"""Moonshine's two ONNX graphs, run step by step.

Model: https://arxiv.org/abs/2410.15608. The encoder takes samples; the decoder's attention mask has the
samples' resolution too. The decoder's caches of the encoder's states stay as they are after the first
call, and one row of them serves any number of rows: several hypotheses, or several masks, are read
against one copy. Graphs of an older exporter know no masks: there a part of the sound is encoded by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from parley.engines.asr.moonshine_tokens import may_start_word, read_tokens
from parley.engines.carried import open_session
from parley.engines.contract import Samples
from parley.signal.beam import Scores

START_TOKEN = 1
END_TOKEN = 2
FIRST_TEXT_TOKEN = 3

LEAST_SAMPLES = 1_600
"""A tenth of a second; the convolutions of the encoder need 1,000 samples."""

POSITIONS_AT_ONCE = 256
"""Positions scored in one call of `likelihoods`: each takes 32,768 scores, 34 MB together."""


_PAST = "past_key_values."
_MASK = "encoder_attention_mask"


@dataclass(frozen=True, slots=True)
class Heard:
    """Encoded audio after the start token: inputs that stay, caches that grow, scores (1, vocabulary)."""

    inputs: Mapping[str, Any]
    caches: Sequence[Any]
    scores: Scores
    audio: Samples


class MoonshineGraphs:
    """Encoder, decoder and token table of the model in `folder` or below it, on one thread."""

    def __init__(self, folder: Path) -> None:
        import onnxruntime

        self._encoder = open_session(_file(folder, "encoder_model", ".ort", ".onnx"))
        self._decoder = open_session(_file(folder, "decoder_model_merged", ".ort", ".onnx"))
        self._value = onnxruntime.OrtValue.ortvalue_from_numpy
        shapes = {given.name: given.shape for given in self._decoder.get_inputs()}
        names = [name.removeprefix(_PAST) for name in shapes if name.startswith(_PAST)]
        self._changing = tuple(name for name in names if ".decoder." in name)
        self._fixed = tuple(name for name in names if ".encoder." in name)
        self._cache_shape = (int(shapes[_PAST + names[0]][1]), 0, int(shapes[_PAST + names[0]][3]))
        self._encoder_takes_mask = len(self._encoder.get_inputs()) > 1
        self.takes_masks = _MASK in shapes
        self._tokens = read_tokens(_file(folder, "tokenizer", ".bin", ".json"))

    def _nothing(self, rows: int = 1) -> Any:
        return self._value(np.zeros((rows, *self._cache_shape), dtype=np.float32))

    def _encode(self, samples: Samples) -> dict[str, Any]:
        mask = np.ones((1, len(samples)), dtype=np.int64)
        given = {"input_values": samples[None]}
        (states,) = self._encoder.run(
            None, {**given, "attention_mask": mask} if self._encoder_takes_mask else given
        )
        masks = {_MASK: self._value(mask)} if self.takes_masks else {}
        return {
            "encoder_hidden_states": self._value(np.asarray(states)),
            **masks,
            "use_cache_branch": self._value(np.array([False])),
            **dict.fromkeys(map(_past, self._fixed), self._nothing()),
        }

    def listen(self, samples: Samples) -> Heard:
        """Encode mono audio at 16 kHz, shape (n,), n at least `LEAST_SAMPLES`."""
        inputs = self._encode(samples)
        wanted = ("logits", *map(_present, self._changing), *map(_present, self._fixed))
        scores, *caches = self._decode(
            wanted, inputs, [self._nothing()] * len(self._changing), np.array([[START_TOKEN]])
        )
        inputs["use_cache_branch"] = self._value(np.array([True]))
        inputs.update(zip(map(_past, self._fixed), caches[len(self._changing) :], strict=True))
        return Heard(inputs, caches[: len(self._changing)], scores.numpy()[:, -1], samples)

    def _decode(
        self,
        wanted: Sequence[str],
        inputs: Mapping[str, Any],
        caches: Sequence[Any],
        tokens: npt.NDArray[Any],
    ) -> list[Any]:
        past = zip(map(_past, self._changing), caches, strict=True)
        feed = {**inputs, **dict(past), "input_ids": self._value(tokens.astype(np.int64))}
        return list(self._decoder.run_with_ort_values(list(wanted), feed))

    def read_on(self, heard: Heard, caches: Sequence[Any], tokens: Sequence[int]) -> tuple[Scores, list[Any]]:
        """Give every row one token: scores (rows, vocabulary) of the next one, and the grown caches."""
        wanted = ("logits", *map(_present, self._changing))
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
        if not self.takes_masks:
            return np.concatenate([self._apart(heard, part, tokens) for part in audible])
        at_once = max(1, POSITIONS_AT_ONCE // max(1, len(tokens)))
        batches = (audible[first : first + at_once] for first in range(0, len(audible), at_once))
        return np.concatenate([self._likelihoods(heard, batch, tokens) for batch in batches])

    def _likelihoods(
        self, heard: Heard, audible: Sequence[tuple[int, int]], tokens: Sequence[int]
    ) -> npt.NDArray[np.float64]:
        mask = np.zeros((len(audible), len(heard.audio)), dtype=np.int64)
        for row, (first, last) in enumerate(audible):
            mask[row, first:last] = 1
        return self._known({**heard.inputs, _MASK: self._value(mask)}, len(audible), tokens)

    def _apart(
        self, heard: Heard, audible: tuple[int, int], tokens: Sequence[int]
    ) -> npt.NDArray[np.float64]:
        first = max(0, min(audible[0], len(heard.audio) - LEAST_SAMPLES))
        part = heard.audio[first : max(audible[1], first + LEAST_SAMPLES)]
        return self._known(self._encode(part), 1, tokens)

    def _known(self, inputs: Mapping[str, Any], rows: int, tokens: Sequence[int]) -> npt.NDArray[np.float64]:
        given = np.tile([START_TOKEN, *tokens[:-1]], (rows, 1))
        (answer,) = self._decode(("logits",), inputs, [self._nothing(rows)] * len(self._changing), given)
        return _log_probabilities(answer.numpy(), tokens)

    def text(self, tokens: Sequence[int]) -> str:
        """The text of tokens, without white space around it."""
        joined = b"".join(self._tokens[token] for token in tokens if token >= FIRST_TEXT_TOKEN)
        return joined.decode("utf-8", errors="replace").replace("\u2581", " ").strip()

    def starts_word(self, token: int) -> bool:
        """Whether a word may begin with a token: behind a space, or with a letter that needs none."""
        return may_start_word(self._tokens[token])


def _log_probabilities(scores: npt.NDArray[np.float32], tokens: Sequence[int]) -> npt.NDArray[np.float64]:
    top = scores.max(axis=-1)
    total = top + np.log(np.exp(scores - top[..., None]).sum(axis=-1))
    chosen = scores[:, np.arange(len(tokens)), list(tokens)]
    return (chosen - total).astype(np.float64)


def _past(name: str) -> str:
    return f"{_PAST}{name}"


def _present(name: str) -> str:
    return f"present.{name}"


def _file(folder: Path, stem: str, *endings: str) -> Path:
    """The first that there is; a hub's repository has them in a folder of its own."""
    for ending in endings:
        for path in sorted(folder.rglob(f"{stem}{ending}")):
            return path
    raise FileNotFoundError(f"{stem}{endings[0]}")
