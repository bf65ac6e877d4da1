"""What the server refuses arrives as the error it is, whatever was asked."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve

from parley.client import AsyncClient, Client
from parley.errors import (
    BY_CODE,
    AuthFailed,
    CancelFailed,
    ChunkHashMismatch,
    FileHashMismatch,
    FileTooLarge,
    InputError,
    InvalidOption,
    JobCancelled,
    JobError,
    ParleyError,
    ServerUnreachable,
    TaskNotFound,
)
from parley.wire.native.catalogue import ERROR_CODES
from tests.integration.client.conftest import CHUNK, CHUNKS
from tests.integration.client.scripted import Native, serving

PATIENT = {"rate_limited", "too_many_sessions"}
"""The client waits for these to pass."""


@pytest.mark.parametrize("code", ERROR_CODES)
def test_every_code_of_the_protocol(native: Native, recording: Path, code: str) -> None:
    native.refuse("upload_request", code)
    native.refuse("task_status", code)
    with Client(native.url) as client:
        with pytest.raises(ParleyError) as refused:
            client.job("some").status()
        assert type(refused.value) is BY_CODE[code]
        assert refused.value.message == f"Because of {code}."
        if code in PATIENT:
            assert client.transcribe(recording).segments
            return
        with pytest.raises(BY_CODE[code], match=code):
            client.transcribe(recording)
    assert native.heard.count("upload_request") == 1


def test_a_code_of_a_newer_server(native: Native, recording: Path) -> None:
    native.refuse("upload_request", "moon_phase")
    with Client(native.url) as client, pytest.raises(InputError, match="Because of moon_phase"):
        client.transcribe(recording)


def test_a_token_that_is_missing_or_wrong(recording: Path) -> None:
    with serving(Native(token="secret")) as native:
        for token in (None, "wrong"):
            with Client(native.url, token) as client, pytest.raises(AuthFailed):
                client.transcribe(recording)
        with Client(native.url, "secret") as client:
            assert client.transcribe(recording).segments


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (("undecodable_media", "Broken."), BY_CODE["undecodable_media"]),
        (("worker_died", "Dead."), BY_CODE["worker_died"]),
        (("job_failed", "It failed."), JobError),
        (("made_up", "Something."), JobError),
    ],
)
def test_a_task_that_fails(recording: Path, failure: tuple[str, str], kind: type[ParleyError]) -> None:
    with serving(Native(failure=failure)) as native, Client(native.url) as client:
        with pytest.raises(kind, match=failure[1]):
            client.transcribe(recording)
        job = client.job(next(iter(native.tasks)))
        with pytest.raises(ParleyError, match=failure[1]):
            job.result()


def test_a_task_that_is_cancelled(native: Native, recording: Path) -> None:
    native.held = True
    with Client(native.url) as client:
        job = client.submit(recording)
        events = job.watch()
        next(events)
        assert job.cancel() == "It was cancelled."
        with pytest.raises(JobCancelled):
            list(events)
        with pytest.raises(JobCancelled):
            job.result()
        with pytest.raises(CancelFailed):
            job.cancel()
        with pytest.raises(TaskNotFound):
            client.job("nobody's").cancel()


def test_chunks_that_arrive_damaged_are_sent_again(native: Native, recording: Path) -> None:
    native.refuse("chunk", "chunk_hash_mismatch", times=2)
    with Client(native.url, chunk_bytes=CHUNK) as client:
        assert client.transcribe(recording).segments
    assert native.chunks == dict.fromkeys(range(CHUNKS), 1)


def test_chunks_that_always_arrive_damaged(native: Native, recording: Path) -> None:
    native.refuse("chunk", "chunk_hash_mismatch", times=1000)
    with Client(native.url, chunk_bytes=CHUNK) as client, pytest.raises(ChunkHashMismatch):
        client.transcribe(recording)


def test_a_file_that_arrives_damaged_is_sent_once_more(native: Native, recording: Path) -> None:
    native.refuse("whole", "file_hash_mismatch")
    with Client(native.url, chunk_bytes=CHUNK) as client:
        assert client.transcribe(recording).segments
        assert native.chunks == dict.fromkeys(range(CHUNKS), 2)
        native.refuse("whole", "file_hash_mismatch", times=2)
        with pytest.raises(FileHashMismatch):
            client.transcribe(recording)


def test_a_file_that_changes_on_the_way(native: Native, recording: Path) -> None:
    # More chunks than may be in flight: some are read after the change.
    native.stalled = True
    with Client(native.url, chunk_bytes=CHUNK) as client:
        events = client.stream(recording)
        for event in events:
            if getattr(event, "task_id", ""):
                break
        # Written over in place: `write_bytes` would make it shorter for a moment.
        with recording.open("r+b") as file:
            file.write(bytes(recording.stat().st_size))
        native.stalled = False
        with pytest.raises(InputError, match="was changed while"):
            list(events)


def test_a_file_that_becomes_shorter(native: Native, recording: Path) -> None:
    # More chunks than may be in flight: some are read after the change.
    native.stalled = True
    with Client(native.url, chunk_bytes=CHUNK) as client:
        events = client.stream(recording)
        for event in events:
            if getattr(event, "task_id", ""):
                break
        recording.write_bytes(b"short")
        native.stalled = False
        with pytest.raises(InputError, match="became shorter"):
            list(events)


def test_many_tasks_at_once_and_a_long_list(native: Native, recording: Path) -> None:
    async def main() -> None:
        client = AsyncClient(native.url)
        jobs = await asyncio.gather(*(client.submit(recording) for _ in range(60)))
        ids = [job.id for job in jobs]
        assert len(set(ids)) == 60
        results = await asyncio.gather(*(job.result() for job in jobs))
        assert [result.task_id for result in results] == ids
        asked = await client.status([*ids, "nobody's"])
        assert [item.task_id for item in asked] == [*ids, "nobody's"]
        assert [item.status for item in asked] == ["completed"] * 60 + [None]
        assert len(await client.jobs(limit=7)) == 7
        assert len(await client.jobs(limit=500)) == 60
        assert await client.jobs(status="failed") == []

    asyncio.run(main())


def test_a_message_that_is_too_large_for_the_server(recording: Path) -> None:
    async def main() -> None:
        async def hear(socket: ServerConnection) -> None:
            await socket.send('{"type": "connected", "data": {}}')
            await socket.recv()
            await socket.send(
                '{"type": "upload_ready", "data": {"task_id": "0b6f9f0e-6c1d-4f5e-9d55-0f2f0b9e6f11", '
                '"message": "", "chunk_size": 5000, "total_chunks": 3}}'
            )
            await socket.recv()

        async with serve(hear, "127.0.0.1", 0, max_size=4000) as server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(FileTooLarge, match="smaller chunks"):
                await AsyncClient(f"127.0.0.1:{port}", chunk_bytes=5000).transcribe(recording)

    asyncio.run(main())


@pytest.mark.parametrize(
    "greeting", ["Welcome to the mail server", '{"data": {}}', "[]", '{"type": "auth_required"}']
)
def test_another_kind_of_server(recording: Path, greeting: str) -> None:
    async def main() -> None:
        async def hear(socket: ServerConnection) -> None:
            await socket.send(greeting)
            await socket.wait_closed()

        async with serve(hear, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(ParleyError, match=r"no Parley server|give a token"):
                await AsyncClient(f"127.0.0.1:{port}").transcribe(recording)

    asyncio.run(main())


def test_a_server_of_another_protocol(recording: Path) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async def main() -> None:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(ServerUnreachable, match="no Parley server"):
                await AsyncClient(f"http://127.0.0.1:{port}").transcribe(recording)

    asyncio.run(main())


def test_a_closed_client_says_so(native: Native) -> None:
    client = Client(native.url)
    assert client.jobs() == []
    client.close()
    client.close()
    with pytest.raises(RuntimeError, match="closed"):
        client.jobs()


def test_a_client_inside_a_running_loop(native: Native, recording: Path) -> None:
    """As in a notebook, where a loop runs in the caller's thread already."""

    async def cell() -> int:
        with Client(native.url) as client:
            return len(client.transcribe(recording).segments)

    assert asyncio.run(cell()) == 4


def test_what_a_callback_raises_ends_the_waiting(native: Native, recording: Path) -> None:
    def enough(_: object) -> None:
        raise KeyError("enough")

    with Client(native.url) as client, pytest.raises(KeyError, match="enough"):
        client.transcribe(recording, on_progress=enough)


def test_an_address_that_is_none() -> None:
    with pytest.raises(InvalidOption):
        Client("ftp://example.org")
