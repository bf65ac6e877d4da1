"""Streaming Paraformer through FunASR: live Mandarin, text about a second behind the sound.

Model card: https://modelscope.cn/models/iic/speech_paraformer-large_asr_nat-zh-cn-16k-common-vocab8404-online
It hears 0.6 s at a time with 0.3 s of what follows. Every stream has a cache of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from parley.engines.contract import Capability, EngineSpec, Progress, Role, Samples, Stretch
from parley.engines.funasr_models import (
    BACKEND,
    ENVIRONMENT,
    INSTALL,
    LEAST_SAMPLES,
    MODEL_LICENCE,
    REQUIRES,
    Opened,
    library,
    open_model,
    tensor,
    without_gradients,
)
from parley.engines.funasr_words import Spoken, pieces_of, spaced, spoken_of
from parley.engines.model import Hub, ModelSource, ModelSpec
from parley.engines.setup import Setup
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.recognition import Piece, Recognition, RecognitionOptions
from parley.speech.stream import StreamHeard

_REPO = "iic/speech_paraformer-large_asr_nat-zh-cn-16k-common-vocab8404-online"
_FILES = ("config.yaml", "configuration.json", "model.pt", "am.mvn", "tokens.json", "seg_dict")

MODEL = ModelSpec(
    name="paraformer-zh-streaming",
    sources=(
        ModelSource(hub=Hub.MODELSCOPE, repo=_REPO, revision="v2.0.4", files=_FILES),
        ModelSource(
            hub=Hub.HUGGINGFACE,
            repo="funasr/paraformer-zh-streaming",
            revision="fd2af606b37d7fb8b3b8a218c5be5b07b53ef6ba",
            files=_FILES,
        ),
    ),
    needs=("config.yaml", "model.pt", "am.mvn", "tokens.json"),
    size_mib=840,
    licence=MODEL_LICENCE,
)

SPEC = EngineSpec(
    name="funasr-paraformer-streaming",
    role=Role.ASR,
    factory="parley.engines.asr.funasr_paraformer_streaming:StreamingParaformer",
    revision="paraformer-streaming-funasr-1.4/1",
    summary="Streaming Paraformer through FunASR: live Mandarin.",
    licence=f"MIT; {MODEL_LICENCE}",
    requires=REQUIRES,
    environment=ENVIRONMENT,
    install=INSTALL,
    languages=frozenset({"zh"}),
    capabilities=frozenset[Capability](),
    max_stretch_s=30.0,
    models=(MODEL,),
    backend=BACKEND,
    devices=("cuda", "cpu"),
    memory_mib=1500,
    public_names=("paraformer-zh-streaming", _REPO),
    streams=True,
)

CHUNK_SIZE = (0, 10, 5)
"""Frames of 60 ms: before, of the chunk itself, and after it."""

CHUNK = CHUNK_SIZE[1] * 960
"""Samples of a chunk."""

CHUNK_S = CHUNK / SAMPLE_RATE_HZ
AHEAD_S = CHUNK_SIZE[2] * 960 / SAMPLE_RATE_HZ

LOOK_BACK = {"encoder_chunk_look_back": 4, "decoder_chunk_look_back": 1}
"""As the model was published: chunks that each layer remembers."""

PAUSE_CHUNKS = 2
"""After so many chunks without a word, what was said does not change any more."""

LONGEST_S = 30.0
"""What is said without a pause becomes final after so long, which bounds what a stream keeps."""

MOST_FRAMES = 1000
"""A minute of 60 ms frames. FunASR numbers the frames of a stream and computes the code of every number up to
the last one for each chunk: without an end to that, an hour would take hundreds of megabytes. Numbers begin
anew where nothing is open."""

_LEAST_LAST = 960
"""FunASR hears a last chunk of fewer samples out of what it kept, without new features."""


class StreamingParaformer:
    """Turns live Mandarin into text."""

    def __init__(self, setup: Setup) -> None:
        self._opened = open_model(MODEL.name, setup)

    def recognise(self, stretch: Stretch, options: RecognitionOptions, progress: Progress) -> Recognition:
        """The text of a recording, as a live input would be heard."""
        if len(stretch.samples) < LEAST_SAMPLES:
            return Recognition(pieces=(), language="zh")
        stream = ParaformerStream(self._opened)
        spoken = stream.listen(stretch.samples, is_last=True)
        progress(len(stretch.samples) / SAMPLE_RATE_HZ)
        return Recognition(pieces=pieces_of(spoken, stretch, with_words=False), language="zh")

    def open_stream(self, options: RecognitionOptions) -> ParaformerStream:
        """A stream whose text is final after a pause of 1.2 s."""
        return ParaformerStream(self._opened)


class ParaformerStream:
    """One live input."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._device = opened.settings["device"]
        self._cache: dict[str, Any] = _on(
            opened.model.init_cache({}, **{**opened.settings, "chunk_size": list(CHUNK_SIZE), **LOOK_BACK}),
            self._device,
        )
        self._waiting = np.zeros(0, dtype=np.float32)
        self._chunks = 0
        self._heard = 0
        self._taken = 0
        self._tokens: list[tuple[str, int]] = []
        self._said = ""

    def feed(self, samples: Samples, *, is_last: bool) -> StreamHeard:
        """Text so far, and what is final because a pause came behind it."""
        finals: list[Piece] = []
        chunks = self._cut(samples, is_last=is_last)
        for chunk, last in chunks:
            self._take(chunk, is_last=last)
            if self._is_settled():
                finals += self._settle()
            self._number_anew()
        if is_last:
            finals += self._settle()
        if chunks or is_last:
            self._said = "".join(spaced(self._spoken()))
        return StreamHeard(partial=self._said, finals=tuple(finals))

    def listen(self, samples: Samples, *, is_last: bool) -> list[Spoken]:
        """All words, in seconds from the first sample; each has the time of its chunk."""
        for chunk, last in self._cut(samples, is_last=is_last):
            self._take(chunk, is_last=last)
        return self._spoken()

    def _cut(self, samples: Samples, *, is_last: bool) -> Sequence[tuple[Samples, bool]]:
        """Whole chunks; something is kept back for the last one, which must not be empty."""
        self._waiting = np.concatenate([self._waiting, samples])
        self._heard += len(samples)
        chunks: list[tuple[Samples, bool]] = []
        while len(self._waiting) > CHUNK:
            chunks.append((self._waiting[:CHUNK], False))
            self._waiting = self._waiting[CHUNK:]
        if is_last and self._heard >= LEAST_SAMPLES:
            chunks.append((self._waiting, True))
            self._waiting = self._waiting[:0].copy()
        return chunks

    def _take(self, chunk: Samples, *, is_last: bool) -> None:
        self._taken += len(chunk)
        with without_gradients():
            speech, lengths = self._features(chunk, is_last=is_last)
            if not int(speech.numel()):
                return
            found = self._opened.model.generate_chunk(
                speech,
                lengths,
                **{**self._opened.settings, "key": ["0"], "cache": self._cache, "is_final": is_last},
            )
        # The predictor speaks of a chunk when it has heard what follows.
        self._tokens += [(str(token), self._chunks) for token in found]
        self._chunks += 1

    def _features(self, chunk: Samples, *, is_last: bool) -> tuple[Any, Any]:
        torch = library("torch")
        extract_fbank = library("funasr.utils.load_utils").extract_fbank

        if is_last and len(chunk) < _LEAST_LAST:
            self._cache["encoder"]["tail_chunk"] = True
            kept = self._cache["encoder"]["feats"]
            return kept, torch.tensor([kept.shape[1]], dtype=torch.int64)
        return extract_fbank(
            [tensor(chunk)],
            frontend=self._opened.frontend,
            cache=self._cache["frontend"],
            is_final=is_last,
        )

    def _number_anew(self) -> None:
        encoder = self._cache["encoder"]
        if not self._tokens and encoder["start_idx"] >= MOST_FRAMES:
            encoder["start_idx"] = 0

    def _is_settled(self) -> bool:
        if not self._tokens:
            return False
        first, last = self._tokens[0][1], self._tokens[-1][1]
        open_word = self._tokens[-1][0].endswith("@@")
        quiet = self._chunks - 1 - last >= PAUSE_CHUNKS
        return quiet or (not open_word and (self._chunks - first) * CHUNK_S >= LONGEST_S)

    def _settle(self) -> list[Piece]:
        spoken, self._tokens = self._spoken(), []
        if not spoken:
            return []
        text = "".join(spaced(spoken))
        return [Piece(start=spoken[0].start, end=spoken[-1].end, text=text)]

    def _spoken(self) -> list[Spoken]:
        """Tokens of a chunk share its time evenly."""
        tokens = [token for token, _ in self._tokens]
        times: list[tuple[int, int]] = []
        for place, (_, chunk) in enumerate(self._tokens):
            first = next(at for at, (_, other) in enumerate(self._tokens) if other == chunk)
            count = sum(other == chunk for _, other in self._tokens)
            times.append(self._time(chunk, place - first, count))
        return spoken_of(tokens, None, times, self._taken / SAMPLE_RATE_HZ)

    def _time(self, chunk: int, index: int, count: int) -> tuple[int, int]:
        """The words of a chunk lie half a chunk before it: FunASR hears what follows first."""
        # Not all that was heard, which may wait: when a piece is told must not change its times.
        most = 1000 * self._taken / SAMPLE_RATE_HZ
        begin = max(0.0, 1000 * (CHUNK_S * chunk - AHEAD_S))
        # The last chunk has everything that is left.
        end = min(begin + 1000 * CHUNK_S, most) if chunk < self._chunks - 1 else most
        step = max(0.0, end - begin) / count
        return round(min(begin + step * index, most)), round(min(begin + step * (index + 1), most))


def _on(value: Any, device: str) -> Any:
    """Everything in a cache, on the device of the model."""
    torch = library("torch")

    if isinstance(value, torch.Tensor):
        return value.to(device)
    return {key: _on(item, device) for key, item in value.items()} if isinstance(value, dict) else value
