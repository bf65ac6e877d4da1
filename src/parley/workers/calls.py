"""Brings each kind of request to the method of its role."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
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
    VadEngine,
)
from parley.errors import EngineFailed
from parley.speech.recognition import Recognition
from parley.wire import frames
from parley.workers.clips import read_clip

PROGRESS_INTERVAL_S = 0.1
"""An engine may report as often as it likes; the parent hears of it ten times a second."""


def answer(engine: Engine, call: frames.Call, progress: Progress) -> frames.Reply:
    """Let the engine do what is asked; raises what the engine raises, or EngineFailed."""
    match request := call.request:
        case frames.DecodeMedia() | frames.CompactMedia():
            return _media(engine, request, progress)
        case frames.FindSpeech():
            return _find_speech(cast("VadEngine", engine), request, progress)
        case frames.Recognise():
            return _recognise(cast("AsrEngine", engine), request, progress, call.engine)
        case frames.Align():
            return _align(cast("AlignEngine", engine), request)
        case frames.Punctuate():
            return _punctuate(cast("PunctuationEngine", engine), request, call.engine)
        case frames.EmbedVoices():
            return _embed(cast("SpeakersEngine", engine), request, progress)
        case frames.ClusterVoices():
            return _cluster(cast("SpeakersEngine", engine), request)
        case frames.OpenStream() | frames.FeedStream() | frames.CloseStream():
            raise EngineFailed("Streams are not answered here.")  # see streams.py


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


def _recognise(
    engine: AsrEngine, request: frames.Recognise, progress: Progress, name: str
) -> frames.Recognised:
    """All stretches at once where the engine can do that, else one after another."""
    if hasattr(engine, "recognise_batch"):
        return _recognise_batch(cast("BatchingAsrEngine", engine), request, progress, name)
    return _recognise_each(engine, request, progress)


def _recognise_batch(
    engine: BatchingAsrEngine, request: frames.Recognise, progress: Progress, name: str
) -> frames.Recognised:
    stretches = [
        Stretch(samples=read_clip(reference.clip), islands=reference.islands)
        for reference in request.stretches
    ]
    recognitions = tuple(engine.recognise_batch(stretches, request.options, thinned(progress)))
    if len(recognitions) != len(stretches):
        # One too few would give every later stretch somebody else's words.
        raise EngineFailed(
            f"The engine '{name}' answered {len(recognitions)} stretches for {len(stretches)}; it is broken."
        )
    progress(sum(reference.clip.duration for reference in request.stretches))
    return frames.Recognised(recognitions=recognitions)


def _recognise_each(engine: AsrEngine, request: frames.Recognise, progress: Progress) -> frames.Recognised:
    """What is done counts through all of them."""
    recognitions: list[Recognition] = []
    before_s = 0.0
    for reference in request.stretches:
        stretch = Stretch(samples=read_clip(reference.clip), islands=reference.islands)
        inside = thinned(_counting_from(before_s, progress))
        recognitions.append(engine.recognise(stretch, request.options, inside))
        before_s += reference.clip.duration
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
