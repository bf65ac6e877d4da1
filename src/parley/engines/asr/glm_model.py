"""GLM-ASR in transformers: sound to vectors, vectors to tokens, and what it thinks of known tokens.

Every thirty seconds of sound become 375 vectors that stand among those of the instruction's tokens. They
are computed once for a batch, for writing and for placing.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from parley.engines.contract import Samples
from parley.engines.setup import Setup
from parley.signal.repetition import cut_loops
from parley.speech.device import CPU
from parley.speech.span import Span

VECTOR_S = 0.08
"""Seconds of sound in a vector: 10 ms a frame, two frames a step of the encoder, four steps a vector."""

LOOK_EVERY = 16
HOPELESS = 48
"""Tokens: how often a text is looked at while it is written, and how much of it may be a loop."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A batch of stretches as the language model gets them: vectors (rows, n, width), which of them count
    (padding is in front), and which are sound."""

    vectors: Any
    counts: Any
    is_sound: Any


@dataclass(frozen=True, slots=True)
class Written:
    """Tokens and the natural logarithm of each one's probability."""

    tokens: list[int]
    logs: list[float]


class GlmModel:
    """The model of a folder on one device; nothing is looked for elsewhere."""

    def __init__(self, folder: Path, setup: Setup) -> None:
        torch: Any = importlib.import_module("torch")
        transformers: Any = importlib.import_module("transformers")
        if setup.device == CPU:
            torch.set_num_threads(setup.threads)
        self._torch = torch
        self._device = setup.device
        self._processor: Any = transformers.AutoProcessor.from_pretrained(str(folder), local_files_only=True)
        model: Any = transformers.GlmAsrForConditionalGeneration.from_pretrained(
            str(folder), local_files_only=True, dtype=_number_type(torch, setup.kind)
        )
        self._model: Any = model.to(setup.device).eval()
        ends: Any = model.generation_config.eos_token_id or model.config.text_config.eos_token_id
        self._ends: set[int] = {ends} if isinstance(ends, int) else set(ends)

    def shortened(self, text: str, most: int) -> tuple[str, bool]:
        """The end of a text that is not longer than `most` tokens, and whether that is less than all."""
        tokens = self._processor.tokenizer.encode(text, add_special_tokens=False)
        if len(tokens) <= most:
            return text, False
        return self._processor.tokenizer.decode(tokens[-most:], skip_special_tokens=True), True

    def listen(self, batch: Sequence[Samples], prompt: str) -> Heard:
        """Encode mono audio at 16 kHz; `prompt` is added to the model's own instruction."""
        instruction: str = self._processor.default_transcription_prompt
        asked = f"{instruction}\n{prompt}" if prompt else instruction
        inputs = self._processor.apply_transcription_request(
            [np.asarray(samples) for samples in batch], prompt=asked
        ).to(self._device, dtype=self._model.dtype)
        with self._torch.inference_mode():
            vectors = self._model.get_input_embeddings()(inputs["input_ids"])
            sound = self._model.get_audio_features(
                inputs["input_features"], inputs["input_features_mask"], return_dict=True
            ).pooler_output
            is_sound = inputs["input_ids"] == self._model.config.audio_token_id
            vectors = vectors.masked_scatter(is_sound[..., None].expand_as(vectors), sound.to(vectors.dtype))
        return Heard(vectors, inputs["attention_mask"], is_sound)

    def write(self, heard: Heard, longest: Sequence[int], progress: Callable[[float], None]) -> list[Written]:
        """The likeliest next token again and again, at most `longest` of them in each row; `progress` is
        told which part of the tokens there may be has come."""
        with self._torch.inference_mode():
            answer = self._model.generate(
                inputs_embeds=heard.vectors,
                attention_mask=heard.counts,
                max_new_tokens=max(longest),
                do_sample=False,
                num_beams=1,
                return_dict_in_generate=True,
                output_logits=True,
                stopping_criteria=[self._watch(longest, progress)],
            )
            logs = [self._torch.log_softmax(logits.float(), dim=-1) for logits in answer.logits]
        tokens: list[list[int]] = answer.sequences[:, -len(logs) :].tolist()
        return [self._row(tokens[row], logs, row, longest[row]) for row in range(len(longest))]

    def _row(self, tokens: Sequence[int], logs: Sequence[Any], row: int, longest: int) -> Written:
        ended = next((index for index, token in enumerate(tokens) if token in self._ends), len(tokens))
        kept = list(tokens[: min(ended, longest)])
        return Written(kept, [float(logs[index][row, token]) for index, token in enumerate(kept)])

    def _watch(self, longest: Sequence[int], progress: Callable[[float], None]) -> Callable[..., Any]:
        """Called after each token: which rows are to end. Reports, so that a hang is told from work."""

        def is_done(tokens: Any, _scores: Any, **_unused: Any) -> Any:
            count = int(tokens.shape[1])
            progress(min(1.0, count / max(longest)))
            done = [count >= most for most in longest]
            if count % LOOK_EVERY == 0:
                rows: list[list[int]] = tokens.tolist()
                done = [
                    end or len(cut_loops(row)) <= count - HOPELESS
                    for end, row in zip(done, rows, strict=True)
                ]
            return self._torch.tensor(done, dtype=self._torch.bool, device=tokens.device)

        return is_done

    def likelihoods(
        self, heard: Heard, row: int, islands: Sequence[Span], tokens: Sequence[int]
    ) -> npt.NDArray[np.float64]:
        """Log-probabilities (K, T) of T known tokens, row k given only the sound of island k."""
        return np.stack([self._likelihood(heard, row, island, tokens) for island in islands])

    def _likelihood(
        self, heard: Heard, row: int, island: Span, tokens: Sequence[int]
    ) -> npt.NDArray[np.float64]:
        torch = self._torch
        sound = heard.is_sound[row].nonzero()[:, 0]
        first = min(int(island.start / VECTOR_S), len(sound) - 1)
        after = max(first + 1, round(island.end / VECTOR_S))
        kept = heard.counts[row].bool()
        kept[sound] = False
        kept[sound[first:after]] = True
        known = torch.tensor([list(tokens)], device=heard.vectors.device)
        with torch.inference_mode():
            spoken = self._model.get_input_embeddings()(known)
            vectors = torch.cat([heard.vectors[row][kept][None], spoken[:, :-1]], dim=1)
            logits = self._model(inputs_embeds=vectors, logits_to_keep=len(tokens)).logits[0]
            logs = torch.log_softmax(logits.float(), dim=-1)
            return logs.gather(1, known.T)[:, 0].double().cpu().numpy()

    def text(self, tokens: Sequence[int], *, strip: bool = True) -> str:
        """The text of tokens."""
        text: str = self._processor.tokenizer.decode(list(tokens), skip_special_tokens=True)
        return text.replace("\ufffd", "").strip() if strip else text


def _number_type(torch: Any, kind: str) -> Any:
    """The model was published in bfloat16; where that is missing, half precision or all of it."""
    if kind == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if kind == "mps" and torch.backends.mps.is_macos_or_newer(14, 0):
        return torch.bfloat16
    return torch.float32
