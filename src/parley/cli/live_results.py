"""Where the text of `parley listen` goes: line by line as it is final, or as subtitles in the end."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from parley.cli.delivery import write_out, write_whole
from parley.client.apart import apart
from parley.errors import DiskFull, InvalidOption, StorageError, is_disk_full
from parley.formats.registry import render
from parley.speech.live import (
    Done,
    Failed,
    Final,
    Level,
    LiveEvent,
    Partial,
    Received,
    Trouble,
    Voice,
)
from parley.speech.transcript import Segment, Transcript

FORMS = ("text", "json", "srt", "vtt")
_BY_SUFFIX = {".txt": "text", ".json": "json", ".jsonl": "json", ".srt": "srt", ".vtt": "vtt"}

_TYPES: dict[type[Any], str] = {
    Voice: "vad",
    Partial: "partial",
    Final: "final",
    Received: "ack",
    Level: "level",
    Done: "done",
}

Write = Callable[[str], None]


class Results(Protocol):
    """Takes events in order."""

    async def take(self, event: LiveEvent) -> None:
        """Write what is to be written; raises StorageError, ReaderLeft."""
        ...


def choose_form(named: str | None, output: str | None) -> str:
    """The form that was named, else the one that the suffix of -o means, else text; raises InvalidOption."""
    meant = _BY_SUFFIX.get(Path(output or "").suffix)
    if named is not None and named not in FORMS:
        raise InvalidOption(f"--format takes {', '.join(FORMS)}, not '{named}'.")
    if named and meant and named != meant:
        raise InvalidOption(f"-o names a {meant} file, --format {named}; leave one out.")
    return named or meant or "text"


@asynccontextmanager
async def open_results(form: str, output: str | None) -> AsyncGenerator[Results]:
    """Lines are written as they come, to standard output or a file; subtitles whole, in the end."""
    if form in ("srt", "vtt"):
        subtitles = Subtitles()
        try:
            yield subtitles
        finally:
            # An interrupted session leaves what was heard.
            text = render(subtitles.transcript(), form)
            await apart(lambda: write_out(text) if output is None else write_whole(Path(output), text))
        return
    line = json_line if form == "json" else text_line
    if output is None:
        yield Lines(line, write_out)
        return
    with await asyncio.to_thread(_open, Path(output)) as file:

        def write(text: str) -> None:
            try:
                file.write(text)
            except OSError as error:
                raise _unwritten(error, output) from error

        yield Lines(line, write)


class Nowhere:
    """The captions on the terminal are the result."""

    async def take(self, event: LiveEvent) -> None:
        """Nothing more to write."""


class Lines:
    """Each event that has a line, as it comes."""

    def __init__(self, line: Callable[[LiveEvent], str | None], write: Write) -> None:
        self._line = line
        self._write = write

    async def take(self, event: LiveEvent) -> None:
        """See Results."""
        text = self._line(event)
        if text is not None:
            # Whoever reads may never read on.
            await apart(lambda: self._write(text + "\n"))


class Subtitles:
    """Keeps the finals; a day of speech is a few megabytes."""

    def __init__(self) -> None:
        self._segments: list[Segment] = []

    async def take(self, event: LiveEvent) -> None:
        """See Results."""
        if isinstance(event, Final) and event.text:
            self._segments.append(
                Segment(start=event.start, end=event.end, text=event.text, words=event.words)
            )

    def transcript(self) -> Transcript:
        """What was said so far."""
        end = max((segment.end for segment in self._segments), default=0.0)
        return Transcript(duration=end, segments=tuple(self._segments))


def text_line(event: LiveEvent) -> str | None:
    """The text of an utterance that has any."""
    return " ".join(event.text.split()) or None if isinstance(event, Final) else None


def json_line(event: LiveEvent) -> str | None:
    """Any event, as the protocol says it, with `type` among its fields."""
    if isinstance(event, Trouble):
        fields: dict[str, Any] = {"error": event.error.code, "message": event.error.message}
        return _json("error", {**fields, "utterance": event.utterance})
    if isinstance(event, Failed):
        return None
    return _json(_TYPES[type(event)], dataclasses.asdict(event))


def _json(kind: str, fields: dict[str, Any]) -> str:
    rounded = {key: round(value, 3) if isinstance(value, float) else value for key, value in fields.items()}
    return json.dumps({"type": kind, **rounded}, ensure_ascii=False)


def _open(path: Path) -> Any:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Line by line, so that whoever follows the file reads along.
        return path.open("w", encoding="utf-8", buffering=1, newline="\n")
    except OSError as error:
        raise _unwritten(error, str(path)) from error


def _unwritten(error: OSError, output: str) -> StorageError:
    if is_disk_full(error):
        return DiskFull("No space is left for the result; free some and run the command again.")
    return StorageError(f"The result cannot be written to '{Path(output).name}'.", detail=str(error))
