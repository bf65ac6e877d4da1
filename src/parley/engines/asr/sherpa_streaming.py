"""Streaming zipformer and Paraformer through sherpa-onnx: live speech, in Mandarin and English mixed.

Both hear the two languages at once, so that naming one of them asks for nothing they would not do.
A stream is the library's own `OnlineStream`, which holds all that changes; the recogniser is shared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from parley.engines import sherpa_models as models
from parley.engines.asr.sherpa_listening import Listening, ParaformerListening, ZipformerListening
from parley.engines.contract import Capability, EngineSpec, Progress, Role, Samples, Stretch
from parley.engines.model import ModelSpec
from parley.engines.setup import Setup
from parley.signal.hotwords import Phrasebook
from parley.signal.timed_text import pieces_of
from parley.signal.tokens import Token
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.recognition import Piece, Recognition, RecognitionOptions
from parley.speech.span import Span
from parley.speech.stream import StreamHeard

MOST_UTTERANCE_S = 20.0
PAUSE_S = 0.8
SILENCE_S = 2.4
"""An utterance ends after a pause, or when it has become too long; where nothing was said, after silence."""

STEP = 1600
"""Samples that the model is given at once, however many come: what is said, and the times of it, depend on
the audio alone."""

TAIL_S = 1.0
"""Silence that is given after the end, so that the model's look-ahead reaches it."""

HOTWORD_SCORE = 1.5
"""Added for each token of a hotword of weight 1; the library's own."""


def _spec(
    name: str,
    factory: str,
    model: ModelSpec,
    summary: str,
    capabilities: frozenset[Capability],
    memory_mib: int,
) -> EngineSpec:
    return EngineSpec(
        name=name,
        role=Role.ASR,
        factory=f"parley.engines.asr.sherpa_streaming:{factory}",
        revision=f"{model.name}/1",
        summary=summary,
        licence=model.licence,
        requires=models.REQUIRES,
        environment=models.ENVIRONMENT,
        install=models.INSTALL,
        languages=frozenset({"zh", "en"}),
        capabilities=capabilities | {Capability.WORDS, Capability.LANGUAGE},
        max_stretch_s=MOST_UTTERANCE_S,
        models=(model,),
        backend=models.BACKEND,
        devices=models.DEVICES,
        memory_mib=memory_mib,
        public_names=(name,),
        streams=True,
    )


SPECS = (
    _spec(
        "sherpa-zipformer",
        "make_zipformer",
        models.ZIPFORMER,
        "Streaming zipformer through sherpa-onnx: live Mandarin and English, with hotwords.",
        frozenset({Capability.HOTWORDS, Capability.HOTWORD_WEIGHTS}),
        500,
    ),
    _spec(
        "sherpa-paraformer-streaming",
        "make_paraformer",
        models.STREAMING_PARAFORMER,
        "Streaming Paraformer through sherpa-onnx: live Mandarin and English.",
        frozenset(),
        600,
    ),
)


class SherpaStream:
    """One live input."""

    def __init__(
        self,
        recognizer: Any,
        listening: Listening,
        options: RecognitionOptions,
        notices: tuple[str, ...] = (),
    ) -> None:
        self._recognizer = recognizer
        self._listening = listening
        self._options = options
        self._notices = notices
        self._waiting: Samples = np.zeros(0, dtype=np.float32)
        self._heard = 0
        self._told_s = 0.0

    def feed(self, samples: Samples, *, is_last: bool) -> StreamHeard:
        """Text so far, and the pieces of utterances that have ended."""
        notices, self._notices = self._notices, ()
        finals = [piece for step in self._steps(samples, is_last) for piece in self._hear(step)]
        if is_last:
            self._accept(np.zeros(int(TAIL_S * SAMPLE_RATE_HZ), dtype=np.float32))
            self._listening.stream.input_finished()
            finals = [*finals, *self._decode(), *self._settle()]
            return StreamHeard(finals=tuple(finals), notices=notices)
        partial = _text(self._listening.tokens())
        return StreamHeard(partial=partial, finals=tuple(finals), notices=notices)

    def _steps(self, samples: Samples, is_last: bool) -> Iterator[Samples]:
        """Whole steps; at the end what is left."""
        audio = np.concatenate([self._waiting, samples])
        whole = len(audio) - len(audio) % STEP
        self._waiting = audio[len(audio) if is_last else whole :].copy()
        for first in range(0, whole, STEP):
            yield audio[first : first + STEP]
        if is_last:
            yield audio[whole:]

    def _hear(self, step: Samples) -> list[Piece]:
        self._heard += len(step)
        self._accept(step)
        return self._decode()

    def _accept(self, samples: Samples) -> None:
        if len(samples):
            self._listening.stream.accept_waveform(SAMPLE_RATE_HZ, samples)

    def _decode(self) -> list[Piece]:
        finals: list[Piece] = []
        while self._recognizer.is_ready(self._listening.stream):
            self._listening.step()
            if self._recognizer.is_endpoint(self._listening.stream):
                finals += self._settle()
        return finals

    def _settle(self) -> list[Piece]:
        """The utterance ends: its pieces, none before what was told."""
        tokens = self._listening.tokens()
        end = self._heard / SAMPLE_RATE_HZ
        island = Span(min(self._told_s, end), end)
        pieces = list(pieces_of(tokens, [island], words=self._options.words)) if tokens else []
        if pieces:
            self._told_s = pieces[-1].end
        self._listening.begin_anew()
        return pieces


