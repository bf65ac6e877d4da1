"""What an engine answers is checked before it is believed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from parley.engines.contract import Progress, Stretch
from parley.errors import EngineFailed
from parley.speech.media import Clip
from parley.speech.recognition import Piece, Recognition, RecognitionOptions
from parley.wire import frames
from parley.workers.calls import answer


class Careless:
    """Answers so many texts, whatever it was asked."""

    def __init__(self, count: int) -> None:
        self._count = count

    def punctuate(self, texts: Sequence[str], language: str | None) -> Sequence[str]:
        return ["Text."] * self._count


def punctuate(engine: Any) -> frames.Reply:
    request = frames.Punctuate(texts=("one", "two"), language=None)
    return answer(engine, frames.Call(call_id=1, engine="careless", request=request), lambda _: None)


def test_texts_come_back_one_for_one() -> None:
    assert punctuate(Careless(2)) == frames.Punctuated(texts=("Text.", "Text."))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_too_few_or_too_many_texts_are_the_engine_s_failure(count: int) -> None:
    with pytest.raises(EngineFailed, match=f"'careless' answered {count} texts for 2"):
        punctuate(Careless(count))


class Batches:
    """A recogniser of batches that answers so many recognitions."""

    def __init__(self, count: int) -> None:
        self._count = count

    def recognise(self, stretch: Stretch, options: RecognitionOptions, progress: Progress) -> Recognition:
        raise AssertionError("it is better asked for all at once")

    def recognise_batch(
        self, stretches: Sequence[Stretch], options: RecognitionOptions, progress: Progress
    ) -> Sequence[Recognition]:
        progress(0.5)
        lengths = [len(stretch.samples) for stretch in stretches]
        pieces = [(Piece(start=0.0, end=1.0, text=f"{length} of {lengths}"),) for length in lengths]
        return [Recognition(pieces=each) for each in (pieces * 2)[: self._count]]


def recognise(engine: Any, folder: Path, reports: list[float]) -> frames.Reply:
    (folder / "a.pcm").write_bytes(bytes(32000))
    clips = [Clip(path=str(folder / "a.pcm"), first=first, last=16000) for first in (0, 8000)]
    request = frames.Recognise(
        stretches=tuple(frames.StretchRef(clip=clip, islands=()) for clip in clips),
        options=RecognitionOptions(),
    )
    return answer(engine, frames.Call(call_id=1, engine="batches", request=request), reports.append)


def test_all_stretches_come_at_once_to_an_engine_of_batches(tmp_path: Path) -> None:
    reports: list[float] = []
    reply = recognise(Batches(2), tmp_path, reports)
    assert isinstance(reply, frames.Recognised)
    texts = [recognition.pieces[0].text for recognition in reply.recognitions]
    assert texts == ["16000 of [16000, 8000]", "8000 of [16000, 8000]"]
    assert reports == [0.5, 1.5]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_too_few_or_too_many_recognitions_are_the_engine_s_failure(count: int, tmp_path: Path) -> None:
    with pytest.raises(EngineFailed, match=f"'batches' answered {count} stretches for 2"):
        recognise(Batches(count), tmp_path, [])
