"""Uploads and tasks over the native protocol, from the first frame to the terminal message."""

from __future__ import annotations

import asyncio
import base64
import hashlib

from parley.errors import FileHashMismatch, StoreBusy, TaskExpired
from parley.jobs.task import ErrorType, Failure, TaskState
from parley.jobs.upload import Answered, Full, Queued, Started
from parley.wire.native.binary import pack_chunk
from tests.integration.server.scripted import Scene, until

FILE = bytes(range(256)) * 10


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_a_single_upload_is_acknowledged_before_any_progress_and_ends_once():
    async def main() -> None:
        async with Scene().served() as scene, scene.client() as client:
            connected = await client.expect("connected")
            assert connected["connection_id"] and connected["message"] and connected["server_time"]
            task_id = await client.begin_single(FILE)
            await client.send("upload_data", task_id=task_id, file_data=b64(FILE))
            assert (await client.expect("upload_complete"))["task_id"] == task_id
            progress = await client.expect("task_progress")
            assert progress["task_id"] == task_id and progress["timestamp"] and progress["error_type"] is None
            scene.desk.change(task_id, progress=40.0)
            assert (await client.expect("task_progress"))["progress"] == 40.0
            scene.desk.end(task_id, TaskState.COMPLETED)
            done = await client.expect("task_complete")
            assert done["result"]["task_id"] == task_id and done["timestamp"]
            assert (await client.ask("ping"))["type"] == "pong"
            assert scene.reception.received[task_id] == FILE

    asyncio.run(main())


def test_chunks_in_base64_and_binary_are_answered_in_order_and_then_acknowledged():
    async def main() -> None:
        async with Scene().served() as scene, scene.client() as client:
            await client.expect("connected")
            task_id = await client.begin_chunked(FILE, 1000)
            parts = [FILE[i : i + 1000] for i in range(0, len(FILE), 1000)]
            await client.connection.send(pack_chunk(task_id, 2, parts[2], hashlib.md5(parts[2]).digest()))
            await client.send(
                "upload_chunk",
                task_id=task_id,
                chunk_index=0,
                chunk_data=b64(parts[0]),
                chunk_hash=hashlib.md5(parts[0]).hexdigest(),
                chunk_size=1000,
                is_last=False,
            )
            await client.connection.send(pack_chunk(task_id, 2, parts[2]))
            await client.connection.send(pack_chunk(task_id, 1, parts[1]))
            answers = [await client.expect("chunk_received") for _ in range(4)]
            assert [answer["chunk_index"] for answer in answers] == [2, 0, 2, 1]
            assert [answer["status"] for answer in answers] == [
                "received",
                "received",
                "duplicate",
                "received",
            ]
            assert answers[-1]["progress"] == 100.0
            assert (await client.expect("upload_complete"))["task_id"] == task_id
            await client.expect("task_progress")
            assert scene.reception.received[task_id] == FILE

    asyncio.run(main())


def test_several_chunks_are_in_hand_at_once_but_not_many():
    async def main() -> None:
        async with Scene().served() as scene, scene.client() as client:
            await client.expect("connected")
            task_id = await client.begin_chunked(b"x" * 20, 1)
            scene.reception.hold = asyncio.Event()
            for index in range(20):
                await client.connection.send(pack_chunk(task_id, index, b"x"))
            await client.send("ping")
            await until(lambda: scene.reception.in_progress == 4)
            scene.reception.hold.set()
            for index in range(20):
                assert (await client.expect("chunk_received"))["chunk_index"] == index
            assert scene.reception.most_in_progress == 4
            await client.expect("upload_complete")
            await client.expect("pong", "task_progress")

    asyncio.run(main())


