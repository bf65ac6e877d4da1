"""A recording goes to a server and comes back as a result."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest

from parley.client import (
    AsyncClient,
    Client,
    Completed,
    Event,
    Progress,
    Queued,
    Reading,
    Segment,
    Uploading,
)
from parley.errors import InputError, InvalidOption, QueueIsFull
from tests.integration.client.conftest import CHUNK, CHUNKS
from tests.integration.client.scripted import TEXTS, Native


def test_the_result_and_everything_told_on_the_way(native: Native, recording: Path) -> None:
    async def main() -> list[Event]:
        async with AsyncClient(native.url, chunk_bytes=CHUNK) as client:
            return [event async for event in client.stream(recording, segments=True)]

    events = asyncio.run(main())
    kinds = [type(event) for event in events]
    assert kinds[0] is Reading
    assert kinds.count(Uploading) == CHUNKS + 1
    sent = [event.sent_bytes for event in events if isinstance(event, Uploading)]
    assert sent == sorted(sent)
    assert sent[0] == 0
    assert sent[-1] == recording.stat().st_size
    assert [event.text for event in events if isinstance(event, Segment)] == list(TEXTS)
    percents = [event.percent for event in events if isinstance(event, Progress)]
    assert percents == sorted(percents)
    ended = events[-1]
    assert isinstance(ended, Completed)
    assert ended.result.text == "\n".join(TEXTS)
    assert ended.result.speakers == ("Speaker1",)
    assert ended.result.warnings == ("A little noise.",)
    assert kinds.count(Completed) == 1


def test_both_clients_give_the_same(native: Native, recording: Path) -> None:
    heard: list[str] = []
    moved: list[object] = []
    with Client(native.url, chunk_bytes=CHUNK) as client:
        plain = client.transcribe(
            recording, on_progress=moved.append, on_segment=lambda segment: heard.append(segment.text)
        )
    assert heard == list(TEXTS)
    assert {type(event) for event in moved} == {Reading, Uploading, Progress}

    async def main() -> None:
        result = await AsyncClient(native.url, chunk_bytes=CHUNK).transcribe(recording)
        assert result.segments == plain.segments
        assert result.file_name == plain.file_name == "talk.wav"

    asyncio.run(main())


def test_options_reach_the_server(native: Native, recording: Path) -> None:
    with Client(native.url) as client:
        result = client.transcribe(
            recording, output_format="srt", start=1.5, end=9.0, hotwords={"Parley": 2.0}, file_name="讲话.wav"
        )
    assert result.format == "srt"
    assert result.content == result.text == "".join(f"{text}\n" for text in TEXTS)
    request = next(iter(native.tasks.values())).request
    assert (request["from"], request["to"]) == (1.5, 9.0)
    assert request["hotwords"] == {"Parley": 2.0}
    assert request["file_name"] == "讲话.wav"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"format": "srt"}, "no option 'format'"),
        ({"output_format": "docx"}, "output_format"),
        ({"num_speakers": 0}, "num_speakers"),
        ({"start": -1.0}, "from"),
    ],
)
def test_an_option_that_means_nothing_is_refused_before_anything_is_sent(
    native: Native, recording: Path, options: dict[str, object], says: str
) -> None:
    with Client(native.url) as client, pytest.raises(InvalidOption, match=says):
        client.transcribe(recording, **options)  # type: ignore[arg-type]
    assert native.lines == 0


class Pipe(io.RawIOBase):
    """Cannot be rewound."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        return self._content.readinto(buffer)


def test_open_files_and_pipes_are_sent_too(native: Native, recording: Path) -> None:
    content = recording.read_bytes()
    with Client(native.url, chunk_bytes=CHUNK) as client:
        with recording.open("rb") as file:
            assert client.transcribe(file).file_name == "talk.wav"
            assert not file.closed
        assert client.transcribe(io.BytesIO(content)).file_name == "recording"
        assert client.transcribe(Pipe(content), file_name="pipe.wav").file_name == "pipe.wav"  # type: ignore[arg-type]
    assert native.chunks == dict.fromkeys(range(CHUNKS), 3)


def test_an_empty_file_is_refused_here(native: Native, tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    with Client(native.url) as client, pytest.raises(InputError, match="is empty"):
        client.transcribe(tmp_path / "empty.wav")


def test_what_the_server_knows_is_not_sent(native: Native, recording: Path) -> None:
    with Client(native.url, chunk_bytes=CHUNK) as client:
        client.transcribe(recording)
        native.known = {task.request["file_hash"] for task in native.tasks.values()}
        native.chunks.clear()
        events = list(client.stream(recording))
        assert isinstance(events[-1], Completed)
        assert events[-1].was_known
        assert not native.chunks
        job = client.submit(recording)
        assert job.result().text == "\n".join(TEXTS)
        assert not native.chunks


def test_waiting_in_the_queue_is_told(native: Native, recording: Path) -> None:
    native.queued = True
    with Client(native.url) as client:
        waits = [event for event in client.stream(recording) if isinstance(event, Queued)]
    assert [(wait.position, wait.wait_s) for wait in waits] == [(2, 61.5)]


def test_a_full_queue_is_asked_again_without_a_second_upload(native: Native, recording: Path) -> None:
    native.full = 2
    with Client(native.url, chunk_bytes=CHUNK) as client:
        events = list(client.stream(recording))
    assert [event.is_admitted for event in events if isinstance(event, Queued)] == [False, False]
    assert isinstance(events[-1], Completed)
    assert native.chunks == dict.fromkeys(range(CHUNKS), 1)
    assert native.heard.count("finalize_upload") == 2


def test_a_queue_that_stays_full_ends_patience(native: Native, recording: Path) -> None:
    native.full = 1000
    with Client(native.url, patience_s=1.5) as client, pytest.raises(QueueIsFull, match="队列已满"):
        client.transcribe(recording)
    assert "finalize_upload" in native.heard
