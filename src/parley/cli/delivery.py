"""Where results go: standard output, a file, or a folder; written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from parley.errors import DiskFull, InvalidOption, StorageError, is_disk_full
from parley.formats.options import RenderOptions
from parley.formats.registry import FORMATS, find_format

STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Where results go, and in which form; `output` is None for standard output."""

    format: str
    output: str | None
    render: RenderOptions


class ReaderLeft(Exception):
    """Whoever read standard output has enough (`| head -1`): the rest is for nobody, and no failure."""


def choose_format(named: str | None, output: str | None) -> str:
    """The format that was named, else the one that the suffix of the result's file names, else txt.

    Raises InvalidOption when there is no such format, or when the two contradict each other.
    """
    suffix = Path(output or "").suffix.removeprefix(".")
    meant = suffix if suffix in FORMATS and output and _names_file(output) else None
    if named and meant and named != meant:
        raise InvalidOption(f"-o names a {meant} file, --format {named}; leave one out.")
    return find_format(named or meant or "txt").name


def plan_targets(files: Sequence[str], delivery: Delivery) -> list[Path | None]:
    """Where each result goes, None meaning standard output; raises InvalidOption before any work."""
    if delivery.output is None:
        if len(files) > 1 and delivery.format not in ("txt", "json"):
            raise InvalidOption(f"Several files as {delivery.format} need a folder: add -o DIR.")
        return [None] * len(files)
    output = Path(delivery.output)
    if len(files) == 1 and _names_file(delivery.output):
        return spare([output], files)
    if output.exists() and not output.is_dir():
        raise InvalidOption("A folder is needed for the results; -o names a file.")
    targets = [output / f"{stem(name)}.{delivery.format}" for name in files]
    doubled = {target.name for target in targets if targets.count(target) > 1}
    if doubled:
        raise InvalidOption(f"Two files would both be written to {min(doubled)}; transcribe them separately.")
    return spare(targets, files)


def spare(targets: Sequence[Path], files: Sequence[str]) -> list[Path | None]:
    """The targets, unless one of them is a recording: a slip of the finger must not cost it.

    Raises InvalidOption.
    """
    for target in targets:
        for name in files:
            if target.exists() and Path(name).exists() and target.samefile(name):
                raise InvalidOption(
                    f"The result would replace the recording '{target.name}'; name another file."
                )
    return list(targets)


def _names_file(output: str) -> bool:
    """`-o talk.srt` is a file, `-o out` and `-o talk.v2/` a folder, unless it is there already."""
    if output.endswith((os.sep, "/")):
        return False
    path = Path(output)
    return not path.is_dir() and (path.exists() or path.suffix != "")


def check_streams(files: Sequence[str], targets: Sequence[Path | None]) -> None:
    """Refuse what a closed standard stream, or one that is wanted twice, makes impossible."""
    if files.count(STANDARD_INPUT) > 1:
        raise InvalidOption("Standard input can be read once only; give - once.")
    # Python has None for a stream whose descriptor was closed by whoever started us (`<&-`).
    if STANDARD_INPUT in files and not sys.stdin:
        raise InvalidOption("Standard input is closed; pipe the recording into the command, or name a file.")
    if None in targets and not sys.stdout:
        raise InvalidOption("Standard output is closed; say where the result goes with -o.")


def stem(name: str) -> str:
    """What a result is named after."""
    return "stdin" if name == STANDARD_INPUT else Path(name).stem


def write_out(text: str) -> None:
    """Write to standard output; raises StorageError, or ReaderLeft when nobody reads any more.

    Below Python's buffer, whose lock a blocked thread would keep when the process wants to end.
    """
    # UTF-8 whatever the locale says: a Chinese name must not end a run.
    rest = memoryview(text.encode("utf-8", "surrogateescape"))
    try:
        while rest:
            rest = rest[os.write(sys.stdout.fileno(), rest) :]
    except BrokenPipeError:
        raise ReaderLeft from None
    except OSError as error:
        raise _unwritten(error, "The result cannot be written to standard output.") from error


def write_whole(target: Path, text: str) -> None:
    """Write a file so that it is either the old one or the whole new one; raises StorageError.

    A link is followed; a device or a pipe is written to as it is.
    """
    target = target.resolve()
    # A name of its own: with the target's in it, a long one would exceed what file systems allow.
    partial = target.with_name(f".parley-{os.getpid()}-{threading.get_ident()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and not target.is_file():
            target.write_text(text, encoding="utf-8", errors="surrogateescape", newline="\n")
            return
        with partial.open("w", encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise _unwritten(error, f"The result cannot be written to '{target.name}'.") from error


def _unwritten(error: OSError, sentence: str) -> StorageError:
    if is_disk_full(error):
        return DiskFull("No space is left for the result; free some and run the command again.")
    return StorageError(sentence, detail=str(error))
