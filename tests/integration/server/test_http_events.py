"""Jobs watched by server-sent events, on real sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from parley.jobs.task import ErrorType, Failure, TaskState
from parley.server import validity

from .behind import Scene, calling, served, until

Event = dict[str, Any]


async def events(answer: httpx.Response) -> AsyncIterator[Event]:
    event: Event = {}
    async for line in answer.aiter_lines():
        name, _, value = line.partition(": ")
        if not line:
            if "event" in event:
                event["data"] = json.loads(event["data"])
                yield event
            event = {}
        elif name:
            event[name] = value


async def all_events(scene: Scene, task_id: str, **how: Any) -> list[Event]:
    async with scene.client() as client:
        answer = await client.get(f"/v1/jobs/{task_id}/events", **how)
        assert answer.headers["content-type"].startswith("text/event-stream")
        return [event async for event in events(answer)]


def test_a_completed_job_tells_its_segments_and_its_result() -> None:
    scene = Scene()
    task = scene.desk.put()
    seen = asyncio.run(all_events(scene, task.id))
    kinds = [event["event"] for event in seen]
    assert kinds == ["task_progress", "task_segment", "task_segment", "task_complete"]
    assert [event.get("id") for event in seen] == [None, "0", "1", "end"]
    assert all(event["data"]["type"] == event["event"] for event in seen)
    assert seen[-1]["data"]["data"]["result"]["task_id"] == task.id


@pytest.mark.parametrize("how", [{"headers": {"last-event-id": "0"}}, {"params": {"from_segment": "1"}}])
def test_a_client_goes_on_behind_what_it_has(how: dict[str, Any]) -> None:
    scene = Scene()
    task = scene.desk.put()
    seen = asyncio.run(all_events(scene, task.id, **how))
    assert [event["data"]["data"]["index"] for event in seen if event["event"] == "task_segment"] == [1]


@pytest.mark.parametrize(
    ("state", "failure", "kinds"),
    [
        (
            TaskState.FAILED,
            Failure(code="worker_died", kind=ErrorType.WORKER, message="It died."),
            ["task_progress", "task_progress", "error"],
        ),
        (TaskState.TIMED_OUT, None, ["task_progress", "task_progress", "error"]),
        (TaskState.CANCELLED, None, ["task_progress", "task_cancelled"]),
    ],
)
def test_a_job_without_result_ends_with_its_reason(
    state: TaskState, failure: Failure | None, kinds: list[str]
) -> None:
    scene = Scene()
    task = scene.desk.put(state, failure=failure)
    seen = asyncio.run(all_events(scene, task.id, params={"from_segment": "99"}))
    assert [event["event"] for event in seen] == kinds
    assert (seen[-1]["id"], seen[-1]["data"]["data"]["task_id"]) == ("end", task.id)
    if failure:
        assert seen[1]["data"]["data"]["status"] == "failed"
        assert seen[-1]["data"]["data"]["error"] == failure.code


def test_a_browser_that_has_the_end_is_told_to_stay_away() -> None:
    scene = Scene()
    task = scene.desk.put()

    async def main() -> None:
        async with scene.client() as client:
            path = f"/v1/jobs/{task.id}/events"
            assert (await client.get(path, headers={"last-event-id": "end"})).status_code == 204
            assert (await client.get(path, headers={"last-event-id": "-1"})).status_code == 400
            assert (await client.get(path, params={"from_segment": "-1"})).status_code == 400
            assert (await client.get("/v1/jobs/unknown/events")).status_code == 404
            head = await client.head(path)
            assert (head.status_code, head.content) == (200, b"")

    asyncio.run(main())
    assert not scene.app.state.event_streams


def test_signs_of_life_come_until_the_end() -> None:
    scene = Scene(heartbeat_s=0.05)
    task = scene.desk.put(TaskState.PROCESSING)

    async def main() -> None:
        async with (
            served(scene) as (host, port),
            calling(host, port) as client,
            client.stream("GET", f"/v1/jobs/{task.id}/events") as answer,
        ):
            lines = answer.aiter_lines()
            beats = 0
            while beats < 3:
                beats += (await anext(lines)) == ": alive"
            scene.desk.tasks[task.id] = replace(scene.desk.tasks[task.id], state=TaskState.COMPLETED)
            scene.desk.beats.set()
            rest = [line async for line in lines]
            assert "event: task_complete" in rest

    asyncio.run(main())
    assert scene.desk.watchers == 0


def test_a_client_that_goes_is_not_told_any_more() -> None:
    scene = Scene()
    task = scene.desk.put(TaskState.PROCESSING)

    async def main() -> None:
        async with served(scene) as (host, port), calling(host, port) as client:
            async with client.stream("GET", f"/v1/jobs/{task.id}/events") as answer:
                lines = answer.aiter_lines()  # kept: dropping the iterator drops the line
                await anext(lines)
                await until(lambda: scene.desk.watchers == 1)
            await until(lambda: scene.desk.watchers == 0)
            assert not scene.app.state.event_streams

    asyncio.run(main())


def test_streams_are_counted() -> None:
    scene = Scene(max_event_streams=1)
    task = scene.desk.put(TaskState.PROCESSING)

    async def main() -> None:
        async with served(scene) as (host, port), calling(host, port) as client:
            path = f"/v1/jobs/{task.id}/events"
            async with client.stream("GET", path) as answer:
                lines = answer.aiter_lines()  # kept: dropping the iterator drops the line
                await anext(lines)
                refused = await client.get(path)
                assert (refused.status_code, refused.json()["code"]) == (429, "too_many_sessions")
                assert int(refused.headers["retry-after"]) > 0
            await until(lambda: not scene.app.state.event_streams)

    asyncio.run(main())


def test_a_revoked_key_hears_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validity, "_CONFIRM_AFTER_S", 0.0)
    scene = Scene(users=("pk_anna", "berta"))
    task = scene.desk.put(TaskState.PROCESSING, user="pk_anna")

    async def main() -> list[str]:
        async with served(scene) as (host, port), calling(host, port) as client:
            headers = {"Authorization": "Bearer pk_anna"}
            path = f"/v1/jobs/{task.id}/events"
            kinds: list[str] = []
            async with client.stream("GET", path, headers=headers, timeout=60) as answer:
                async for event in events(answer):
                    kinds.append(event["data"]["data"].get("error") or event["event"])
                    if kinds[-1] == "task_segment" and len(kinds) == 3:
                        scene.rooms.authority.users = ("berta",)  # type: ignore[attr-defined]
                        scene.desk.tasks[task.id] = replace(task, state=TaskState.COMPLETED)
                        scene.desk.beats.set()
            return kinds

    assert asyncio.run(main()) == ["task_progress", "task_segment", "task_segment", "auth_failed"]
