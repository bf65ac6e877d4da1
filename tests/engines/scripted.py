"""Engines that do what a text tells them: the ways in which real ones go wrong, on demand.

A command is a word and its arguments: "sleep 2", "abort", "once /tmp/marker exit 3".
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from parley.engines.contract import Embeddings, Progress, Samples, Stretch
from parley.errors import InvalidOption
from parley.speech.media import DecodedMedia, DecodeOptions, PcmTrack
from parley.speech.recognition import Piece, Recognition, RecognitionOptions, SpeakerCount
from parley.speech.span import Span, SpeakerTurn
from parley.speech.transcript import Word

_kept: list[bytearray] = []


def obey(command: str) -> str:
    """Do one command and say what was done; an unknown one is echoed."""
    word, _, rest = command.partition(" ")
    return _COMMANDS[word](rest) if word in _COMMANDS else command


def _sleep(seconds: str) -> str:
    time.sleep(float(seconds))
    return f"slept {seconds}"


def _seize(seconds: str) -> str:
    """Sleep in native code without releasing the interpreter lock."""
    end = time.monotonic() + float(seconds)
    native = ctypes.PyDLL(None)
    while (left := end - time.monotonic()) > 0:
        native.usleep(ctypes.c_uint(int(min(left, 0.9) * 1e6)))
        if left > 1.0:
            native.sleep(ctypes.c_uint(int(left)))
    return f"seized {seconds}"


def _fail(kind: str) -> str:
    raise {
        "value": ValueError("scripted"),
        "memory": MemoryError(),
        "cuda": RuntimeError("CUDA failed with error out of memory"),
        "exit": SystemExit(3),
        "option": InvalidOption("That means nothing."),
        "import": ModuleNotFoundError("no", name="nowhere"),
        "disk": OSError(28, "No space left on device"),
    }[kind]


def _keep(mebibytes: str) -> str:
    _kept.append(bytearray(b"\1") * (int(mebibytes) << 20))
    return "kept"


def _shout(_: str) -> str:
    print("shout" * 5000)
    os.write(1, b"\x00\xff native noise \n")
    subprocess.run([sys.executable, "-c", "print('child noise')"], check=True)
    return f"read {sys.stdin.read()!r}"


def _once(rest: str) -> str:
    """Obey the rest the first time, and say so the second time."""
    marker, _, command = rest.partition(" ")
    if Path(marker).exists():
        return "again"
    Path(marker).touch()
    return obey(command)


def _note(rest: str) -> str:
    """Add a word to the end of a file."""
    path, _, word = rest.partition(" ")
    with Path(path).open("a") as file:
        file.write(f"{word}\n")
    return word


def _fork(seconds: str) -> str:
    """Leave a process behind that holds every pipe open."""
    child = subprocess.Popen(["sleep", seconds], close_fds=False)
    return str(child.pid)


_COMMANDS = {
    "sleep": _sleep,
    "seize": _seize,
    "abort": lambda _: os.abort(),
    "exit": lambda code: os._exit(int(code)),
    "fail": _fail,
    "keep": _keep,
    "shout": _shout,
    "once": _once,
    "note": _note,
    "fork": _fork,
    "pid": lambda _: str(os.getpid()),
    "threads": lambda _: os.environ["OMP_NUM_THREADS"],
    "path": lambda _: os.environ.get("PYTHONPATH", "none"),
}


class Scripted:
    """Every role at once."""

    def decode(self, source: Path, folder: Path, options: DecodeOptions, progress: Progress) -> DecodedMedia:
        samples = np.frombuffer(source.read_bytes(), dtype="<i2")
        path = folder / "mix.pcm"
        path.write_bytes(samples.tobytes())
        progress(len(samples) / 16000)
        track = PcmTrack(path=str(path), samples=len(samples))
        return DecodedMedia(tracks=(track,), duration=track.duration)

    def find_speech(self, samples: Samples, progress: Progress) -> Sequence[Span]:
        loud = np.flatnonzero(np.abs(samples) > 0.1)
        return [Span(float(loud[0]) / 16000, float(loud[-1] + 1) / 16000)] if len(loud) else []

    def recognise(self, stretch: Stretch, options: RecognitionOptions, progress: Progress) -> Recognition:
        """Obey the prompt; "creep N S" reports N tenths of progress S seconds apart, "stall" the same one."""
        word, *numbers = (options.prompt or "loudness").split()
        seconds = len(stretch.samples) / 16000
        if word in {"creep", "stall"}:
            for step in range(int(numbers[0])):
                time.sleep(float(numbers[1]))
                progress(seconds * (step if word == "creep" else 0) / int(numbers[0]))
        text = f"{float(np.abs(stretch.samples).max(initial=0.0)):.3f}"
        return Recognition(pieces=(Piece(start=0.0, end=seconds, text=text),))

    def align(self, samples: Samples, text: str, language: str | None) -> Sequence[Word]:
        return [Word(text=word, start=float(at), end=at + 0.5) for at, word in enumerate(text.split())]

    def punctuate(self, texts: Sequence[str], language: str | None) -> Sequence[str]:
        return [obey(text) for text in texts]

    def embed(self, samples: Samples, islands: Sequence[Span], progress: Progress) -> Embeddings:
        windows = np.array([[island.start, island.end] for island in islands]).reshape(-1, 2)
        return Embeddings(windows=windows, vectors=np.full((len(islands), 4), 0.25, dtype=np.float32))

    def cluster(self, embeddings: Embeddings, count: SpeakerCount) -> Sequence[SpeakerTurn]:
        assert embeddings.vectors.dtype == np.float32
        assert len(embeddings.vectors) == len(embeddings.windows)
        return [SpeakerTurn(float(start), float(end), 0) for start, end in embeddings.windows]


def _once_marker() -> Path:
    return Path(os.environ["PARLEY_TEST_MARKER"])


def dies_while_loading() -> Scripted:
    os._exit(7)


def loads_once() -> Scripted:
    """The first worker that asks gets it; later ones die."""
    if _once_marker().exists():
        os._exit(8)
    _once_marker().touch()
    return Scripted()


def hangs_while_loading() -> Scripted:
    time.sleep(600)
    return Scripted()


def lacks_a_package() -> Scripted:
    import a_package_that_nobody_has  # noqa: F401  # pyright: ignore

    return Scripted()


def loads_when_told() -> Scripted:
    """As soon as the marker is there."""
    if not _once_marker().exists():
        raise ValueError("not yet")
    return Scripted()
