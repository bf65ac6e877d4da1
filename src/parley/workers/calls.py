"""Brings each kind of request to the method of its role."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from parley.engines.contract import (
    AlignEngine,
    AsrEngine,
    BatchingAsrEngine,
    CompactingEngine,
    Embeddings,
    Engine,
    MediaEngine,
    Progress,
    PunctuationEngine,
    SpeakersEngine,
    Stretch,
    TurnEngine,
    VadEngine,
)
from parley.errors import EngineFailed
from parley.speech.media import SAMPLE_BYTES, SAMPLE_RATE_HZ
from parley.speech.recognition import Recognition, RecognitionOptions
from parley.wire import frames
from parley.workers.clips import read_clip, read_pcm
from parley.workers.speaking import learn, speak

PROGRESS_INTERVAL_S = 0.1
"""An engine may report as often as it likes; the parent hears of it ten times a second."""


def answer(engine: Engine, call: frames.Call, progress: Progress) -> frames.Reply:
    """Let the engine do what is asked; raises what the engine raises, or EngineFailed."""
    match request := call.request:
        case frames.DecodeMedia() | frames.CompactMedia():
            return _media(engine, request, progress)
        case frames.FindSpeech():
            return _find_speech(cast("VadEngine", engine), request, progress)
        case frames.Recognise() | frames.RecogniseLive():
            return _recognise(cast("AsrEngine", engine), request, progress, call.engine)
        case frames.EmbedVoices() | frames.ClusterVoices():
            return _voices(cast("SpeakersEngine", engine), request, progress)
        case frames.Align() | frames.Punctuate() | frames.JudgePause():
            return _words(engine, request, call.engine)
        case frames.Speak() | frames.LearnVoice():
            return _speech(engine, request, progress, call.engine)
        case _:
            raise EngineFailed("Streams are not answered here.")  # see streams.py


def _voices(
    engine: SpeakersEngine, request: frames.EmbedVoices | frames.ClusterVoices, progress: Progress
) -> frames.Reply:
    if isinstance(request, frames.EmbedVoices):
        return _embed(engine, request, progress)
    return _cluster(engine, request)


def _speech(
    engine: Engine, request: frames.Speak | frames.LearnVoice, progress: Progress, name: str
) -> frames.Reply:
    if isinstance(request, frames.Speak):
        return speak(engine, request, thinned(progress), name)
    return learn(engine, request, name)


def _words(
    engine: Engine, request: frames.Align | frames.Punctuate | frames.JudgePause, name: str
) -> frames.Reply:
    if isinstance(request, frames.Align):
        return _align(cast("AlignEngine", engine), request)
    if isinstance(request, frames.Punctuate):
        return _punctuate(cast("PunctuationEngine", engine), request, name)
    return _judge(cast("TurnEngine", engine), request, name)


def thinned(report: Progress) -> Progress:
    """The same report, passed on at most every PROGRESS_INTERVAL_S."""
    last = -PROGRESS_INTERVAL_S

    def thin(done_s: float) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= PROGRESS_INTERVAL_S:
            last = now
            report(done_s)

    return thin


def _media(
    engine: Engine, request: frames.DecodeMedia | frames.CompactMedia, progress: Progress
) -> frames.Reply:
    if isinstance(request, frames.DecodeMedia):
        return _decode(cast("MediaEngine", engine), request, progress)
    return _compact(cast("CompactingEngine", engine), request, progress)


def _decode(engine: MediaEngine, request: frames.DecodeMedia, progress: Progress) -> frames.Decoded:
    source = Path(os.fsdecode(request.source))
    media = engine.decode(source, Path(request.folder), request.options, thinned(progress))
    return frames.Decoded(media=media)


def _compact(engine: CompactingEngine, request: frames.CompactMedia, progress: Progress) -> frames.Compacted:
    source, target = Path(os.fsdecode(request.source)), Path(request.target)
    copy = engine.compact(source, target, request.options, request.max_bytes, thinned(progress))
    return frames.Compacted(duration=copy.duration, size_bytes=copy.size_bytes)


def _find_speech(engine: VadEngine, request: frames.FindSpeech, progress: Progress) -> frames.SpeechFound:
    islands = engine.find_speech(read_clip(request.clip), thinned(progress))
    return frames.SpeechFound(islands=tuple(islands))


@dataclass(frozen=True, slots=True)
class _Referred:
    """A stretch in a file, read when its turn has come."""

    reference: frames.StretchRef

    @property
    def duration(self) -> float:
        return self.reference.clip.duration

    def read(self) -> Stretch:
        return Stretch(samples=read_clip(self.reference.clip), islands=self.reference.islands)


@dataclass(frozen=True, slots=True)
class _Carried:
    """A stretch that came with the call."""

    live: frames.LiveStretch

    @property
    def duration(self) -> float:
        return len(self.live.pcm) / SAMPLE_BYTES / SAMPLE_RATE_HZ

    def read(self) -> Stretch:
        return Stretch(samples=read_pcm(self.live.pcm), islands=self.live.islands)


_Given = Sequence[_Referred] | Sequence[_Carried]


def _recognise(
    engine: AsrEngine, request: frames.Recognise | frames.RecogniseLive, progress: Progress, name: str
) -> frames.Recognised:
    """All stretches at once where the engine can do that, else one after another."""
    given = _given(request)
    if hasattr(engine, "recognise_batch"):
        return _recognise_batch(cast("BatchingAsrEngine", engine), given, request.options, progress, name)
    return _recognise_each(engine, given, request.options, progress)


def _given(request: frames.Recognise | frames.RecogniseLive) -> _Given:
    if isinstance(request, frames.Recognise):
        return [_Referred(reference) for reference in request.stretches]
    return [_Carried(live) for live in request.stretches]


def _recognise_batch(
    engine: BatchingAsrEngine, given: _Given, options: RecognitionOptions, progress: Progress, name: str
) -> frames.Recognised:
    stretches = [each.read() for each in given]
    recognitions = tuple(engine.recognise_batch(stretches, options, thinned(progress)))
    if len(recognitions) != len(stretches):
        # One too few would give every later stretch somebody else's words.
        raise EngineFailed(
            f"The engine '{name}' answered {len(recognitions)} stretches for {len(stretches)}; it is broken."
        )
    progress(sum(each.duration for each in given))
    return frames.Recognised(recognitions=recognitions)


def _recognise_each(
    engine: AsrEngine, given: _Given, options: RecognitionOptions, progress: Progress
) -> frames.Recognised:
    """What is done counts through all of them."""
    recognitions: list[Recognition] = []
    before_s = 0.0
    for each in given:
        inside = thinned(_counting_from(before_s, progress))
        recognitions.append(engine.recognise(each.read(), options, inside))
        before_s += each.duration
        progress(before_s)
    return frames.Recognised(recognitions=tuple(recognitions))


def _counting_from(before_s: float, progress: Progress) -> Callable[[float], None]:
    return lambda done_s: progress(before_s + done_s)


def _align(engine: AlignEngine, request: frames.Align) -> frames.Aligned:
    words = engine.align(read_clip(request.clip), request.text, request.language)
    return frames.Aligned(words=tuple(words))


def _punctuate(engine: PunctuationEngine, request: frames.Punctuate, name: str) -> frames.Punctuated:
    texts = tuple(engine.punctuate(request.texts, request.language))
    if len(texts) != len(request.texts):
        # One too few would move every later text to somebody else's words.
        raise EngineFailed(
            f"The engine '{name}' answered {len(texts)} texts for {len(request.texts)}; it is broken."
        )
    return frames.Punctuated(texts=texts)


def _embed(engine: SpeakersEngine, request: frames.EmbedVoices, progress: Progress) -> frames.VoiceVectors:
    found = engine.embed(read_clip(request.clip), request.islands, thinned(progress))
    return frames.VoiceVectors(
        windows=found.windows.astype("<f8").tobytes(),
        vectors=found.vectors.astype("<f2").tobytes(),
        dimension=int(found.vectors.shape[1]),
    )


def _cluster(engine: SpeakersEngine, request: frames.ClusterVoices) -> frames.Clustered:
    """Windows of different batches share one origin already, so joining them is enough."""
    batches = [_unpack(batch) for batch in request.batches if batch.windows]
    if not batches:
        return frames.Clustered(turns=())
    joined = Embeddings(
        windows=np.concatenate([batch.windows for batch in batches]),
        vectors=np.concatenate([batch.vectors for batch in batches]),
    )
    return frames.Clustered(turns=tuple(engine.cluster(joined, request.count)))


def _unpack(batch: frames.VoiceVectors) -> Embeddings:
    windows = np.frombuffer(batch.windows, dtype="<f8").reshape(-1, 2)
    vectors = np.frombuffer(batch.vectors, dtype="<f2").reshape(-1, batch.dimension)
    return Embeddings(windows=windows.astype(np.float64), vectors=vectors.astype(np.float32))


def _judge(engine: TurnEngine, request: frames.JudgePause, name: str) -> frames.PauseJudged:
    patience = float(engine.patience(read_pcm(request.pcm), request.wanted_s, request.language))
    if not (math.isfinite(patience) and patience >= 0):
        # A turn that never ends, or ended before it began.
        raise EngineFailed(f"The engine '{name}' answered a patience of {patience}; it is broken.")
    return frames.PauseJudged(silence_s=patience)
