"""Handing in recordings and asking for jobs over HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from parley.jobs.task import ErrorType, Failure, Priority, TaskState
from parley.speech.recognition import SpeakerCount

from .behind import Scene, served, until

FILE = {"file": ("会议.m4a", b"some bytes", "audio/mp4")}


def submit(scene: Scene, **sent: Any) -> httpx.Response:
    async def main() -> httpx.Response:
        async with scene.client() as client:
            return await client.post("/v1/jobs", **sent)

    return asyncio.run(main())


def test_a_form_becomes_a_job() -> None:
    scene = Scene()
    answer = submit(scene, files=FILE, data={"language": "en", "output_format": "srt"})
    assert answer.status_code == 202
    job = answer.json()
    assert answer.headers["location"] == f"/v1/jobs/{job['task_id']}"
    assert (job["status"], job["file_name"], job["output_format"]) == ("pending", "会议.m4a", "srt")
    assert scene.reception.received == [b"some bytes"]
    assert scene.reception.plans[0].order.wish.recognition.language == "en"


def test_every_option_of_a_form_reaches_the_order() -> None:
    scene = Scene()
    form = {
        "file_name": "shown.wav", "file_hash": "ABCDEF", "force_refresh": "true", "output_format": "vtt",
        "engine": "mine", "language": "zh", "word_align": "true", "hotwords": ["Parley", "王芳"],
        "min_speakers": "2", "max_speakers": "4", "channel": "1", "task": "translate", "prompt": "News.",
        "from": "1.5", "to": "9", "segments": "1", "priority": "high", "unknown": "ignored",
    }  # fmt: skip
    assert submit(scene, files=FILE, data=form).status_code == 202
    plan = scene.reception.plans[0]
    order, wish = plan.order, plan.order.wish
    assert (plan.declared_hash, plan.size_bytes, plan.door) == ("abcdef", None, "http")
    assert (order.file_name, order.output_format, order.profile) == ("shown.wav", "vtt", "mine")
    assert (order.segments, order.priority, wish.use_cache) == (True, Priority.HIGH, False)
    assert wish.recognition.hotwords == (("Parley", 1.0), ("王芳", 1.0))
    assert (wish.recognition.language, wish.recognition.task) == ("zh", "translate")
    assert (wish.recognition.prompt, wish.recognition.words) == ("News.", True)
    assert wish.speakers == SpeakerCount(minimum=2, maximum=4)
    assert (wish.decode.channel, wish.decode.start, wish.decode.end) == ("1", 1.5, 9.0)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ('["one", "two"]', (("one", 1.0), ("two", 1.0))),
        ('{"one": 2.5}', (("one", 2.5),)),
        ("one", (("one", 1.0),)),
    ],
)
def test_hotwords_may_be_json(sent: str, words: object) -> None:
    scene = Scene()
    assert submit(scene, files=FILE, data={"hotwords": sent}).status_code == 202
    assert scene.reception.plans[0].order.wish.recognition.hotwords == words


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"output_format": "doc"}, "invalid_format"),
        ({"diarize": "perhaps"}, "invalid_option"),
        ({"num_speakers": "0"}, "invalid_option"),
        ({"num_speakers": "-1"}, "invalid_option"),
        ({"num_speakers": "2", "max_speakers": "3"}, "invalid_option"),
        ({"num_speakers": "2", "diarize": "false"}, "invalid_option"),
        ({"min_speakers": "5", "max_speakers": "3"}, "invalid_option"),
        ({"from": "nan"}, "invalid_option"),
        ({"from": "5", "to": "5"}, "invalid_option"),
        ({"channel": "left"}, "invalid_option"),
        ({"hotwords": "[1"}, "invalid_option"),
        ({"hotwords": '{"a": "b"}'}, "invalid_option"),
        ({"language": ["en", "zh"]}, "invalid_option"),
        ({"priority": "urgent"}, "invalid_option"),
        ({"prompt": "x" * 4001}, "invalid_option"),
    ],
)
def test_options_that_mean_nothing_are_refused(form: dict[str, Any], code: str) -> None:
    scene = Scene()
    answer = submit(scene, files=FILE, data=form)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert not scene.reception.plans


def test_a_known_recording_is_answered_at_once() -> None:
    scene = Scene()
    scene.reception.answered = True
    answer = submit(scene, files=FILE)
    assert (answer.status_code, answer.json()["status"]) == (200, "completed")


def test_a_full_queue_keeps_the_recording() -> None:
    scene = Scene()
    scene.reception.full = True

    async def main() -> None:
        async with scene.client() as client:
            refused = await client.post("/v1/jobs", files=FILE)
            problem = refused.json()
            assert (refused.status_code, problem["code"]) == (503, "queue_full")
            assert refused.headers["retry-after"] == "7"
            assert (await client.post(f"/v1/jobs/{problem['task_id']}/finalize")).status_code == 503
            scene.reception.full = False
            admitted = await client.post(f"/v1/jobs/{problem['task_id']}/finalize")
            assert (admitted.status_code, admitted.json()["task_id"]) == (202, problem["task_id"])
            again = await client.post(f"/v1/jobs/{problem['task_id']}/finalize")
            assert again.status_code == 200

    asyncio.run(main())
    assert scene.reception.received == [b"some bytes"]


def test_a_recording_that_waits_for_admission_can_be_dropped() -> None:
    scene = Scene()
    scene.reception.full = True

    async def main() -> None:
        async with scene.client() as client:
            problem = (await client.post("/v1/jobs", files=FILE)).json()
            assert (await client.delete(f"/v1/jobs/{problem['task_id']}")).status_code == 204
            assert (await client.delete(f"/v1/jobs/{problem['task_id']}")).status_code == 404

    asyncio.run(main())
    assert not scene.reception.uploads


async def _endless() -> AsyncIterator[bytes]:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    yield head
    while True:
        yield b"x" * 65536


def test_a_file_of_unknown_length_is_cut_off_at_the_limit() -> None:
    scene = Scene(max_file_bytes=1_000_000)
    scene.reception.most_bytes = 1_000_000
    content_type = {"content-type": "multipart/form-data; boundary=b"}
    answer = submit(scene, content=_endless(), headers=content_type)
    assert (answer.status_code, answer.json()["code"]) == (413, "file_too_large")
    assert not scene.reception.uploads


def test_an_announced_length_is_refused_before_a_byte_is_read() -> None:
    scene = Scene(max_file_bytes=1000)

    async def untouched() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    headers = {"content-type": "multipart/form-data; boundary=b", "content-length": "9999999"}
    answer = submit(scene, content=untouched(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "file_too_large")


def _part(name: str, content: str, more: str = "") -> str:
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{content}\r\n'


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "upload_error"),
        ("nonsense", "upload_error"),
        ("--b--\r\n", "missing_file_data"),
        (_part("language", "en") + "--b--\r\n", "missing_file_data"),
        (_part("file", "x", '; filename="a.wav"'), "upload_error"),
        (_part("file", "x", '; filename="a.wav"') * 2 + "--b--\r\n", "upload_error"),
        (_part("other", "x", '; filename="a.wav"') + "--b--\r\n", "upload_error"),
        (_part("prompt", "x" * 2_000_000) + _part("file", "x") + "--b--\r\n", "upload_error"),
        (_part("a", "") * 1200 + _part("file", "x") + "--b--\r\n", "upload_error"),
    ],
)
def test_a_broken_form_is_refused(body: str, code: str) -> None:
    scene = Scene()
    answer = submit(scene, content=body, headers={"content-type": "multipart/form-data; boundary=b"})
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert not scene.reception.uploads and not scene.reception.plans


@pytest.mark.parametrize(
    "content_type", ["multipart/form-data", f"multipart/form-data; boundary={'b' * 999}"]
)
def test_a_form_needs_a_sensible_boundary(content_type: str) -> None:
    answer = submit(Scene(), content=b"", headers={"content-type": content_type})
    assert (answer.status_code, answer.json()["code"]) == (400, "upload_error")


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_another_type_of_body_is_refused(content_type: str) -> None:
    answer = submit(Scene(), content=b"a=b", headers={"content-type": content_type})
    assert answer.status_code == 415


def test_a_body_that_stops_is_given_up() -> None:
    scene = Scene(patience_s=0.1)

    async def stalled() -> AsyncIterator[bytes]:
        yield _part("file", "x" * 100, '; filename="a.wav"').encode()
        await asyncio.sleep(60)
        yield b""

    answer = submit(scene, content=stalled(), headers={"content-type": "multipart/form-data; boundary=b"})
    assert (answer.status_code, answer.json()["code"]) == (400, "upload_error")
    assert len(scene.reception.broken) == 1


def test_jobs_are_listed_page_by_page() -> None:
    scene = Scene()
    made = [scene.desk.put().id for _ in range(5)]
    scene.desk.put(
        TaskState.FAILED, failure=Failure(code="worker_died", kind=ErrorType.WORKER, message="It died.")
    )

    async def main() -> None:
        async with scene.client() as client:
            seen: list[str] = []
            cursor = None
            while True:
                params = {"limit": "2", "status": "completed", **({"cursor": cursor} if cursor else {})}
                page = (await client.get("/v1/jobs", params=params)).json()
                seen += [job["task_id"] for job in page["items"]]
                cursor = page["next_cursor"]
                if cursor is None:
                    break
            assert seen == made
            failed = (await client.get("/v1/jobs", params={"status": "failed"})).json()["items"]
            assert failed[0]["error"] == {
                "code": "worker_died",
                "type": "worker_error",
                "message": "It died.",
            }
            assert (await client.get("/v1/jobs", params={"limit": "0"})).status_code == 400
            assert (await client.get("/v1/jobs", params={"status": "odd"})).json()["code"] == "invalid_option"

    asyncio.run(main())


def test_jobs_of_others_do_not_exist() -> None:
    scene = Scene(users=("anna", "bert"))
    task = scene.desk.put(user="anna")

    async def main() -> None:
        async with scene.client() as client:
            anna, bert = ({"authorization": f"Bearer {name}"} for name in ("anna", "bert"))
            for path in ("", "/result", "/events", "/transcript", "/media"):
                assert (await client.get(f"/v1/jobs/{task.id}{path}", headers=bert)).status_code == 404, path
                nobody = await client.get(f"/v1/jobs/{task.id}{path}")
                assert (nobody.status_code, nobody.json()["code"]) == (401, "auth_failed")
                assert nobody.headers["www-authenticate"].startswith("Bearer")
            assert (await client.delete(f"/v1/jobs/{task.id}", headers=bert)).status_code == 404
            assert (await client.get(f"/v1/jobs/{task.id}", headers=anna)).status_code == 200
            assert (await client.get("/v1/jobs", headers=bert)).json()["items"] == []

    asyncio.run(main())


def test_a_job_is_cancelled_once() -> None:
    scene = Scene()
    task = scene.desk.put(TaskState.PROCESSING)

    async def main() -> None:
        async with scene.client() as client:
            assert (await client.delete(f"/v1/jobs/{task.id}")).json()["status"] == "cancelled"
            again = await client.delete(f"/v1/jobs/{task.id}")
            assert (again.status_code, again.json()["code"]) == (409, "cancel_failed")
            assert again.json()["task_id"] == task.id

    asyncio.run(main())


def test_json_needs_a_server_that_fetches() -> None:
    answer = submit(Scene(), json={"url": "http://example.com/a.wav"})
    assert (answer.status_code, answer.json()["code"]) == (400, "url_refused")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "invalid_json"),
        (b"[]", "invalid_json"),
        (b"[" * 100_000, "invalid_json"),
        (b'"\xff"', "invalid_json"),
        (b"{}", "invalid_option"),
        (json.dumps({"url": "http://a/", "diarize": "yes"}).encode(), "invalid_option"),
        (b'{"url": "http://a/", "file_name": "\\ud800"}', "invalid_option"),
        (b'{"url": "http://a/", "output_format": "x"}', "invalid_format"),
    ],
)
def test_json_that_means_nothing_is_refused(body: bytes, code: str) -> None:
    answer = submit(Scene(allow_urls=True), content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_client_that_goes_leaves_nothing() -> None:
    scene = Scene()

    async def main() -> None:
        async with served(scene) as (host, port):
            _, writer = await asyncio.open_connection(host, port)
            head = "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n"
            head += "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
            writer.write((head + _part("file", "some bytes", '; filename="a.wav"')).encode())
            await writer.drain()
            await until(lambda: any(upload.data for upload in scene.reception.uploads.values()))
            writer.transport.abort()
            await until(lambda: not scene.reception.uploads)

    asyncio.run(main())
    assert len(scene.reception.broken) == 1 and not scene.desk.tasks
