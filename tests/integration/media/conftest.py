"""A decoder with a folder of its own, which is clean again after every refusal."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from parley.engines.media.pyav import PyavEngine
from parley.errors import ParleyError
from parley.speech.media import DecodedMedia, DecodeOptions, PcmTrack

Decode = Callable[..., DecodedMedia]


def samples_of(track: PcmTrack) -> npt.NDArray[np.int16]:
    """The samples of a track, after a look at their number."""
    samples = np.fromfile(track.path, "<i2")
    assert len(samples) == track.samples
    return samples


@pytest.fixture
def decode(tmp_path: Path) -> Decode:
    """Decodes a path, or bytes, with options given by name."""

    def do(source: Path | bytes, **options: Any) -> DecodedMedia:
        folder = tmp_path / "pcm"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        if isinstance(source, bytes):
            (tmp_path / "given").write_bytes(source)
            source = tmp_path / "given"
        try:
            media = PyavEngine().decode(source, folder, DecodeOptions(**options), lambda seconds: None)
        except ParleyError as error:
            assert list(folder.iterdir()) == [], "a refused file leaves nothing behind"
            assert str(tmp_path) not in error.message
            assert "Errno" not in error.message
            raise
        assert sorted(map(str, folder.iterdir())) == sorted(track.path for track in media.tracks)
        return media

    return do


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mounts a tmpfs with options, where the system lets us."""
    folder = tmp_path / "mounted"
    folder.mkdir()

    def do(options: str) -> Path:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("needs the right to mount a tmpfs")
        return folder

    yield do
    subprocess.run(["umount", "-l", str(folder)], capture_output=True)