def test_progress_of_an_upload_never_falls_though_chunks_are_done_out_of_order():
    async def main() -> None:
        async with Scene().served() as scene, scene.client() as client:
            await client.expect("connected")
            task_id = await client.begin_chunked(b"x" * 4, 1)
            write, later = scene.reception.write_chunk, asyncio.Event()

            async def out_of_order(who, task_id, index, data, md5):
                if index == 1:
                    await later.wait()
                receipt = await write(who, task_id, index, data, md5)
                if receipt.received == 3:
                    later.set()
                return receipt

            scene.reception.write_chunk = out_of_order
            for index in range(4):
                await client.connection.send(pack_chunk(task_id, index, b"x"))
            answers = [await client.expect("chunk_received") for _ in range(4)]
            assert [answer["chunk_index"] for answer in answers] == [0, 1, 2, 3]
            assert [answer["progress"] for answer in answers] == [25.0, 50.0, 75.0, 100.0]
            await client.expect("upload_complete")

    asyncio.run(main())


def test_a_waiting_task_is_told_its_place_in_both_units():
    async def main() -> None:
        scene = Scene()
        scene.reception.acknowledge = lambda task_id: Queued(task_id=task_id, position=3, wait_s=61.0)
        async with scene.served(), scene.client() as client:
            await client.expect("connected")
            task_id = await client.begin_single(FILE)
            await client.send("upload_data", task_id=task_id, file_data=b64(FILE))
            queued = await client.expect("task_queued")
            assert queued["queue_position"] == 3
            assert (queued["estimated_wait_seconds"], queued["estimated_wait_minutes"]) == (61.0, 2)
            await client.expect("task_progress")

    asyncio.run(main())


def test_a_full_queue_keeps_the_file_for_finalize_upload():
    async def main() -> None:
        scene = Scene()
        scene.reception.acknowledge = lambda task_id: Full(
            task_id=task_id, retry_after_s=7, waiting=9, most_waiting=9
        )
        async with scene.served(), scene.client() as client:
            await client.expect("connected")
            task_id = await client.begin_chunked(FILE, len(FILE))
            await client.connection.send(pack_chunk(task_id, 0, FILE))
            await client.expect("chunk_received")
            full = await client.expect("queue_full")
            assert (full["retry_after"], full["queue_size"], full["max_queue_size"]) == (7, 9, 9)
            assert full["error"] == "queue_full" and "队列已满" in full["message"]
            scene.reception.acknowledge = lambda task_id: Queued(task_id=task_id, position=1, wait_s=1.0)
            await client.send("finalize_upload", task_id=task_id)
            await client.expect("task_queued")
            await client.expect("task_progress")
            await client.send("finalize_upload", task_id=task_id)
            assert (await client.expect("task_status"))["status"] == "pending"

    asyncio.run(main())


def test_known_content_is_acknowledged_and_complete():
    async def main() -> None:
        scene = Scene()
        scene.reception.acknowledge = lambda task_id: Answered(task_id=task_id)
        async with scene.served(), scene.client() as client:
            await client.expect("connected")
            task_id = await client.begin_single(FILE)
            await client.send("upload_data", task_id=task_id, file_data=b64(FILE))
            await client.expect("upload_complete")
            assert (await client.expect("task_complete"))["task_id"] == task_id

    asyncio.run(main())


def test_an_early_hit_is_the_answer_to_the_request():
    async def main() -> None:
        scene = Scene()
        scene.reception.hit = True
        async with scene.served(), scene.client() as client:
            await client.expect("connected")
            answer = await client.ask("upload_request", file_name="a.wav", file_size=1, file_hash="0" * 32)
            assert answer["type"] == "task_complete"
            task_id = answer["data"]["task_id"]
            await client.send("subscribe", task_id=task_id)
            assert (await client.expect("task_status"))["result"]["task_id"] == task_id
            assert (await client.ask("ping"))["type"] == "pong"  # and no second task_complete

    asyncio.run(main())


