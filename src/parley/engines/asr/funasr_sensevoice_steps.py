"""The steps of SenseVoice in FunASR: encoder, best path, and where on it the words lie.

They are those of its `inference`, except that the times are read off the path that gave the text. FunASR
reads its text anew with the tokenizer and aligns that, which fails where other tokens make the same text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from parley.engines.contract import Samples
from parley.engines.funasr_models import Opened, library, tensor, without_gradients
from parley.engines.funasr_words import Spoken

QUERIES = 4
"""Frames in front of the sound: language, emotion, event, and whether numbers are written out."""

_TAG = re.compile(r"<\|([^|]*)\|>")
_LATIN = re.compile(r"[A-Za-z0-9\u00c0-\u024f\uac00-\ud7a3']")
_SPACE = "\u2581"
"""How the tokenizer writes a space."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """`said` is what the model says of the sound, each thing once."""

    said: tuple[str, ...]
    spoken: tuple[Spoken, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A token, its milliseconds and its log probability."""

    piece: str
    start: int
    end: int
    log: float


class SenseVoiceSteps:
    """One model and where it computes."""

    def __init__(self, opened: Opened, device: str) -> None:
        self._opened = opened
        self._model = opened.model
        self._device = device

    def run(self, audio: Sequence[Samples], language: str) -> list[Heard]:
        """What was said in each; all are long enough to hold a frame."""
        extract_fbank = library("funasr.utils.load_utils").extract_fbank
        with without_gradients():
            features, lengths = extract_fbank(
                [tensor(samples) for samples in audio], frontend=self._opened.frontend
            )
            asked = self._ask(features.to(self._device), language)
            encoded, frames = self._model.encoder(asked, lengths.to(self._device) + QUERIES)
            heard = encoded[0] if isinstance(encoded, tuple) else encoded
            scores = self._model.ctc.log_softmax(heard).float().cpu()
            return [self._read(scores[index, : int(frames[index])]) for index in range(len(audio))]

    def _ask(self, features: Any, language: str) -> Any:
        torch = library("torch")
        model = self._model
        numbers = [model.lid_dict.get(language, 0), 1, 2, model.textnorm_dict["withitn"]]
        queries = model.embed(torch.tensor([numbers], device=features.device))
        return torch.cat([queries.repeat(features.size(0), 1, 1), features], dim=1)

    def _read(self, scores: Any) -> Heard:
        best = scores.max(dim=-1)
        path = zip(best.indices.tolist(), best.values.tolist(), strict=True)
        parts: list[_Part] = []
        after = 0
        for token, frames in groupby(path, key=lambda frame: frame[0]):
            logs = [log for _, log in frames]
            first, after = after, after + len(logs)
            if token != self._model.blank_id:
                parts.append(self._part(token, first, after, sum(logs) / len(logs), len(best.indices)))
        text = "".join(part.piece for part in parts)
        return Heard(said=tuple(dict.fromkeys(_TAG.findall(text))), spoken=_words(parts))

    def _part(self, token: int, first: int, after: int, log: float, frames: int) -> _Part:
        """FunASR takes half a frame off, because the first one looks back."""
        frontend = self._opened.frontend
        frame_ms = frontend.frame_shift * frontend.lfr_n
        most = (frames - QUERIES) * frame_ms - frame_ms // 2
        start = max((first - QUERIES) * frame_ms - frame_ms // 2, 0)
        end = min((after - QUERIES) * frame_ms - frame_ms // 2, most)
        piece = self._opened.tokenizer.sp.id_to_piece(token)
        return _Part(piece=piece, start=start, end=max(start, end), log=log)


def _words(parts: Sequence[_Part]) -> tuple[Spoken, ...]:
    """Chinese and Japanese one token at a time, others up to the next space; marks stay behind a word."""
    words: list[Spoken] = []
    apart = True
    for part in parts:
        if _TAG.fullmatch(part.piece):
            continue
        apart = apart or part.piece.startswith(_SPACE)
        text = part.piece.replace(_SPACE, "")
        if not text or text == "<unk>":
            continue
        last = words[-1] if words else None
        if last and not any(char.isalnum() for char in text):
            words[-1] = _grown(last, part, mark=text)
        elif last and not apart and not last.mark and _LATIN.match(text) and _LATIN.match(last.text[-1]):
            words[-1] = _grown(last, part, text=text)
        else:
            words.append(Spoken(text=text, start=part.start / 1000, end=part.end / 1000, log=part.log))
        apart = False
    return tuple(words)


def _grown(word: Spoken, part: _Part, *, text: str = "", mark: str = "") -> Spoken:
    return Spoken(
        text=word.text + text,
        start=word.start,
        end=part.end / 1000 if text else word.end,
        log=word.log,
        mark=word.mark + mark,
    )
