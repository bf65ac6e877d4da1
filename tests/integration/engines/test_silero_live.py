"""Live islands of the embedded detector: the same however the audio comes, and those of recordings."""

from __future__ import annotations

import functools
import tracemalloc
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley.engines.vad.silero import FRAME, Silero, SileroStream
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.recognition import RecognitionOptions
from parley.speech.span import Span

Told = tuple[list[Span], list[float]]


@functools.cache
def engine() -> Silero:
    return Silero()


@functools.cache
def speech(folder: Path) -> np.ndarray:
    """Fourteen seconds of people talking, with pauses."""
    samples, rate = soundfile.read(
        str(folder / "joined" / "en_2spk.flac"), dtype="float32", frames=14 * 16000
    )
    assert rate == SAMPLE_RATE_HZ
    return samples


def hear(stream: SileroStream, parts: list[np.ndarray]) -> Told:
    """All islands, and the starts that were told while they were open."""
    islands: list[Span] = []
    opened: list[float] = []
    for index, part in enumerate(parts):
        heard = stream.feed(part, is_last=index == len(parts) - 1)
        islands += heard.islands
        if heard.open_since is not None and heard.open_since not in opened:
            opened.append(heard.open_since)
    return islands, opened


def cut(samples: np.ndarray, at: list[int]) -> list[np.ndarray]:
    edges = [0, *sorted(at), len(samples)]
    return [samples[first:last] for first, last in pairwise(edges)]


def fresh() -> SileroStream:
    return engine().open_stream(RecognitionOptions())


@given(st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_islands_are_the_same_to_the_last_bit_however_the_audio_is_cut(
    audio: Path, data: st.DataObject
) -> None:
    length = data.draw(st.integers(0, 14 * SAMPLE_RATE_HZ), label="samples")
    samples = speech(audio)[:length]
    places = data.draw(st.lists(st.integers(0, length), max_size=30), label="cuts")
    whole, _ = hear(fresh(), [samples])
    islands, opened = hear(fresh(), cut(samples, places))
    assert islands == whole
    # Whatever was told as open came.
    assert set(opened) <= {island.start for island in whole}


@pytest.mark.parametrize("name", ["en_2spk", "zh_2spk"])
def test_live_islands_are_those_of_a_recording(audio: Path, name: str) -> None:
    samples, _ = soundfile.read(str(audio / "joined" / f"{name}.flac"), dtype="float32", frames=90 * 16000)
    expected = engine().find_speech(samples, lambda _: None)
    step = 1600
    parts = [samples[first : first + step] for first in range(0, len(samples), step)]
    islands, opened = hear(fresh(), parts)
    assert len(expected) > 10
    assert islands == expected
    assert opened == [island.start for island in islands]


def test_noise_is_never_told(audio: Path) -> None:
    for path in sorted((audio / "noise").glob("speechbrain_noise*.wav")):
        samples, rate = soundfile.read(str(path), dtype="float32")
        assert rate == SAMPLE_RATE_HZ
        parts = [samples[first : first + 800] for first in range(0, len(samples), 800)]
        assert hear(fresh(), parts) == ([], [])


def test_speech_is_told_soon_after_it_begins(audio: Path) -> None:
    stream = fresh()
    late: list[float] = []
    told: float | None = None
    for first in range(0, len(speech(audio)), FRAME):
        since = stream.feed(speech(audio)[first : first + FRAME], is_last=False).open_since
        if since is not None and since != told:
            late.append((first + FRAME) / SAMPLE_RATE_HZ - since)
        told = since
    assert late and sorted(late)[len(late) // 2] < 0.45


def test_a_stream_of_an_hour_keeps_less_than_two_frames() -> None:
    """The graph is left out: what is kept of the audio does not depend on what it says."""

    class Deaf:
        def run(self, _: object, graph: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
            assert graph["input"].shape == (1, 576)
            return np.array([0.9]), graph["h"], graph["c"]

    stream = SileroStream(Deaf())
    second = np.zeros(SAMPLE_RATE_HZ, dtype=np.float32)
    for minute in range(60):
        for _ in range(60):
            stream.feed(second, is_last=False)
        if minute == 5:
            tracemalloc.start()
            before = tracemalloc.get_traced_memory()[0]
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 20_000
