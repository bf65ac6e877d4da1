"""The public functions and the examples."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

import parley
from tests.e2e.command import Parley, wait_until, workers_of

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(autouse=True)
def own_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PARLEY_DATA_DIR", str(tmp_path / "data"))


@pytest.mark.parametrize("example", ["stream_segments.py", "transcribe_file.py"])
def test_the_examples_run(example: str, parley: Parley, audio: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / example), str(audio / "whisper/jfk.wav")],
        capture_output=True, text=True, env=parley.environment(), check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "what you can do for your country." in done.stdout
    assert "Speaker1" in done.stdout


def test_live_speech_in_this_process(parley: Parley, audio: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "live_file.py"), str(audio / "whisper/jfk.wav")],
        capture_output=True, text=True, env=parley.environment(), check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "what you can do for your country." in done.stdout


async def leave_after_one_event(chunks: list[bytes]) -> parley.LiveEvent:
    heard = parley.transcribe_live(chunks)
    event = await anext(heard)
    await heard.aclose()
    return event


def test_leaving_live_speech_leaves_no_worker(audio: Path) -> None:
    pcm = (audio / "whisper/jfk.wav").read_bytes()[44:]
    asyncio.run(leave_after_one_event([pcm[first : first + 3200] for first in range(0, len(pcm), 3200)]))
    wait_until(lambda: not workers_of(os.getpid()), 60)


def test_transcribe_gives_a_transcript(audio: Path) -> None:
    transcript = parley.transcribe(audio / "whisper/jfk.wav", speakers=1, start=0.5)
    assert transcript.speakers == ("Speaker1",)
    assert transcript.segments[0].start >= 0.5
    assert "country" in transcript.text


def test_errors_are_of_one_family(tmp_path: Path) -> None:
    with pytest.raises(parley.ParleyError) as caught:
        parley.transcribe(tmp_path / "nowhere.wav")
    assert caught.value.code == "file_not_found"
    assert str(tmp_path) not in caught.value.message


def test_a_stream_gives_segments_first_and_the_transcript_afterwards(audio: Path) -> None:
    async def listen() -> tuple[list[parley.Segment], parley.Transcript | None]:
        transcription = parley.stream(audio / "joined/en_2spk.flac", speakers=(1, 3), workers=1)
        return [segment async for segment in transcription], transcription.transcript

    heard, transcript = asyncio.run(listen())
    assert transcript is not None
    assert len(heard) > 5
    assert all(segment.speaker is None for segment in heard)
    assert set(transcript.speakers) == {"Speaker1", "Speaker2"}


async def close_after_one(path: Path) -> parley.Segment:
    iterator = aiter(parley.stream(path))
    segment = await anext(iterator)
    await iterator.aclose()  # type: ignore[attr-defined]
    return segment


async def break_after_one(path: Path) -> parley.Segment:
    heard: list[parley.Segment] = []
    async for segment in parley.stream(path):
        heard.append(segment)
        break
    return heard[0]


@pytest.mark.parametrize("leave", [close_after_one, break_after_one])
def test_leaving_a_stream_early_stops_the_work(
    audio: Path, leave: Callable[[Path], Coroutine[Any, Any, parley.Segment]]
) -> None:
    assert asyncio.run(leave(audio / "joined/en_long_10spk.flac")).text
    wait_until(lambda: not workers_of(os.getpid()), timeout=5)
