"""What whoever watches a task is told. A watcher is a cursor; nothing is kept for it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from parley.jobs.books import Books
from parley.jobs.updates import Moved, Over, Told, Update
from parley.jobs.works import Work, changed_within
from parley.storage.heard import HeardPiece
from parley.storage.tasks import StoredTask


async def watch_work(
    books: Books, work: Work, task_id: str, from_segment: int | None
) -> AsyncGenerator[Update]:
    """A task that is not over: its present state, what happens, and how it ended.

    Raises what stopped the desk, when it is closed before the task is over.
    """
    cursor = from_segment
    state: Moved | None = None
    while True:
        changed = work.changed
        ended = work.ended.get(task_id)
        if ended is None and (moved := _state(books, work)) != state:
            yield moved
            state = moved
        if cursor is not None:
            for piece in work.told[cursor : work.shown]:
                yield _told(cursor, piece)
                cursor += 1
        if ended is not None:
            yield Over(task=ended)
            return
        if work.stopped is not None:
            raise work.stopped
        await changed_within(changed, books.options.heartbeat_s)
        if not changed.is_set():
            # Nothing new: say the same again, so that nobody thinks the line is dead.
            state = None


async def watch_past(
    books: Books, row: StoredTask, over: Over, from_segment: int | None
) -> AsyncGenerator[Update]:
    """A task that is over: what was told, else its transcript, and how it ended."""
    if from_segment is not None:
        heard = await books.store.heard.of(row.work)
        for number, piece in enumerate(heard[from_segment:], from_segment):
            yield _told(number, piece)
        if not heard and row.transcript is not None:
            pieces = await _pieces(books, row.transcript)
            for number, piece in enumerate(pieces[from_segment:], from_segment):
                yield _told(number, piece, final=True)
    yield over


async def _pieces(books: Books, key: str) -> Sequence[HeardPiece]:
    transcript = await books.store.transcripts.get(key)
    segments = transcript.segments if transcript else ()
    return [HeardPiece(segment.start, segment.end, segment.text) for segment in segments]


def _state(books: Books, work: Work) -> Moved:
    if (position := books.position(work)) is not None:
        return Moved(progress=work.reached, message=f"Waiting; number {position} in line.")
    return Moved(progress=work.reached, message=work.message or work.progress.message)


def _told(number: int, piece: HeardPiece, *, final: bool = False) -> Told:
    return Told(number=number, start=piece.start, end=piece.end, text=piece.text, final=final)
