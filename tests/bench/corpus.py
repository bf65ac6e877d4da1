"""The recordings the figures are measured on, and transcripts of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from parley.formats.json import load_json
from parley.speech.transcript import Transcript

ROOT = Path(os.environ.get("PARLEY_TEST_AUDIO") or Path(__file__).parents[2].parent / "shared" / "audio")


@cache
def manifest() -> dict[str, dict[str, Any]]:
    rows = (json.loads(line) for line in (ROOT / "manifest.jsonl").read_text("utf-8").splitlines())
    return {row["path"]: row for row in rows}


def librispeech() -> list[str]:
    return sorted(path for path in manifest() if path.startswith("librispeech/test-other/"))


def ami() -> list[str]:
    return sorted(path for path in manifest() if path.startswith("pyannote/ami/"))


def segments(name: str) -> list[dict[str, Any]]:
    return json.loads((ROOT / "joined" / f"{name}.segments.json").read_text("utf-8"))


def rttm(path: Path) -> list[tuple[float, float, str]]:
    rows = (line.split() for line in path.read_text().splitlines() if line.startswith("SPEAKER"))
    return [(float(row[3]), float(row[3]) + float(row[4]), row[7]) for row in rows]


@cache
def transcripts(paths: tuple[str, ...], *options: str) -> dict[str, Transcript]:
    """By the command a user would give, in one run with an empty cache."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        # Stems may repeat between folders, so every file goes in under a name of its own.
        names = {path: path.replace("/", "+") for path in paths}
        for path, name in names.items():
            (Path(folder) / name).symlink_to((ROOT / path).resolve())
        subprocess.run(
            [
                *(sys.executable, "-m", "parley", "transcribe", "--format", "json", "-o", f"{out}/"),
                *("--data-dir", f"{folder}/data", *options),
                *(str(Path(folder) / name) for name in names.values()),
            ],
            check=True,
            stderr=subprocess.DEVNULL,
        )
        return {
            path: load_json((out / f"{Path(name).stem}.json").read_text()) for path, name in names.items()
        }


def one(path: str, *options: str) -> Transcript:
    return transcripts((path,), *options)[path]
