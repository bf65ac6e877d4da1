"""Memory, disk and the heartbeat."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from parley.engines.media import pyav, tracks
from parley.engines.media.pyav import Pulse, PyavEngine
from parley.engines.media.recording import Recording
from parley.errors import DiskFull, StorageError
from parley.speech.media import DecodeOptions
from tests.integration.media.conftest import samples_of
from tests.integration.media.makers import FORMATS, make, make_long, speechlike, wav

CHILD = """
import sys
from pathlib import Path
from parley.engines.media.pyav import PyavEngine
from parley.speech.media import DecodeOptions
options = DecodeOptions(channel=sys.argv[3])
PyavEngine().decode(Path(sys.argv[1]), Path(sys.argv[2]), options, lambda seconds: None)
print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""
"""Not ru_maxrss: that one outlives exec, so it would tell of the tests' own process."""


def peak_kib(source: Path, folder: Path, channel: str) -> int:
    command = [sys.executable, "-c", CHILD, str(source), str(folder), channel]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.parametrize(
    ("name", "channel"),
    [
        ("wav", "mix"),
        ("flac", "split"),
        pytest.param("mp3", "split", marks=pytest.mark.slow),
        pytest.param("webm", "mix", marks=pytest.mark.slow),
        pytest.param("m4a", "mix", marks=pytest.mark.slow),
    ],
)
def test_memory_does_not_grow_with_length(name: str, channel: str, tmp_path: Path) -> None:
    # The cheapest rate to encode; the engine resamples all the same, except for Opus.
    making = FORMATS[name] if name == "webm" else replace(FORMATS[name], rate=24_000)
    peaks: list[int] = []
    for minutes in (2, 20):
        source = make_long(tmp_path / f"{minutes}.{name}", making, minutes)
        peaks.append(peak_kib(source, tmp_path, channel))
        source.unlink()
    print(name, "peak KiB after 2 and 20 minutes:", peaks)
    assert peaks[1] <= peaks[0] * 1.10


def test_a_full_disk_leaves_nothing(mount: Callable[[str], Path], tmp_path: Path) -> None:
    folder = mount("size=256k")
    source = make(tmp_path / "long.wav", FORMATS["wav"], 30.0)
    for channel in ("mix", "split"):
        with pytest.raises(DiskFull, match="No space"):
            PyavEngine().decode(source, folder, DecodeOptions(channel=channel), lambda seconds: None)
        assert list(folder.iterdir()) == []
    media = PyavEngine().decode(source, folder, DecodeOptions(end=5.0), lambda seconds: None)
    assert media.duration == 5.0


LIMITED = """
import resource, sys
from pathlib import Path
from parley.engines.media.pyav import PyavEngine
from parley.errors import DiskFull
from parley.speech.media import DecodeOptions
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    PyavEngine().decode(Path(sys.argv[1]), Path(sys.argv[2]), DecodeOptions(), lambda seconds: None)
except DiskFull as error:
    print(error.message)
"""


def test_a_limit_on_file_size_counts_as_full(tmp_path: Path) -> None:
    source = make(tmp_path / "long.wav", FORMATS["wav"], 10.0)
    (tmp_path / "pcm").mkdir()
    command = [sys.executable, "-c", LIMITED, str(source), str(tmp_path / "pcm")]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "No space is left" in said
    assert list((tmp_path / "pcm").iterdir()) == []


@pytest.mark.parametrize(
    ("function", "code", "expected"),
    [
        ("write", errno.ENOSPC, DiskFull),
        ("write", errno.EDQUOT, DiskFull),
        ("write", errno.EIO, StorageError),
        ("fsync", errno.ENOSPC, DiskFull),
        ("fsync", errno.EIO, StorageError),
    ],
)
def test_whatever_fails_while_writing(
    function: str, code: int, expected: type[StorageError], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "source.wav").write_bytes(wav(np.zeros((64_000, 2), np.int16)))
    (tmp_path / "pcm").mkdir()

    def fail(*arguments: object) -> int:
        raise OSError(code, "as planned")

    monkeypatch.setattr(tracks.os, function, fail)
    with pytest.raises(expected) as raised:
        PyavEngine().decode(
            tmp_path / "source.wav", tmp_path / "pcm", DecodeOptions(channel="split"), lambda seconds: None
        )
    assert type(raised.value) is expected
    assert list((tmp_path / "pcm").iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "source.wav").write_bytes(wav(np.zeros((100, 1), np.int16)))
    with pytest.raises(StorageError):
        PyavEngine().decode(
            tmp_path / "source.wav", tmp_path / "missing", DecodeOptions(), lambda seconds: None
        )


def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = np.random.default_rng(2).integers(-9000, 9000, (40_000, 1), np.int16)
    (tmp_path / "source.wav").write_bytes(wav(samples))
    whole_write = os.write
    monkeypatch.setattr(tracks.os, "write", lambda fd, data: whole_write(fd, data[:1000]))
    media = PyavEngine().decode(tmp_path / "source.wav", tmp_path, DecodeOptions(), lambda seconds: None)
    assert np.array_equal(samples_of(media.tracks[0]), samples[:, 0])