def test_a_failure_is_progress_and_then_an_error():
    async def main() -> None:
        async with Scene().served() as scene, scene.client() as client:
            await client.expect("connected")
            for state, kind in (
                (TaskState.FAILED, ErrorType.AUDIO),
                (TaskState.TIMED_OUT, ErrorType.TIMEOUT),
            ):
                task = scene.desk.put()
                await client.send("subscribe", task_id=task.id)
                assert (await client.expect("task_status"))["status"] == "pending"
                await client.expect("task_progress")
                failure = Failure(code="undecodable_media", kind=kind, message="It could not be read.")
                scene.desk.end(task.id, state, failure)
                progress = await client.expect("task_progress")
                assert (progress["status"], progress["error_type"]) == ("failed", kind.value)
                error = await client.expect("error")
                assert (error["error"], error["task_id"]) == ("job_failed", task.id)
                assert error["details"] == {"error_type": kind.value, "code": "undecodable_media"}
                assert error["message"] == "It could not be read."

    asyncio.run(main())


def test_segments_are_pushed_only_where_they_were_ordered():
    async def main() -> None:
        async with Scene().served() as scene, scene.client() as client:
            await client.expect("connected")
            for wanted in (False, True):
                task_id = await client.begin_single(FILE, segments=wanted)
                await client.send("upload_data", task_id=task_id, file_data=b64(FILE))
                await client.expect("upload_complete")
                await client.expect("task_progress")
                scene.desk.tell(task_id, "one")
                await client.expect("task_progress")
                if wanted:
                    segment = await client.expect("task_segment")
                    assert (segment["index"], segment["text"], segment["final"]) == (0, "one", False)
                scene.desk.end(task_id, TaskState.COMPLETED)
                await client.expect("task_complete")

    asyncio.run(main())


def test_subscribing_brings_what_was_missed_and_then_what_happens():
    async def main() -> None:
        async with Scene().served() as scene:
            task = scene.desk.put()
            for text in ("zero", "one", "two"):
                scene.desk.tell(task.id, text)
            async with scene.client() as client:
                await client.expect("connected")
                await client.send("subscribe", task_id=task.id, from_segment=1)
                assert (await client.expect("task_status"))["status"] == "processing"
                heard = []
                while len(heard) < 2:
                    message = await client.hear()
                    if message["type"] == "task_segment":
                        heard.append((message["data"]["index"], message["data"]["text"]))
                assert heard == [(1, "one"), (2, "two")]
                scene.desk.tell(task.id, "three")
                while (message := await client.hear())["type"] != "task_segment":
                    assert message["type"] == "task_progress"
                assert message["data"]["text"] == "three"
                scene.desk.end(task.id, TaskState.COMPLETED)
                await client.expect("task_complete")

    asyncio.run(main())


def test_a_task_that_was_over_before_still_ends_for_a_new_connection_and_only_once():
    async def main() -> None:
        async with Scene().served() as scene, scene.client() as client:
            task = scene.desk.put()
            scene.desk.end(task.id, TaskState.COMPLETED)
            await client.expect("connected")
            await client.send("subscribe", task_id=task.id)
            assert (await client.expect("task_status"))["status"] == "completed"
            await client.expect("task_complete")
            for kind in ("subscribe", "finalize_upload", "task_status"):
                await client.send(kind, task_id=task.id)
                await client.expect("task_status")
            assert (await client.ask("ping"))["type"] == "pong"

    asyncio.run(main())


def test_a_cancelled_task_ends_once_on_every_connection():
    async def main() -> None:
        async with Scene().served() as scene, scene.client() as one, scene.client() as other:
            task = scene.desk.put()
            for client in (one, other):
                await client.expect("connected")
                await client.send("subscribe", task_id=task.id)
                await client.expect("task_status")
                await client.expect("task_progress")
            await one.send("cancel_task", task_id=task.id)
            for client in (one, other):
                assert (await client.expect("task_cancelled"))["task_id"] == task.id
                assert (await client.refused("cancel_task", task_id=task.id))["error"] == "cancel_failed"
                assert (await client.ask("ping"))["type"] == "pong"

    asyncio.run(main())


def test_an_upload_can_be_cancelled_before_it_is_a_task():
    async def main() -> None:
        async with Scene().served() as scene, scene.client() as client:
            await client.expect("connected")
            task_id = await client.begin_chunked(FILE, 1000)
            await client.send("task_status", task_id=task_id)
            assert (await client.expect("task_status"))["status"] == "pending"
            await client.send("cancel_task", task_id=task_id)
            await client.expect("task_cancelled")
            assert (await client.refused("upload_status", task_id=task_id))["error"] == "session_not_found"
            assert not scene.reception.uploads

    asyncio.run(main())


