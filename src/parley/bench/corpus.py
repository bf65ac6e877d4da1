"""Recordings to measure on, and what is known of them.

A corpus is a folder. With a `manifest.jsonl` in it, each line is an object with `path` (relative to the
folder) and, where known, `language`, `transcript` (scored unless `transcript_kind` says something else
than "reference"), `rttm` (a path too), `duration_s` and `decodes` (false: left out). Without one, every
audio or video file is a recording, and `talk.txt` or `talk.trn` beside `talk.wav` is what is said in it,
`talk.rttm` who speaks when.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from parley.bench.report import Material
from parley.bench.speakers import Turn
from parley.errors import FileNotFound, InputError
from parley.formats.rttm import read_rttm

MANIFEST = "manifest.jsonl"

SUFFIXES = (
    *(".wav", ".flac", ".mp3", ".m4a", ".aac", ".ogg", ".opus", ".oga", ".mp4", ".mkv", ".webm", ".mov"),
    *(".aiff", ".aif", ".wma", ".amr", ".au", ".sph"),
)
"""What counts as a recording in a folder without a manifest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A recording; `name` tells it from the others, `language` is ISO 639-1 or "" where unknown."""

    name: str
    path: Path
    language: str = ""
    text: str | None = None
    turns: tuple[Turn, ...] | None = None


def files(names: Sequence[str], language: str = "") -> tuple[Sample, ...]:
    """The recordings that were named, each once and with the references beside it; raises FileNotFound.

    Those of one name in several folders are told apart by what was typed.
    """
    paths = [Path(name) for name in dict.fromkeys(names)]
    counts = Counter(path.name for path in paths)
    return tuple(
        _beside(path, path.name if counts[path.name] == 1 else path.as_posix(), language) for path in paths
    )


def corpus(
    folder: Path, only: Sequence[str] = (), limit: int | None = None, language: str = ""
) -> tuple[Sample, ...]:
    """The recordings of a folder in order of their names; raises InputError.

    `only` are patterns of names of which one must fit. Of more than `limit` recordings, that many are
    taken at even distances: the first ones of a corpus are often of one speaker. `language` is that of
    recordings of which the corpus does not say it.
    """
    if not folder.is_dir():
        raise FileNotFound(f"There is no folder '{folder.name}'.")
    manifest = folder / MANIFEST
    rows = _rows(manifest) if manifest.is_file() else _found(folder)
    kept = [row for row in rows if not only or any(fnmatch(row["path"], pattern) for pattern in only)]
    if not kept:
        raise InputError("No recording of the corpus fits; see docs/benchmarking.md for how it is laid out.")
    rows = _thinned(sorted(kept, key=lambda row: str(row["path"])), limit)
    return tuple(_sample(folder, row, language) for row in rows)


def material(samples: Sequence[Sample], seconds: Mapping[str, float]) -> Material:
    """What is known of some recordings, once their lengths are."""
    languages: dict[str, int] = {}
    for sample in samples:
        if sample.language:
            languages[sample.language] = languages.get(sample.language, 0) + 1
    return Material(
        recordings=len(samples),
        audio_s=round(sum(seconds.get(sample.name, 0.0) for sample in samples), 3),
        with_text=sum(sample.text is not None for sample in samples),
        with_speakers=sum(sample.turns is not None for sample in samples),
        digest=digest(samples),
        languages=dict(sorted(languages.items())),
    )


def digest(samples: Iterable[Sample]) -> str:
    """The same for the same recordings with the same references, wherever they lie."""
    total = hashlib.sha256()
    for sample in samples:
        size = sample.path.stat().st_size if sample.path.exists() else 0
        facts = [sample.name, size, sample.language, sample.text, sample.turns]
        total.update(json.dumps(facts).encode() + b"\n")
    return total.hexdigest()[:16]


def _thinned(rows: list[dict[str, Any]], limit: int | None) -> list[dict[str, Any]]:
    if limit is None or len(rows) <= limit:
        return rows
    return [rows[index * len(rows) // limit] for index in range(limit)]


def _found(folder: Path) -> list[dict[str, Any]]:
    paths = (path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    return [{"path": path.relative_to(folder).as_posix()} for path in paths]


def _rows(manifest: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(_text(manifest).splitlines(), 1):
        if line.strip():
            rows.append(_row(number, line))
    kept = [row for row in rows if row.get("decodes", True)]
    for path, count in Counter(row["path"] for row in kept).items():
        if count > 1:
            raise InputError(f"The manifest names '{path}' {count} times; leave one line.")
    return kept


def _row(number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise InputError(f"Line {number} of the manifest is not JSON.", detail=str(error)) from error
    if not (isinstance(row, dict) and isinstance(row.get("path"), str)):
        raise InputError(f"Line {number} of the manifest names no path.")
    return row


def _sample(folder: Path, row: Mapping[str, Any], language: str) -> Sample:
    path, name = folder / row["path"], str(row["path"])
    if set(row) == {"path"}:
        return _beside(path, name, language)
    if not path.is_file():
        raise FileNotFound(f"The manifest names '{name}', which is not there.")
    said, kind, rttm = row.get("transcript"), row.get("transcript_kind", "reference"), row.get("rttm")
    return Sample(
        name=name,
        path=path,
        # A profile knows "zh", not "zh-CN".
        language=str(row.get("language") or language).replace("_", "-").partition("-")[0].lower(),
        text=said if isinstance(said, str) and kind == "reference" else None,
        turns=_turns(folder / rttm) if isinstance(rttm, str) and rttm else None,
    )


def _beside(path: Path, name: str, language: str) -> Sample:
    if not path.is_file():
        raise FileNotFound(f"There is no file '{path.name}'.")
    texts = [path.with_suffix(suffix) for suffix in (".txt", ".trn")]
    text = next((_said(each) for each in texts if each.is_file()), None)
    rttm = path.with_suffix(".rttm")
    turns = _turns(rttm) if rttm.is_file() else None
    return Sample(name=name, path=path, language=language, text=text, turns=turns)


def _said(path: Path) -> str:
    """A .trn has one line that counts, and may end in the name of the utterance in brackets."""
    text = _text(path)
    return re.sub(r"\s*\([^()\s]+\)\s*$", "", text.partition("\n")[0]) if path.suffix == ".trn" else text


def _turns(path: Path) -> tuple[Turn, ...]:
    try:
        return tuple((turn.start, turn.end, turn.speaker) for turn in read_rttm(_text(path)))
    except InputError as error:
        raise InputError(f"'{path.name}': {error.message}") from error


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise FileNotFound(f"There is no file '{path.name}'.") from None
    except (OSError, UnicodeError) as error:
        raise InputError(f"'{path.name}' cannot be read as UTF-8.", detail=str(error)) from error
