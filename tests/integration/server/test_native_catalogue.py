"""Each message of the catalogue is sent and received here, and each error code that this door decides on."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Awaitable, Callable

import pytest

from parley.errors import (
    DiskBudgetSpent,
    DiskFull,
    FileTooLarge,
    InvalidFileType,
    ProfileNotInstalled,
    ProfileUnknown,
    StoreBusy,
    TooManySessions,
    UnsupportedOption,
)
from parley.jobs.task import ErrorType, Failure, Order, TaskState
from parley.jobs.upload import Full, Queued
from parley.server.native.dispatch import ANSWERS
from parley.server.native.refusals import CODES
from parley.server.pace import Pace
from parley.wire.native.binary import pack_chunk
from parley.wire.native.client import CLIENT_MESSAGES, UploadChunk, UploadData
from parley.wire.native.server import SERVER_MESSAGES
from tests.integration.server.scripted import Client, Scene

FILE = b"sound" * 100
MD5 = hashlib.md5(FILE).hexdigest()
NOBODY = "00000000-0000-0000-0000-000000000000"


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


async def drain(client: Client, *, until: str) -> set[str]:
    kinds: set[str] = set()
    while until not in kinds:
        kinds.add((await client.hear())["type"])
    return kinds


async def _ping(scene: Scene, client: Client) -> set[str]:
    await client.connection.send('{"type": "ping"}')
    return {(await client.hear())["type"]}


async def _auth(scene: Scene, client: Client) -> set[str]:
    return {(await client.ask("auth", token="any"))["type"]}


async def _upload_request(scene: Scene, client: Client) -> set[str]:
    await client.begin_single(FILE)
    return {"upload_ready"}


async def _upload_data(scene: Scene, client: Client) -> set[str]:
    task_id = await client.begin_single(FILE, segments=True)
    await client.send("upload_data", task_id=task_id, file_data=b64(FILE))
    kinds = {(await client.hear())["type"]}
    scene.desk.tell(task_id, "text")
    kinds |= await drain(client, until="task_segment")
    scene.desk.end(task_id, TaskState.COMPLETED)
    return kinds | await drain(client, until="task_complete")


async def _upload_chunk(scene: Scene, client: Client) -> set[str]:
    scene.reception.acknowledge = lambda task_id: Queued(task_id=task_id, position=1, wait_s=3.0)
    task_id = await client.begin_chunked(FILE, len(FILE))
    await client.send("upload_chunk", task_id=task_id, chunk_index=0, chunk_data=b64(FILE))
    return {(await client.hear())["type"] for _ in range(3)}


async def _finalize_upload(scene: Scene, client: Client) -> set[str]:
    scene.reception.acknowledge = lambda task_id: Full(
        task_id=task_id, retry_after_s=1, waiting=1, most_waiting=1
    )
    task_id = await client.begin_chunked(FILE, len(FILE))
    await client.connection.send(pack_chunk(task_id, 0, FILE))
    kinds = {(await client.hear())["type"] for _ in range(2)}
    await client.send("finalize_upload", task_id=task_id)
    return kinds | {(await client.hear())["type"]}


async def _upload_status(scene: Scene, client: Client) -> set[str]:
    task_id = await client.begin_chunked(FILE, 100)
    return {(await client.ask("upload_status", task_id=task_id))["type"]}


async def _task_status(scene: Scene, client: Client) -> set[str]:
    task = scene.desk.put()
    return {(await client.ask("task_status", task_id=task.id))["type"]}


async def _task_status_batch(scene: Scene, client: Client) -> set[str]:
    text = scene.desk.put(order=Order(file_name="a.wav", profile="p", output_format="srt"))
    structured, forgotten, failed = (scene.desk.put() for _ in range(3))
    for task in (text, structured):
        scene.desk.end(task.id, TaskState.COMPLETED)
    scene.desk.end(
        failed.id, TaskState.FAILED, Failure(code="job_failed", kind=ErrorType.AUDIO, message="Broken.")
    )
    scene.desk.expired.add(forgotten.id)
    arriving = await client.begin_single(FILE)
    ids = [structured.id, NOBODY, text.id, forgotten.id, failed.id, arriving]
    await client.send("task_status_batch", task_ids=ids)
    items = (await client.expect("task_status_batch"))["items"]
    assert [item["task_id"] for item in items] == ids
    assert items[0]["result"]["task_id"] == structured.id and items[0]["srt_content"] is None
    assert (items[1]["status"], items[1]["error"]) == (None, "task_not_found")
    assert items[2]["srt_content"] == scene.desk.text and items[2]["result"] is None
    assert (items[3]["status"], items[3]["error"]) == (None, "task_expired")
    assert (items[4]["status"], items[4]["error"]) == ("failed", "Broken.")
    assert (items[5]["status"], items[5]["error"]) == ("pending", None)
    return {"task_status_batch"}


async def _task_list(scene: Scene, client: Client) -> set[str]:
    for _ in range(3):
        scene.desk.put()
    await client.send("task_list", limit=2)
    first = await client.expect("task_list")
    await client.send("task_list", limit=2, cursor=first["next_cursor"], status="pending")
    second = await client.expect("task_list")
    assert [len(page["items"]) for page in (first, second)] == [2, 1] and second["next_cursor"] is None
    assert first["items"][0]["file_name"] == "talk.wav" and first["items"][0]["created_at"]
    return {"task_list"}


async def _subscribe(scene: Scene, client: Client) -> set[str]:
    task = scene.desk.put()
    kinds = {(await client.ask("subscribe", task_id=task.id))["type"]}
    scene.desk.end(task.id, TaskState.FAILED, Failure(code="job_failed", kind=ErrorType.MODEL, message="No."))
    return kinds | await drain(client, until="error")


async def _cancel_task(scene: Scene, client: Client) -> set[str]:
    task = scene.desk.put()
    return {(await client.ask("cancel_task", task_id=task.id))["type"]}


Scenario = Callable[[Scene, Client], Awaitable[set[str]]]

SCENARIOS: dict[str, tuple[Scenario, set[str]]] = {
    "ping": (_ping, {"pong"}),
    "auth": (_auth, {"auth_success"}),
    "upload_request": (_upload_request, {"upload_ready"}),
    "upload_data": (_upload_data, {"upload_complete", "task_progress", "task_segment", "task_complete"}),
    "upload_chunk": (_upload_chunk, {"chunk_received", "task_queued", "task_progress"}),
    "finalize_upload": (_finalize_upload, {"chunk_received", "queue_full"}),
    "upload_status": (_upload_status, {"upload_status"}),
    "task_status": (_task_status, {"task_status"}),
    "task_status_batch": (_task_status_batch, {"task_status_batch"}),
    "task_list": (_task_list, {"task_list"}),
    "subscribe": (_subscribe, {"task_status", "task_progress", "error"}),
    "cancel_task": (_cancel_task, {"task_cancelled"}),
}
OPENING = {"auth_required", "auth_success", "connected"}


def test_the_table_has_every_message_of_the_catalogue():
    assert set(SCENARIOS) == {message.TYPE for message in CLIENT_MESSAGES}
    assert OPENING.union(*(kinds for _, kinds in SCENARIOS.values())) == {
        message.TYPE for message in SERVER_MESSAGES
    }
    assert set(ANSWERS) >= set(CLIENT_MESSAGES) - {UploadChunk, UploadData}


@pytest.mark.parametrize("kind", SCENARIOS)
def test_each_message_is_answered(kind: str):
    scenario, expected = SCENARIOS[kind]

    async def main() -> None:
        async with Scene().served() as scene, scene.client() as client:
            await client.expect("connected")
            assert await scenario(scene, client) == expected

    asyncio.run(main())


REQUEST = {"file_name": "a.wav", "file_size": 5, "file_hash": "0" * 32}

BAD: list[tuple[str, str, dict, str]] = [
    ("no task", "task_status", {}, "missing_task_id"),
    ("empty task", "task_status", {"task_id": ""}, "missing_task_id"),
    ("null task", "cancel_task", {"task_id": None}, "missing_task_id"),
    ("task is a number", "subscribe", {"task_id": 5}, "missing_task_id"),
    ("unknown task", "task_status", {"task_id": NOBODY}, "task_not_found"),
    ("unknown task", "cancel_task", {"task_id": NOBODY}, "task_not_found"),
    ("unknown task", "subscribe", {"task_id": NOBODY}, "task_not_found"),
    ("no tasks", "task_status_batch", {}, "missing_task_ids"),
    ("no task in the list", "task_status_batch", {"task_ids": []}, "missing_task_ids"),
    ("too many tasks", "task_status_batch", {"task_ids": ["x"] * 51}, "missing_task_ids"),
    ("tasks are numbers", "task_status_batch", {"task_ids": [1]}, "missing_task_ids"),
    ("bad format", "upload_request", {**REQUEST, "output_format": "docx"}, "invalid_format"),
    ("no name before bad format", "upload_request", {"output_format": "docx"}, "upload_error"),
    (
        "bad mode before bad option",
        "upload_request",
        {**REQUEST, "upload_mode": "pigeon", "num_speakers": 0},
        "invalid_format",
    ),
    ("bad mode", "upload_request", {**REQUEST, "upload_mode": "pigeon"}, "invalid_format"),
    ("no name", "upload_request", {"file_size": 1, "file_hash": "0" * 32}, "upload_error"),
    ("no size", "upload_request", {"file_name": "a", "file_hash": "0" * 32}, "upload_error"),
    ("size is text", "upload_request", {**REQUEST, "file_size": "5"}, "upload_error"),
    ("bad priority", "upload_request", {**REQUEST, "priority": "now"}, "upload_error"),
    ("bad range", "upload_request", {**REQUEST, "from": 5, "to": 4}, "upload_error"),
    ("bad speakers", "upload_request", {**REQUEST, "diarize": False, "num_speakers": 2}, "upload_error"),
    ("no data", "upload_data", {"task_id": "t"}, "missing_file_data"),
    ("empty data", "upload_data", {"task_id": "t", "file_data": ""}, "missing_file_data"),
    ("no base64", "upload_data", {"task_id": "t", "file_data": "!?"}, "upload_data_error"),
    ("no upload", "upload_data", {"task_id": "t", "file_data": "AAAA"}, "session_not_found"),
    ("no chunk", "upload_chunk", {"task_id": "t", "chunk_index": 0}, "missing_chunk_data"),
    ("no index", "upload_chunk", {"task_id": "t", "chunk_data": "AAAA"}, "invalid_chunk"),
    (
        "no base64",
        "upload_chunk",
        {"task_id": "t", "chunk_index": 0, "chunk_data": "*"},
        "chunk_upload_error",
    ),
    (
        "below",
        "upload_chunk",
        {"task_id": "t", "chunk_index": -1, "chunk_data": "AAAA"},
        "invalid_chunk",
    ),
    (
        "huge",
        "upload_chunk",
        {"task_id": "t", "chunk_index": 10**40, "chunk_data": "AAAA"},
        "invalid_chunk",
    ),
    (
        "bad hash",
        "upload_chunk",
        {"task_id": "t", "chunk_index": 0, "chunk_data": "AAAA", "chunk_hash": "zz"},
        "chunk_hash_mismatch",
    ),
    (
        "no upload",
        "upload_chunk",
        {"task_id": "t", "chunk_index": 0, "chunk_data": "AAAA"},
        "session_not_found",
    ),
    (
        "ignored fields of any kind",
        "upload_chunk",
        {"task_id": "t", "chunk_index": 0, "chunk_data": "AAAA", "chunk_size": 3.0, "is_last": "yes"},
        "session_not_found",
    ),
    ("no upload", "upload_status", {"task_id": "t"}, "session_not_found"),
    ("no upload", "finalize_upload", {"task_id": "t"}, "session_not_found"),
    ("bad limit", "task_list", {"limit": 0}, "message_error"),
    ("bad status", "task_list", {"status": "asleep"}, "message_error"),
    ("bad segment", "subscribe", {"task_id": "t", "from_segment": -1}, "message_error"),
    ("not ours", "make_coffee", {}, "unknown_message_type"),
]


def test_fields_that_are_wrong_have_the_codes_of_the_protocol():
    async def main() -> None:
        async with Scene().served() as scene, scene.client() as client:
            await client.expect("connected")
            for name, kind, data, code in BAD:
                error = await client.refused(kind, **data)
                assert error["error"] == code, (name, kind, error)
                if isinstance(data.get("task_id"), str) and data["task_id"]:
                    assert error["task_id"] == data["task_id"], (name, kind, error)
                if kind == "upload_chunk" and data.get("chunk_index") == 0:
                    assert error["chunk_index"] == 0, (name, kind, error)
                assert (await client.ask("ping"))["type"] == "pong"

    asyncio.run(main())


def test_upload_error_names_the_field():
    async def main() -> None:
        async with Scene().served() as scene, scene.client() as client:
            await client.expect("connected")
            error = await client.refused("upload_request", **{**REQUEST, "chunk_size": "big"})
            assert error["details"] == {"field": "chunk_size"}

    asyncio.run(main())


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("", "invalid_json"),
        ("{", "invalid_json"),
        ("[]", "invalid_json"),
        ("null", "invalid_json"),
        ('"ping"', "invalid_json"),
        ('{"type": "ping", "data": NaN}', "invalid_json"),
        ('{"type": "ping\\ud800"}', "invalid_json"),
        ("{}", "unknown_message_type"),
        ('{"type": 5}', "unknown_message_type"),
        ('{"type": {}}', "unknown_message_type"),
        ('{"type": "ping", "data": []}', "message_error"),
        ('{"type": "ping", "data": "x"}', "message_error"),
        ('{"type": "auth"}', "message_error"),
        ("[" * 100_000, "invalid_json"),
        ('{"a":' * 100_000, "invalid_json"),
        (b"", "chunk_upload_error"),
        (b"x" * 35, "chunk_upload_error"),
        (b"x" * 36, "missing_chunk_data"),
        (b"x" * 37, "session_not_found"),
    ],
)
def test_frames_that_are_no_messages_are_refused_and_the_line_stays(frame: str | bytes, code: str):
    async def main() -> None:
        async with Scene().served() as scene, scene.client() as client:
            await client.expect("connected")
            await client.connection.send(frame)
            assert (await client.expect("error"))["error"] == code
            assert (await client.ask("ping"))["type"] == "pong"

    asyncio.run(main())


def test_what_the_rooms_refuse_keeps_its_code_or_gets_that_of_the_message():
    cases = [
        (FileTooLarge("x"), "file_too_large"),
        (InvalidFileType("x"), "invalid_file_type"),
        (UnsupportedOption("x"), "unsupported_option"),
        (ProfileNotInstalled("x"), "profile_not_installed"),
        (ProfileUnknown("x"), "profile_not_installed"),
        (TooManySessions("x"), "too_many_sessions"),
        (DiskBudgetSpent("x"), "upload_error"),
        (DiskFull("x"), "upload_error"),
        (RuntimeError("/secret/path"), "upload_error"),
        (OSError(5, "/secret/path"), "upload_error"),
    ]

    async def main() -> None:
        async with Scene().served() as scene, scene.client() as client:
            await client.expect("connected")
            for problem, code in cases:
                scene.reception.refusal = problem
                error = await client.refused("upload_request", **REQUEST)
                assert error["error"] == code and "secret" not in json.dumps(error)
            scene.desk.broken = StoreBusy("Locked.")
            for kind, code in (
                ("task_status", "status_error"),
                ("cancel_task", "cancel_error"),
                ("finalize_upload", "finalize_error"),
            ):
                assert (await client.refused(kind, task_id="t"))["error"] == code
            scene.desk.broken = None
            assert (await client.ask("ping"))["type"] == "pong"

    asyncio.run(main())


def test_wrong_bytes_can_be_sent_again():
    async def main() -> None:
        async with Scene().served() as scene, scene.client() as client:
            await client.expect("connected")
            task_id = await client.begin_single(FILE)
            for data, code in ((FILE[:-1], "size_mismatch"), (FILE[::-1], "hash_mismatch")):
                error = await client.refused("upload_data", task_id=task_id, file_data=b64(data))
                assert (error["error"], error["task_id"]) == (code, task_id)
            await client.send("upload_data", task_id=task_id, file_data=b64(FILE))
            await client.expect("upload_complete")

    asyncio.run(main())


def test_who_asks_too_fast_is_told_when_to_ask_again_but_chunks_are_not_counted():
    async def main() -> None:
        scene = Scene(pace=Pace(6))
        async with scene.served(), scene.client() as client:
            await client.expect("connected")
            task_id = await client.begin_chunked(b"x" * 50, 1)
            for index in range(50):
                await client.connection.send(pack_chunk(task_id, index, b"x"))
                await client.expect("chunk_received")
            await client.expect("upload_complete")
            await client.expect("task_progress")
            codes = [(await client.ask("ping"))["data"].get("error") for _ in range(6)]
            assert codes[0] is None and codes[-1] == "rate_limited"
            error = await client.refused("ping")
            assert 0 < error["details"]["retry_after"] <= 10

    asyncio.run(main())


def test_large_messages_are_read_like_small_ones():
    """Above a length messages are parsed elsewhere, and by another parser."""
    big = bytes(range(256)) * 1024

    async def main() -> None:
        async with Scene().served() as scene, scene.client() as client:
            await client.expect("connected")
            task_id = await client.begin_chunked(big, len(big))
            chunk = {"task_id": task_id, "chunk_index": 0, "chunk_data": b64(big)}
            for change, code in (
                ({"chunk_hash": "0" * 32}, "chunk_hash_mismatch"),
                ({"chunk_hash": "short"}, "chunk_hash_mismatch"),
                ({"chunk_index": 1}, "invalid_chunk"),
                ({"chunk_index": "0"}, "invalid_chunk"),
                ({"chunk_index": 2**80}, "invalid_chunk"),
                ({"task_id": None}, "missing_task_id"),
                ({"task_id": "other"}, "session_not_found"),
                ({"chunk_data": b64(big) + "?"}, "chunk_upload_error"),
                ({"chunk_data": None, "more": b64(big)}, "missing_chunk_data"),
            ):
                assert (await client.refused("upload_chunk", **{**chunk, **change}))["error"] == code, change
            await client.send("upload_chunk", **chunk, chunk_hash=None, chunk_size=None, is_last=True)
            await client.expect("chunk_received")
            await client.expect("upload_complete")
            assert scene.reception.received[task_id] == big
            await client.expect("task_progress")
            error = await client.refused("upload_data", task_id=task_id, file_data=b64(big))
            assert error["error"] == "session_not_found"
            error = await client.refused("upload_data", task_id="t", file_data=b64(big) + "=")
            assert error["error"] == "upload_data_error"
            assert (await client.ask("ping", padding=b64(big)))["type"] == "pong"

    asyncio.run(main())


def test_the_codes_are_those_of_the_tree_or_of_a_task():
    from parley.errors import BY_CODE

    assert set(BY_CODE) >= CODES