def test_a_leftover_of_a_killed_worker_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "source.wav").write_bytes(wav(np.ones((1000, 1), np.int16)))
    (tmp_path / "mix.pcm.part").write_bytes(bytes(10_000))
    (tmp_path / "mix.pcm").write_bytes(bytes(10_000))
    media = PyavEngine().decode(tmp_path / "source.wav", tmp_path, DecodeOptions(), lambda seconds: None)
    assert samples_of(media.tracks[0]).tolist() == [1] * 1000
    assert not (tmp_path / "mix.pcm.part").exists()


def test_nothing_is_seen_under_its_name_before_it_is_whole(tmp_path: Path) -> None:
    source = make_long(tmp_path / "long.flac", FORMATS["flac"], 8)
    seen: list[bool] = []

    def look(seconds: float) -> None:
        seen.append((tmp_path / "mix.pcm").exists())

    PyavEngine().decode(source, tmp_path, DecodeOptions(), look)
    assert seen
    assert not any(seen)


def test_progress_comes_twice_a_second_and_rises(tmp_path: Path) -> None:
    source = make_long(tmp_path / "long.flac", FORMATS["flac"], 10)
    calls: list[tuple[float, float]] = []
    began = time.monotonic()
    PyavEngine().decode(
        source,
        tmp_path,
        DecodeOptions(start=590.0),
        lambda seconds: calls.append((time.monotonic(), seconds)),
    )
    times = [began, *(when for when, _ in calls)]
    done = [seconds for _, seconds in calls]
    assert max(later - earlier for earlier, later in pairwise(times)) < 0.6
    assert done == sorted(done)
    assert done[-1] == pytest.approx(600.0, abs=0.1)


def test_reading_without_sound_is_progress_but_not_for_ever(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(1000))
    heard: list[int] = []
    with Recording(tmp_path / "a", heard.append) as recording:
        for _ in range(4):
            recording.seek(0)
            assert len(recording.read(600)) == 600
        assert heard == [600, 1200, 1800, 2000]


def test_bytes_count_too_little_to_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyav, "_BEAT_S", 0.0)
    reports: list[float] = []
    pulse = Pulse(reports.append)
    for total_bytes in (32_768, 65_536, 10**9):
        pulse.read(total_bytes)
    pulse.seconds = 86_400.0
    pulse.read(10**9 + 32_768)
    pulse.read(10**9 + 65_536)
    assert reports == sorted(set(reports))
    assert reports[2] < 0.0011


def test_much_audio_is_flushed_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[int] = []
    sync = os.fsync
    monkeypatch.setattr(tracks, "_UNFLUSHED_BYTES", 100_000)
    monkeypatch.setattr(tracks.os, "fsync", lambda fd: (flushed.append(os.fstat(fd).st_size), sync(fd)))
    with tracks.Tracks(tmp_path, (None,)) as pcm:
        for _ in range(5):
            pcm.write(0, np.zeros(20_000, np.int16))
        assert flushed == [120_000]
        pcm.commit()
    assert flushed[1] == 200_000


def test_whoever_listens_may_stop_it(tmp_path: Path) -> None:
    source = make_long(tmp_path / "long.flac", FORMATS["flac"], 8)
    (tmp_path / "pcm").mkdir()

    class Enough(Exception): ...

    def stop(seconds: float) -> None:
        raise Enough

    with pytest.raises(Enough):
        PyavEngine().decode(source, tmp_path / "pcm", DecodeOptions(), stop)
    assert list((tmp_path / "pcm").iterdir()) == []


def count(kind: str) -> int:
    """Threads or descriptors of this process."""
    return sum(1 for _ in Path("/proc/self", kind).iterdir())


def test_one_thread_does_the_work(tmp_path: Path) -> None:
    source = make_long(tmp_path / "long.flac", FORMATS["flac"], 8)
    tasks: list[int] = []
    before = count("task")
    PyavEngine().decode(source, tmp_path, DecodeOptions(), lambda _: tasks.append(count("task")))
    assert max(tasks) <= before + 1


def test_no_descriptor_stays_open(tmp_path: Path) -> None:
    good = tmp_path / "good.wav"
    samples = (speechlike(0.2, 16_000, 1).T * 32767).astype(np.int16)
    good.write_bytes(wav(samples))
    (tmp_path / "bad.wav").write_bytes(b"RIFF....WAVE")
    PyavEngine().decode(good, tmp_path, DecodeOptions(), lambda seconds: None)
    before = count("fd")
    for _ in range(20):
        PyavEngine().decode(good, tmp_path, DecodeOptions(), lambda seconds: None)
        with pytest.raises(Exception, match="damaged"):
            PyavEngine().decode(tmp_path / "bad.wav", tmp_path, DecodeOptions(), lambda seconds: None)
    assert count("fd") <= before
