"""Results, media and edits over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from parley.jobs.task import ErrorType, Failure, TaskState

from .behind import Scene

Ask = Callable[[httpx.AsyncClient], Awaitable[None]]


def during(scene: Scene, ask: Ask) -> None:
    async def main() -> None:
        async with scene.client() as client:
            await ask(client)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("format", "media_type", "begin"),
    [
        ("json", "application/json; charset=utf-8", '{"task_id":'),
        ("srt", "application/x-subrip; charset=utf-8", "1\n00:00:00,000 --> "),
        ("vtt", "text/vtt; charset=utf-8", "WEBVTT"),
        ("txt", "text/plain; charset=utf-8", "[00:00:00] Speaker1"),
        ("tsv", "text/tab-separated-values; charset=utf-8", "start\t"),
        ("rttm", "text/plain; charset=utf-8", "SPEAKER "),
    ],
)
def test_a_result_comes_in_every_format(format: str, media_type: str, begin: str) -> None:
    scene = Scene()
    task = scene.desk.put()

    async def ask(client: httpx.AsyncClient) -> None:
        answer = await client.get(f"/v1/jobs/{task.id}/result", params={"format": format})
        assert answer.status_code == 200
        assert answer.headers["content-type"] == media_type
        assert answer.content.decode().startswith(begin)
        assert answer.headers["content-disposition"] == (
            f"attachment; filename=\"__ one.{format}\"; filename*=UTF-8''%E4%BC%9A%E8%AE%AE%20one.{format}"
        )
        head = await client.head(f"/v1/jobs/{task.id}/result", params={"format": format})
        assert (head.status_code, head.headers["etag"]) == (200, answer.headers["etag"])
        tags = f'"other", W/{answer.headers["etag"]}'
        known = await client.get(
            f"/v1/jobs/{task.id}/result", params={"format": format}, headers={"if-none-match": tags}
        )
        assert (known.status_code, known.content) == (304, b"")

    during(scene, ask)


@pytest.mark.parametrize(
    ("state", "failure", "code"),
    [
        (TaskState.PENDING, None, "result_not_ready"),
        (TaskState.PROCESSING, None, "result_not_ready"),
        (TaskState.CANCELLED, None, "job_cancelled"),
        (
            TaskState.FAILED,
            Failure(code="undecodable_media", kind=ErrorType.AUDIO, message="It holds no sound."),
            "undecodable_media",
        ),
        (TaskState.TIMED_OUT, None, "job_failed"),
    ],
)
def test_there_is_no_result_of_a_job_that_is_not_completed(
    state: TaskState, failure: Failure | None, code: str
) -> None:
    scene = Scene()
    task = scene.desk.put(state, failure=failure)

    async def ask(client: httpx.AsyncClient) -> None:
        for path in ("result", "transcript"):
            answer = await client.get(f"/v1/jobs/{task.id}/{path}")
            assert (answer.status_code, answer.json()["code"]) == (409, code)
            assert answer.json()["task_id"] == task.id

    during(scene, ask)


def test_who_edits_may_say_what_they_have_seen() -> None:
    scene = Scene()
    task = scene.desk.put()

    async def ask(client: httpx.AsyncClient) -> None:
        path = f"/v1/jobs/{task.id}/edits"
        seen = await client.get(path)
        assert (seen.status_code, seen.json()) == (200, {"speakers": {}, "texts": {}})
        tag = {"if-match": seen.headers["etag"]}
        edited = await client.patch(path, json={"texts": {"1": "晚安。"}}, headers=tag)
        assert edited.status_code == 200
        stale = await client.patch(path, json={"texts": {"1": "再见。"}}, headers=tag)
        assert (stale.status_code, stale.json()["code"]) == (409, "edit_conflict")
        now = await client.get(path)
        assert now.json()["texts"] == {"1": "晚安。"}
        assert now.headers["etag"] == edited.headers["etag"] != seen.headers["etag"]
        for headers in ({"if-match": now.headers["etag"]}, {"if-match": "*"}, {}):
            answer = await client.patch(path, json={"speakers": {"Speaker1": "王芳"}}, headers=headers)
            assert answer.status_code == 200
        below = await client.get(f"/v1/jobs/{task.id}/transcript", params={"edited": "false"})
        assert "晚安。" not in below.text and "王芳" not in below.text

    during(scene, ask)


def test_edits_show_in_every_export() -> None:
    scene = Scene()
    task = scene.desk.put()

    async def ask(client: httpx.AsyncClient) -> None:
        edits = {"speakers": {"Speaker1": "王芳"}, "texts": {"1": "大家早上好。"}}
        edited = await client.patch(f"/v1/jobs/{task.id}/edits", json=edits)
        assert (edited.status_code, edited.json()["edited"]) == (200, True)
        srt = (await client.get(f"/v1/jobs/{task.id}/result?format=srt")).text
        assert "王芳:大家早上好。" in srt and "王芳:Good morning." in srt
        whole = (await client.get(f"/v1/jobs/{task.id}/transcript")).json()
        assert [segment["text"] for segment in whole["segments"]] == ["Good morning.", "大家早上好。"]
        undone = await client.patch(f"/v1/jobs/{task.id}/edits", json={"texts": {"1": ""}})
        assert "早上好。" in (await client.get(f"/v1/jobs/{task.id}/result?format=srt")).text
        assert undone.status_code == 200

    during(scene, ask)


@pytest.mark.parametrize(
    "body",
    [
        {"texts": {"9": "x"}},
        {"texts": {"-1": "x"}},
        {"texts": {"01": "x"}},
        {"texts": {"0": 5}},
        {"texts": {"0": "x" * 10_001}},
        {"speakers": {"Nobody": "x"}},
        {"title": "x"},
    ],
)
def test_edits_that_mean_nothing_are_refused(body: object) -> None:
    scene = Scene()
    task = scene.desk.put()

    async def ask(client: httpx.AsyncClient) -> None:
        answer = await client.patch(f"/v1/jobs/{task.id}/edits", json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_option")

    during(scene, ask)
    assert not scene.desk.corrections


def test_edits_are_bounded() -> None:
    scene = Scene()
    task = scene.desk.put()

    async def ask(client: httpx.AsyncClient) -> None:
        huge = {"texts": {str(index): "x" * 9000 for index in range(2000)}}
        assert (await client.patch(f"/v1/jobs/{task.id}/edits", json=huge)).status_code == 413
        as_json = {"content-type": "application/json; charset=utf-8"}
        for body in (b"{", b"[]", b"null", b'"x"', b"", b"\xff", b'{"x":[' + b"[]," * 50_000 + b"[]]}"):
            answer = await client.patch(f"/v1/jobs/{task.id}/edits", content=body, headers=as_json)
            assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")
        assert (await client.patch(f"/v1/jobs/{task.id}/edits", content=b"{}")).status_code == 415

    during(scene, ask)


WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(range(256)) * 4000


@pytest.fixture
def with_media(tmp_path: Path) -> tuple[Scene, str]:
    scene = Scene()
    task = scene.desk.put()
    scene.desk.recordings[task.id] = tmp_path / "recording"
    scene.desk.recordings[task.id].write_bytes(WAV)
    return scene, f"/v1/jobs/{task.id}/media"


def test_a_recording_is_given_back(with_media: tuple[Scene, str]) -> None:
    scene, path = with_media

    async def ask(client: httpx.AsyncClient) -> None:
        answer = await client.get(path)
        assert (answer.status_code, answer.content) == (200, WAV)
        assert answer.headers["content-type"] == "audio/wav"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("sandbox")
        assert answer.headers["content-disposition"].startswith("inline; ")
        assert answer.headers["accept-ranges"] == "bytes"
        head = await client.head(path)
        assert (head.status_code, head.headers["content-length"]) == (200, str(len(WAV)))
        known = await client.get(path, headers={"if-none-match": answer.headers["etag"]})
        assert known.status_code == 304

    during(scene, ask)


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [("bytes=0-0", 0, 0), ("bytes=16-2000", 16, 2000), ("bytes=1000-", 1000, len(WAV) - 1),
     ("bytes=-5", len(WAV) - 5, len(WAV) - 1), ("bytes=5-99999999", 5, len(WAV) - 1)],
)  # fmt: skip
def test_a_range_of_it(with_media: tuple[Scene, str], header: str, first: int, last: int) -> None:
    scene, path = with_media

    async def ask(client: httpx.AsyncClient) -> None:
        answer = await client.get(path, headers={"range": header})
        assert (answer.status_code, answer.content) == (206, WAV[first : last + 1])
        assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(WAV)}"
        for condition in (answer.headers["etag"], answer.headers["last-modified"]):
            held = await client.get(path, headers={"range": header, "if-range": condition})
            assert held.status_code == 206
        for condition in (
            '"other"',
            f"W/{answer.headers['etag']}",
            "Mon, 01 Jan 2001 00:00:00 GMT",
            "nonsense",
        ):
            changed = await client.get(path, headers={"range": header, "if-range": condition})
            assert (changed.status_code, changed.content) == (200, WAV)

    during(scene, ask)


@pytest.mark.parametrize("header", ["bytes=99999999-", "bytes=-0"])
def test_a_range_outside_it(with_media: tuple[Scene, str], header: str) -> None:
    scene, path = with_media

    async def ask(client: httpx.AsyncClient) -> None:
        answer = await client.get(path, headers={"range": header})
        assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{len(WAV)}")

    during(scene, ask)


def test_what_is_no_recording_is_only_for_saving(with_media: tuple[Scene, str]) -> None:
    scene, path = with_media
    next(iter(scene.desk.recordings.values())).write_bytes(b"<html><script>alert(1)</script></html>")

    async def ask(client: httpx.AsyncClient) -> None:
        answer = await client.get(path)
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment; ")

    during(scene, ask)


def test_a_recording_that_is_gone(with_media: tuple[Scene, str]) -> None:
    scene, path = with_media
    next(iter(scene.desk.recordings.values())).unlink()

    async def ask(client: httpx.AsyncClient) -> None:
        for _ in range(2):
            answer = await client.get(path)
            assert (answer.status_code, answer.json()["code"]) == (404, "file_not_found")
            scene.desk.recordings.clear()

    during(scene, ask)


def test_an_empty_recording(with_media: tuple[Scene, str]) -> None:
    scene, path = with_media
    next(iter(scene.desk.recordings.values())).write_bytes(b"")

    async def ask(client: httpx.AsyncClient) -> None:
        answer = await client.get(path)
        assert (answer.status_code, answer.content) == (200, b"")
        assert (await client.get(path, headers={"range": "bytes=-5"})).status_code == 416

    during(scene, ask)