def test_an_upload_goes_on_over_another_line():
    async def main() -> None:
        async with Scene().served() as scene:
            async with scene.client() as client:
                await client.expect("connected")
                task_id = await client.begin_chunked(FILE, 1000)
                await client.connection.send(pack_chunk(task_id, 1, FILE[1000:2000]))
                await client.expect("chunk_received")
            async with scene.client() as client:
                await client.expect("connected")
                await client.send("upload_status", task_id=task_id)
                status = await client.expect("upload_status")
                assert (status["received"], status["missing"]) == (1, [[0, 0], [2, 2]])
                for index in (0, 2):
                    part = FILE[index * 1000 : (index + 1) * 1000]
                    await client.connection.send(pack_chunk(task_id, index, part))
                    await client.expect("chunk_received")
                await client.expect("upload_complete")

    asyncio.run(main())


def test_a_line_that_closes_after_the_last_chunk_loses_nothing():
    async def main() -> None:
        async with Scene().served() as scene:
            async with scene.client() as client:
                await client.expect("connected")
                task_id = await client.begin_chunked(FILE, len(FILE))
                scene.reception.hold = asyncio.Event()
                await client.connection.send(pack_chunk(task_id, 0, FILE))
                await until(lambda: scene.reception.in_progress == 1)
                client.connection.transport.abort()
            scene.reception.hold.set()
            await until(lambda: task_id in scene.desk.tasks)

    asyncio.run(main())


def test_a_file_that_is_not_what_was_announced_is_told_after_its_last_chunk():
    def refuse(task_id: str) -> Started:
        raise FileHashMismatch("The file has another hash; send its chunks again.")

    async def main() -> None:
        scene = Scene()
        scene.reception.acknowledge = refuse
        async with scene.served(), scene.client() as client:
            await client.expect("connected")
            task_id = await client.begin_chunked(FILE, len(FILE))
            await client.connection.send(pack_chunk(task_id, 0, FILE))
            await client.expect("chunk_received")
            error = await client.expect("error")
            assert (error["error"], error["task_id"]) == ("file_hash_mismatch", task_id)
            assert (await client.ask("ping"))["type"] == "pong"

    asyncio.run(main())


def test_a_connection_follows_a_bounded_number_of_tasks():
    async def main() -> None:
        async with Scene(max_followed=2).served() as scene, scene.client() as client:
            await client.expect("connected")
            tasks = [scene.desk.put() for _ in range(3)]
            for task in tasks[:2]:
                await client.send("subscribe", task_id=task.id)
                await client.expect("task_status")
                await client.expect("task_progress")
            assert (await client.refused("subscribe", task_id=tasks[2].id))["error"] == "too_many_sessions"
            request = {"file_name": "a.wav", "file_size": 1, "file_hash": "0" * 32}
            assert (await client.refused("upload_request", **request))["error"] == "too_many_sessions"
            scene.desk.end(tasks[0].id, TaskState.COMPLETED)
            await client.wait_for("task_complete")
            await until(lambda: scene.desk.watchers == 1)
            await client.send("subscribe", task_id=tasks[2].id)
            await client.wait_for("task_status")
            await client.expect("task_progress")

    asyncio.run(main())


def test_subscribing_again_starts_over_without_a_second_end():
    async def main() -> None:
        async with Scene().served() as scene, scene.client() as client:
            await client.expect("connected")
            task = scene.desk.put()
            scene.desk.tell(task.id, "zero")
            for _ in range(5):
                await client.send("subscribe", task_id=task.id)
            await asyncio.sleep(0.2)
            scene.desk.end(task.id, TaskState.COMPLETED)
            await client.send("ping")
            kinds = []
            while kinds.count("pong") < 1 or "task_complete" not in kinds:
                kinds.append((await client.hear())["type"])
            assert kinds.count("task_status") == 5 and kinds.count("task_complete") == 1
            assert (await client.ask("ping"))["type"] == "pong"
            assert scene.desk.watchers == 0

    asyncio.run(main())


