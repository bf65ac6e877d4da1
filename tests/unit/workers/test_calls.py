"""What an engine answers is checked before it is believed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from parley.engines.contract import Progress, Samples, Stretch
from parley.engines.turn.silence import Silence
from parley.errors import EngineFailed, InvalidOption
from parley.speech.media import Clip
from parley.speech.recognition import Piece, Recognition, RecognitionOptions
from parley.speech.span import Span
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


def live(*seconds: float) -> frames.RecogniseLive:
    return frames.RecogniseLive(
        stretches=tuple(frames.LiveStretch(pcm=pcm_of(each), islands=(Span(0.0, each),)) for each in seconds),
        options=RecognitionOptions(language="en"),
    )


def pcm_of(seconds: float) -> bytes:
    return np.full(round(16000 * seconds), -16384, dtype="<i2").tobytes()


def asked(engine: Any, request: frames.Request, reports: list[float] | None = None) -> frames.Reply:
    tell = reports.append if reports is not None else lambda _: None
    return answer(engine, frames.Call(call_id=1, engine="some", request=request), tell)


class OneByOne:
    """A recogniser that remembers what it was given."""

    def __init__(self) -> None:
        self.given: list[Stretch] = []
        self.options: list[RecognitionOptions] = []

    def recognise(self, stretch: Stretch, options: RecognitionOptions, progress: Progress) -> Recognition:
        self.given.append(stretch)
        self.options.append(options)
        progress(len(stretch.samples) / 16000)
        return Recognition(pieces=(Piece(start=0.0, end=1.0, text=str(len(stretch.samples))),))


def test_live_stretches_come_with_the_call() -> None:
    engine, reports = OneByOne(), list[float]()
    reply = asked(engine, live(1.0, 0.5), reports)
    assert isinstance(reply, frames.Recognised)
    assert [each.pieces[0].text for each in reply.recognitions] == ["16000", "8000"]
    assert [stretch.islands for stretch in engine.given] == [(Span(0.0, 1.0),), (Span(0.0, 0.5),)]
    first = engine.given[0].samples
    assert first.dtype == np.float32 and first.tolist() == [-0.5] * 16000
    assert [options.language for options in engine.options] == ["en", "en"]
    # What is done counts through all of them, and never goes back.
    assert reports == sorted(reports) and reports[-1] == 1.5


def test_live_stretches_are_heard_at_once_where_the_engine_can() -> None:
    reply = asked(Batches(2), live(1.0, 0.5))
    assert isinstance(reply, frames.Recognised)
    assert reply.recognitions[1].pieces[0].text == "8000 of [16000, 8000]"
    with pytest.raises(EngineFailed, match="'some' answered 1 stretches for 2"):
        asked(Batches(1), live(1.0, 0.5))


def test_nothing_is_asked_and_nothing_answered() -> None:
    assert asked(OneByOne(), live()) == frames.Recognised(recognitions=())
    assert asked(Batches(0), live()) == frames.Recognised(recognitions=())


def test_half_a_sample_in_live_speech_is_refused_before_anything_is_heard() -> None:
    class Deaf(Batches):
        def recognise_batch(
            self, stretches: Sequence[Stretch], options: RecognitionOptions, progress: Progress
        ) -> Sequence[Recognition]:
            raise AssertionError("it hears half a sample")

    stretch = frames.LiveStretch(pcm=b"abc", islands=())
    request = frames.RecogniseLive(stretches=(stretch,), options=RecognitionOptions())
    with pytest.raises(InvalidOption, match="whole samples"):
        asked(Deaf(1), request)


class Judge:
    """A turn engine that says this."""

    context_s = 1.0

    def __init__(self, patience: Any) -> None:
        self._patience = patience
        self.heard: list[tuple[int, float, str | None]] = []

    def patience(self, samples: Samples, wanted_s: float, language: str | None) -> float:
        self.heard.append((len(samples), wanted_s, language))
        return self._patience


def pause(pcm: bytes = b"", wanted_s: float = 0.7) -> frames.JudgePause:
    return frames.JudgePause(pcm=pcm, wanted_s=wanted_s, language="en")


def test_a_pause_is_judged_by_what_was_said_and_wanted() -> None:
    judge = Judge(np.float32(0.5))
    assert asked(judge, pause(pcm_of(0.1))) == frames.PauseJudged(silence_s=0.5)
    assert judge.heard == [(1600, 0.7, "en")]
    assert asked(Silence(), pause(wanted_s=1.25)) == frames.PauseJudged(silence_s=1.25)


@pytest.mark.parametrize("patience", [float("nan"), float("inf"), -0.1])
def test_a_patience_that_makes_no_sense_is_the_engine_s_failure(patience: float) -> None:
    with pytest.raises(EngineFailed, match="'some' answered a patience"):
        asked(Judge(patience), pause())


def test_streams_are_answered_elsewhere() -> None:
    with pytest.raises(EngineFailed):
        asked(OneByOne(), frames.CloseStream(stream="a"))
