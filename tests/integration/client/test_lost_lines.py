"""The line is cut at every message there is, and nothing is lost, doubled or sent twice without need."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import pytest

from parley.client import AsyncClient, Client, Completed, Event, Segment, Uploading, sending
from parley.errors import JobError, ParleyError, ServerUnreachable, SessionNotFound
from tests.integration.client.conftest import CHUNK, CHUNKS
from tests.integration.client.scripted import TEXTS, Native, serving


def travel(native: Native, recording: Path) -> list[Event]:
    async def main() -> list[Event]:
        client = AsyncClient(native.url, chunk_bytes=CHUNK, token=native.token)
        return [event async for event in client.stream(recording, segments=True)]

    return asyncio.run(main())


def check(native: Native, events: list[Event], sent_twice_at_most: int) -> None:
    assert isinstance(events[-1], Completed)
    assert events[-1].result.text == "\n".join(TEXTS)
    told = [event for event in events if isinstance(event, Segment)]
    assert [(event.index, event.text) for event in told] == list(enumerate(TEXTS))
    assert len(native.tasks) == 1
    assert native.chunks.keys() == set(range(CHUNKS))
    assert native.chunks.total() <= CHUNKS + sent_twice_at_most


@pytest.mark.parametrize("ahead", [2, 15])
def test_cut_at_every_message(recording: Path, ahead: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the messages of a whole transcription, in both directions, is replaced by a cut once."""
    monkeypatch.setattr(sending, "WINDOW", ahead)
    with serving(Native(token="secret")) as native:
        check(native, travel(native, recording), 0)
        messages = native.counted
    for number in range(1, messages + 1):
        with serving(Native(token="secret", cuts={number})) as native:
            if number <= 3:
                # The first line is never waited for: its address may be wrong.
                with pytest.raises(ServerUnreachable):
                    travel(native, recording)
                continue
            check(native, travel(native, recording), 0)


def test_cut_again_and_again(native: Native, recording: Path) -> None:
    native.pace_s = 0.02
    native.cuts = set(range(6, 400, 9))
    check(native, travel(native, recording), 0)
    assert native.lines > 3


def test_only_missing_chunks_are_sent(native: Native, recording: Path) -> None:
    """A line that dies with chunks in flight costs those at most."""
    native.cuts = {12}
    check(native, travel(native, recording), sending.WINDOW)
    assert native.heard.count("upload_request") == 1
    assert native.heard.count("upload_status") == 1
    assert native.chunks.total() - CHUNKS <= sending.WINDOW


def test_an_upload_that_was_forgotten_begins_anew(native: Native, recording: Path) -> None:
    native.refuse("chunk", "session_not_found", times=1)
    native.refuse("upload_status", "session_not_found")
    events = travel(native, recording)
    assert isinstance(events[-1], Completed)
    assert native.heard.count("upload_request") == 2
    assert len({event.task_id for event in events if isinstance(event, Uploading)}) == 2


def test_an_upload_that_is_always_forgotten_ends(native: Native, recording: Path) -> None:
    native.refuse("chunk", "session_not_found", times=10_000)
    native.refuse("upload_status", "session_not_found", times=10_000)
    with pytest.raises(SessionNotFound):
        travel(native, recording)


def test_a_server_that_is_gone_for_a_while(recording: Path) -> None:
    with serving(Native(held=True)) as native:
        port = int(native.url.rsplit(":", 1)[1])
        events: list[Event] = []
        problem: list[ParleyError] = []

        def follow() -> None:
            try:
                with Client(native.url, patience_s=60, chunk_bytes=CHUNK) as client:
                    events.extend(client.stream(recording, segments=True))
            except ParleyError as error:
                problem.append(error)

        thread = threading.Thread(target=follow, daemon=True)
        thread.start()
        wait_until(lambda: any(len(task.told) == len(TEXTS) for task in native.tasks.values()))
        time.sleep(0.1)
    time.sleep(0.3)
    # Whatever the old one knew, the new one knows.
    revived = Native(tasks=native.tasks, chunks=native.chunks)
    for task in revived.tasks.values():
        task.status = "completed"
    with serving(revived, port):
        thread.join(60)
    assert not problem
    check(revived, events, 0)


def test_a_server_that_never_comes_back(recording: Path) -> None:
    with serving(Native(held=True)) as native:
        client = Client(native.url, patience_s=0.5)
        job = client.submit(recording)
        stream = job.watch()
        next(stream)
    with pytest.raises(ServerUnreachable, match="is the server running"):
        list(stream)
    client.close()


def test_nobody_answers(recording: Path) -> None:
    with serving(Native()) as native:
        url = native.url
    with Client(url, patience_s=60) as client:
        before = time.monotonic()
        with pytest.raises(ServerUnreachable, match="Nothing answers"):
            client.transcribe(recording)
        with pytest.raises(ServerUnreachable, match="Nothing answers"):
            client.jobs()
        assert time.monotonic() - before < 30


def test_a_quiet_line_is_asked_and_then_replaced(
    native: Native, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from parley.client import following

    monkeypatch.setattr(following, "QUIET_S", 0.2)
    native.held = True
    with Client(native.url, chunk_bytes=CHUNK) as client:
        job = client.submit(recording)
        events: list[Event] = []
        thread = threading.Thread(target=lambda: events.extend(job.watch()), daemon=True)
        thread.start()
        wait_until(lambda: native.heard.count("subscribe") >= 3)
        native.held = False
        thread.join(60)
        assert isinstance(events[-1], Completed)
        told = [event.index for event in events if isinstance(event, Segment)]
        assert told == list(range(len(TEXTS)))


def test_the_end_is_taken_from_the_status_where_no_terminal_message_follows(
    native: Native, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from parley.client import following
    from tests.integration.client.scripted import Line, Task

    async def silent(self: Line, task: Task) -> None:
        del self, task

    with Client(native.url, chunk_bytes=CHUNK) as client:
        job = client.submit(recording)
        job.result()
        monkeypatch.setattr(following, "_LAST_WORDS_S", 0.1)
        monkeypatch.setattr(Line, "end", silent)
        assert isinstance(list(job.watch())[-1], Completed)
        native.tasks[job.id].status = "failed"
        native.tasks[job.id].error = ("undecodable_media", "The recording is broken.")
        with pytest.raises(JobError, match="broken"):
            list(job.watch())


def wait_until(condition: object, timeout: float = 30) -> None:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if condition():  # type: ignore[operator]
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen in time")