def test_text_can_be_asked_for_after_the_end():
    async def main() -> None:
        async with Scene().served() as scene, scene.client() as client:
            await client.expect("connected")
            task = scene.desk.put()
            for text in ("zero", "one"):
                scene.desk.tell(task.id, text)
            scene.desk.end(task.id, TaskState.FAILED)
            await client.send("subscribe", task_id=task.id, from_segment=1)
            await client.expect("task_status")
            await client.expect("task_segment")
            await client.expect("task_progress")
            await client.expect("error")
            await client.send("subscribe", task_id=task.id)
            await client.expect("task_status")
            assert [(await client.expect("task_segment"))["text"] for _ in range(2)] == ["zero", "one"]
            assert (await client.ask("ping"))["type"] == "pong"

    asyncio.run(main())


def test_a_task_whose_end_cannot_be_told_ends_with_an_error():
    async def main() -> None:
        async with Scene().served() as scene, scene.client() as client:
            await client.expect("connected")
            task = scene.desk.put()
            await client.send("subscribe", task_id=task.id)
            await client.expect("task_status")
            await client.expect("task_progress")
            scene.desk.broken = TaskExpired("The task was forgotten.")
            scene.desk.change(task.id, progress=1.0)
            error = await client.expect("error")
            assert (error["error"], error["task_id"]) == ("task_expired", task.id)

    asyncio.run(main())


def test_a_locked_database_is_waited_for():
    async def main() -> None:
        async with Scene().served() as scene, scene.client() as client:
            await client.expect("connected")
            task = scene.desk.put()
            scene.desk.tell(task.id, "zero")
            await client.send("subscribe", task_id=task.id)
            await client.expect("task_status")
            await client.expect("task_progress")
            assert (await client.expect("task_segment"))["index"] == 0
            scene.desk.broken = StoreBusy("Locked.")
            scene.desk.change(task.id, progress=1.0)
            await until(lambda: scene.desk.watchers == 0)
            scene.desk.broken = None
            scene.desk.tell(task.id, "one")
            await client.expect("task_progress")
            assert (await client.expect("task_segment"))["index"] == 1  # and not "zero" once more
            scene.desk.end(task.id, TaskState.COMPLETED)
            await client.wait_for("task_complete")

    asyncio.run(main())


def test_lines_dropped_in_the_middle_leave_nothing_behind():
    async def main() -> None:
        async with Scene().served() as scene:
            task = scene.desk.put()
            before = len(asyncio.all_tasks())

            async def visit(number: int) -> None:
                async with scene.client() as client:
                    await client.expect("connected")
                    await client.send("subscribe", task_id=task.id)
                    await client.expect("task_status")
                    if number % 4 == 1:
                        client.connection.transport.abort()
                    if number % 4 == 2:
                        part = bytes([0x82, 0xFF]) + (100_000).to_bytes(8, "big") + bytes(50_004)
                        client.connection.transport.write(part)
                        await client.expect("task_progress")
                        client.connection.transport.abort()
                    if number % 4 == 3:
                        upload = asyncio.create_task(client.begin_chunked(FILE, 10))
                        await asyncio.sleep(0)
                        client.connection.transport.abort()
                        await asyncio.gather(upload, return_exceptions=True)

            for first in range(0, 200, 20):
                await asyncio.gather(*(visit(number) for number in range(first, first + 20)))
            await until(lambda: scene.desk.watchers == 0 and scene.door.connections == 0)
            await until(lambda: len(asyncio.all_tasks()) <= before)
            await until(lambda: not scene.server.server_state.connections)
            async with scene.client() as client:
                await client.expect("connected")
                (line,) = scene.server.server_state.connections
                assert line._budget.used_bytes == 0 and not line._budget.is_contended

    asyncio.run(main())
