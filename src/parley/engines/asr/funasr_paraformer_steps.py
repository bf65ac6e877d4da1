"""The steps of a Paraformer of FunASR: encoder, predictor, decoder, times.

The encoder takes a batch, and hides what is padding. The predictor does not (its convolution and its
recurrent layer hear the padding), and hotwords are chosen for a whole batch by its first stretch alone;
so both are done for each stretch, without padding, and a batch changes nothing but the last bits.
On Apple's devices the predictor runs on the processor: its `index_select` fails there on long audio.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from parley.engines.contract import Samples
from parley.engines.funasr_models import Opened, library, tensor, without_gradients
from parley.engines.funasr_words import Spoken, spoken_of

_SPELLED = re.compile(r"^[\u4e00-\u9fa50-9]+$")


class Steps:
    """One model and where it computes."""

    def __init__(self, opened: Opened, device: str) -> None:
        self._opened = opened
        self._model = opened.model
        self._device = device
        self._predictor_device = "cpu" if device.startswith("mps") else device
        self._model.predictor.to(self._predictor_device)
        self.takes_hotwords = hasattr(self._model, "_seaco_decode_with_ASF")
        self._segments: dict[str, list[str]] | None = None

    def run(self, audio: Sequence[Samples], hotwords: list[list[int]]) -> list[list[Spoken]]:
        """What was said in each, with times in seconds; all are long enough to hold a frame."""
        extract_fbank = library("funasr.utils.load_utils").extract_fbank

        with without_gradients():
            features, lengths = extract_fbank(
                [tensor(samples) for samples in audio], frontend=self._opened.frontend
            )
            encoded, frames = self._model.encode(features.to(self._device), lengths.to(self._device))
            heard = encoded[0] if isinstance(encoded, tuple) else encoded
            return [
                self._read(heard[index : index + 1, : int(frames[index])], hotwords)
                for index in range(len(audio))
            ]

    def encode_hotwords(self, words: Sequence[str]) -> list[list[int]]:
        """Numbers of tokens as FunASR makes them of words, and its mark for none of them."""
        encoded = [self._opened.tokenizer.tokens2ids(self._tokens_of(word)) for word in words]
        return [*(ids for ids in encoded if ids), [self._model.sos]]

    def _tokens_of(self, word: str) -> list[str]:
        """A word is looked up in the table of the model; a Chinese one not in it is spelled out."""
        table = self._table()
        tokens: list[str] = []
        for part in word.lower().split():
            if part in table:
                tokens += table[part]
            elif _SPELLED.match(part):
                tokens += [token for char in part for token in table.get(char, ["<unk>"])]
            else:
                tokens.append("<unk>")
        return tokens

    def _table(self) -> dict[str, list[str]]:
        if self._segments is None:
            own = getattr(self._opened.tokenizer, "seg_dict", None)
            known = {token: token for token in self._opened.tokenizer.token_list}
            self._segments = {word: tokens.split() for word, tokens in (own or known).items()}
        return self._segments

    def _read(self, heard: Any, hotwords: list[list[int]]) -> list[Spoken]:
        """`heard` (1, t, d) is what the encoder made of one stretch, without padding."""
        torch = library("torch")

        frames = torch.tensor([heard.shape[1]], device=self._device)
        near = heard.to(self._predictor_device)
        near_frames = frames.to(self._predictor_device)
        embedded, count, alphas, peaks = self._model.calc_predictor(near, near_frames)[:4]
        count = count.round().long()
        if int(count.max()) < 1:
            return []
        scores = (
            self._decode(heard, frames, embedded.to(self._device), count.to(self._device), hotwords)[
                0, : int(count[0])
            ]
            .float()
            .cpu()
        )
        best = scores.max(dim=-1)
        tokens, logs = self._tokens(best.indices.tolist(), best.values.tolist())
        if not tokens:
            return []
        times = self._times(near, near_frames, count, alphas, peaks, tokens)
        return spoken_of(tokens, logs, times, heard.shape[1] * self._frame_s)

    @property
    def _frame_s(self) -> float:
        frontend = self._opened.frontend
        return frontend.frame_shift * frontend.lfr_n / 1000

    def _decode(self, heard: Any, frames: Any, embedded: Any, count: Any, hotwords: list[list[int]]) -> Any:
        if self.takes_hotwords:
            return self._model._seaco_decode_with_ASF(
                heard, frames, embedded, count, hw_list=[list(word) for word in hotwords] or None
            )
        return self._model.cal_decoder_with_predictor(heard, frames, embedded, count)[0]

    def _tokens(self, ids: list[int], logs: list[float]) -> tuple[list[str], list[float]]:
        model = self._model
        kept = [
            (number, log)
            for number, log in zip(ids, logs, strict=True)
            if number not in (model.eos, model.sos, model.blank_id)
        ]
        tokens = self._opened.tokenizer.ids2tokens([number for number, _ in kept])
        return list(tokens), [log for _, log in kept]

    def _times(
        self, heard: Any, frames: Any, count: Any, alphas: Any, peaks: Any, tokens: list[str]
    ) -> list[tuple[int, int]]:
        """Milliseconds of each token, as FunASR reads them off; fewer than tokens where it cannot."""
        ts_prediction_lfr6_standard = library("funasr.utils.timestamp_tools").ts_prediction_lfr6_standard

        upsampled = 1
        if hasattr(self._model.predictor, "get_upsample_timestamp"):
            _, _, alphas, peaks = self._model.calc_predictor_timestamp(heard, frames, count)
            upsampled = 3
        with_margin = alphas[0].clone().cpu(), peaks[0].clone().cpu()
        try:
            _, times = ts_prediction_lfr6_standard(*with_margin, list(tokens), upsample_rate=upsampled)
        except IndexError:
            # It looks for a border behind the last token, which is not always there.
            return []
        return [(int(start), int(end)) for start, end in times]
