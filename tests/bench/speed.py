"""Processor seconds and wall time by stage, against a bare whole-file call of the recogniser's own library."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import soundfile

from tests.bench import corpus

LONG, SHORT = "joined/en_long_10spk.flac", "joined/en_2spk.flac"

BARE = """
import sys, time, soundfile
from moonshine_voice.moonshine_api import ModelArch
from moonshine_voice.transcriber import Transcriber
from moonshine_voice.utils import get_model_path
samples, rate = soundfile.read(sys.argv[1], dtype="float32")
recogniser = Transcriber(str(get_model_path("tiny-en")), ModelArch.TINY)
wall, cpu = time.perf_counter(), time.process_time()
recogniser.transcribe_without_streaming(samples.tolist(), rate)
print(time.perf_counter() - wall, time.process_time() - cpu)
"""

PARENT = """
import re, sys
from parley.cli.main import main
sys.argv[0] = "parley"
try:
    main()
finally:
    peak = re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())
    print("peak", int(peak[1]) * 1024, file=sys.stderr)
"""
"""VmHWM is the parent's own peak; ru_maxrss would begin with that of whoever started it."""


@dataclass(frozen=True)
class Run:
    """One command: seconds of the whole process tree, the stages' costs, and the parent's peak memory."""

    wall_s: float
    cpu_s: float
    stages: dict[str, dict[str, float]]
    parent_peak_bytes: int
    audio_s: float

    def stage(self, name: str, kind: str = "cpu_s") -> float:
        """Seconds per audio second."""
        return self.stages.get(name, {}).get(kind, 0.0) / self.audio_s


def command(path: str, *options: str) -> Run:
    """`parley transcribe` with an empty cache."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["transcribe", str(corpus.ROOT / path), "--data-dir", folder, "--json-progress", *options]
        before, began = os.times(), time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", PARENT, *arguments], capture_output=True, text=True, check=True
        )
        wall, after = time.perf_counter() - began, os.times()
    lines = done.stderr.splitlines()
    last = next(json.loads(line) for line in reversed(lines) if '"type": "done"' in line)
    peak = next(int(line.split()[1]) for line in lines if line.startswith("peak "))
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Run(wall, cpu, last["stages"], peak, soundfile.info(corpus.ROOT / path).duration)


@cache
def bare() -> tuple[float, float]:
    """Wall and processor seconds per audio second of moonshine-voice on the whole file."""
    done = subprocess.run(
        [sys.executable, "-c", BARE, str(corpus.ROOT / LONG)], capture_output=True, text=True, check=True
    )
    wall, cpu = (float(value) for value in done.stdout.split()[-2:])
    seconds = soundfile.info(corpus.ROOT / LONG).duration
    return wall / seconds, cpu / seconds


def start_up(command: list[str]) -> float:
    """Wall seconds of a command."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def version_ratio(runs: int = 10) -> float:
    """`parley --version` against importing what it is allowed to cost.

    In turns, and the quickest of each: whatever else the machine does only makes them slower.
    """
    ours = [str(Path(sys.executable).with_name("parley")), "--version"]
    imports = [sys.executable, "-c", "import typer, pydantic"]
    pairs = [(start_up(ours), start_up(imports)) for _ in range(runs)]
    return min(pair[0] for pair in pairs) / min(pair[1] for pair in pairs)


def report() -> str:
    bare_wall, bare_cpu = bare()
    one = command(LONG, "--workers", "1", "--speakers", "off")
    two = command(LONG, "--workers", "2", "--speakers", "off")
    full = command(LONG, "--workers", "2")
    short = command(SHORT, "--workers", "2")
    stages = [
        f"| {name} | {full.stage(name):.4f} | {full.stage(name, 'wall_s'):.4f} |"
        for name in ("decode", "find_speech", "recognise", "place", "embed", "cluster")
    ]
    recognised = one.stage("recognise", "wall_s"), two.stage("recognise", "wall_s")
    rows = [
        ("recognition, two workers / one (wall)", recognised[1] / recognised[0], "0.6"),
        ("recognise stage, two workers / bare call (wall)", recognised[1] / bare_wall, "0.3"),
        (
            "recognise stage / bare call (processor)",
            (two.stage("recognise") + two.stage("place")) / bare_cpu,
            "0.3",
        ),
        ("whole command without speakers / bare call (wall)", two.wall_s / two.audio_s / bare_wall, "0.5"),
        ("whole command without speakers / bare call (processor)", two.cpu_s / two.audio_s / bare_cpu, "0.5"),
        ("whole command with speakers / bare call (wall)", full.wall_s / full.audio_s / bare_wall, "0.7"),
        ("whole command with speakers / bare call (processor)", full.cpu_s / full.audio_s / bare_cpu, "0.7"),
        (
            "finding speech / recognising (processor)",
            full.stage("find_speech") / full.stage("recognise"),
            "0.25",
        ),
        ("parent's peak memory, 13.8 min / 2.5 min", full.parent_peak_bytes / short.parent_peak_bytes, "1.1"),
        ("`parley --version` / importing typer and pydantic (wall)", version_ratio(), "2"),
    ]
    return "\n".join(
        [
            "\n## Speed\n",
            "`python -m tests.bench speed`, on `joined/en_long_10spk` (13.8 min), each command with an empty cache.",
            f"The bare call of moonshine-voice on the whole file: {bare_wall:.4f} s of wall time and {bare_cpu:.4f}",
            "processor seconds per audio second, its model already loaded; the commands include every start-up.\n",
            "| stage, two workers | processor s / audio s | wall s / audio s |",
            "|---|---|---|",
            *stages,
            f"\nWhole command with speakers: {full.wall_s:.1f} s, {full.audio_s / full.wall_s:.0f} times real time; "
            f"parent's peak memory {full.parent_peak_bytes / 2**20:.0f} MiB.\n",
            "| ratio | measured | bar |",
            "|---|---|---|",
            *(f"| {what} | {value:.2f} | {bar} |" for what, value, bar in rows),
            "",
        ]
    )