def _text(tokens: Sequence[Token]) -> str:
    return "".join(token.text for token in tokens).strip()


class SherpaStreaming:
    """A streaming recogniser, which takes whole stretches too."""

    def __init__(
        self,
        recognizer: Any,
        listening: type[ZipformerListening | ParaformerListening],
        book: Phrasebook | None,
    ) -> None:
        self._recognizer = recognizer
        self._listening = listening
        self._book = book

    def open_stream(self, options: RecognitionOptions) -> SherpaStream:
        """A stream of its own, with hotwords of its own; those that it cannot spell are left out."""
        return SherpaStream(self._recognizer, self._listen(options), options, self._notices(options))

    def recognise(self, stretch: Stretch, options: RecognitionOptions, progress: Progress) -> Recognition:
        """Pieces inside islands, from one utterance that is as long as the stretch."""
        if not stretch.islands:
            return Recognition(pieces=(), language=options.language)
        listening = self._listen(options)
        padded = np.pad(stretch.samples, (0, int(TAIL_S * SAMPLE_RATE_HZ)))
        listening.stream.accept_waveform(SAMPLE_RATE_HZ, padded)
        listening.stream.input_finished()
        while self._recognizer.is_ready(listening.stream):
            listening.step()
        progress(len(stretch.samples) / SAMPLE_RATE_HZ)
        pieces = pieces_of(listening.tokens(), stretch.islands, words=options.words)
        return Recognition(pieces=pieces, language=options.language, notices=self._notices(options))

    def _listen(self, options: RecognitionOptions) -> Listening:
        phrases = self._book.phrases(options.hotwords, HOTWORD_SCORE) if self._book else ""
        stream = self._recognizer.create_stream(phrases) if phrases else self._recognizer.create_stream()
        return self._listening(self._recognizer, stream)

    def _notices(self, options: RecognitionOptions) -> tuple[str, ...]:
        strange = self._book.strange(options.hotwords) if self._book else 0
        said = f"{strange} hotwords hold signs that the model does not know, and were left out."
        return (said,) if strange else ()


def _endpoints() -> dict[str, float | bool]:
    return {
        "enable_endpoint_detection": True,
        "rule1_min_trailing_silence": SILENCE_S,
        "rule2_min_trailing_silence": PAUSE_S,
        "rule3_min_utterance_length": MOST_UTTERANCE_S,
    }


def make_zipformer(setup: Setup) -> SherpaStreaming:
    """The engine `sherpa-zipformer`. Beam search, because only that favours hotwords."""
    sherpa_onnx = models.library()
    tokens = models.file_of(setup, models.ZIPFORMER, "tokens.txt")
    recognizer = sherpa_onnx.OnlineRecognizer.from_transducer(
        tokens=tokens,
        encoder=models.file_of(setup, models.ZIPFORMER, "encoder*.onnx"),
        decoder=models.file_of(setup, models.ZIPFORMER, "decoder*.onnx"),
        joiner=models.file_of(setup, models.ZIPFORMER, "joiner*.onnx"),
        decoding_method="modified_beam_search",
        modeling_unit="cjkchar+bpe",
        bpe_vocab=models.file_of(setup, models.ZIPFORMER, "bpe.vocab"),
        **_endpoints(),
        **models.compute(setup),
    )
    book = Phrasebook(Path(tokens).read_text("utf-8").splitlines())
    return SherpaStreaming(recognizer, ZipformerListening, book)


def make_paraformer(setup: Setup) -> SherpaStreaming:
    """The engine `sherpa-paraformer-streaming`."""
    sherpa_onnx = models.library()
    recognizer = sherpa_onnx.OnlineRecognizer.from_paraformer(
        tokens=models.file_of(setup, models.STREAMING_PARAFORMER, "tokens.txt"),
        encoder=models.file_of(setup, models.STREAMING_PARAFORMER, "encoder*.onnx"),
        decoder=models.file_of(setup, models.STREAMING_PARAFORMER, "decoder*.onnx"),
        **_endpoints(),
        **models.compute(setup),
    )
    return SherpaStreaming(recognizer, ParaformerListening, None)
