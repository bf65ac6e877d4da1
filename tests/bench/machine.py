"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
from datetime import date
from importlib.metadata import version
from pathlib import Path


def processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def heading() -> str:
    packages = ("parley", "onnxruntime", "moonshine-voice", "faster-whisper", "av", "numpy")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return f"""## Against the bars

Measured {date.today()} with `make bench` on {os.cpu_count()} cores ({processor()}), {platform.system()},
Python {platform.python_version()}: {versions}.
No GPU. Recordings: LibriSpeech test-other, AISHELL, AMI excerpts and joinings of single recordings (not
conversations) in the folder that `PARLEY_TEST_AUDIO` names. Everything is the embedded profile with its default
settings and the number of speakers not given. The thresholds and the mean voice were chosen with these recordings
at hand (ADR 007, ADR 008): expect other recordings to come out somewhat worse.
"""
