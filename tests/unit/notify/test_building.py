from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from parley.app.notifying import build_notifier, event_of, tell_end, webhook_secret
from parley.jobs.task import ErrorType, Failure, Order, Task, TaskState
from parley.notify.events import Event
from parley.settings.server import NotifySettings
from parley.telemetry.metrics import Metrics


def task(state: TaskState, failure: Failure | None = None, callback: str | None = None) -> Task:
    order = Order(file_name="talk.m4a", profile="embedded", callback_url=callback)
    return Task(
        id="1", user="anna", state=state, progress=100, order=order, sha256="", md5="", size_bytes=1,
        created_at=0.0, duration=5.0, failure=failure,
    )  # fmt: skip


def test_a_task_becomes_an_event() -> None:
    failure = Failure(code="undecodable_media", kind=ErrorType.AUDIO, message="It is broken.")
    event = event_of(task(TaskState.FAILED, failure))
    assert event.kind == "task_failed"
    assert event.task is not None
    assert (event.task.error_code, event.task.error_message) == ("undecodable_media", "It is broken.")
    assert event_of(task(TaskState.COMPLETED)).kind == "task_completed"
    assert event_of(task(TaskState.TIMED_OUT)).kind == "task_failed"


class Ear:
    def __init__(self) -> None:
        self.heard: list[tuple[Event, str | None]] = []

    def tell(self, event: Event, callback: str | None = None) -> None:
        self.heard.append((event, callback))


def test_a_cancelled_task_is_told_to_its_own_address_only() -> None:
    ear: Any = Ear()
    tell_end(ear, task(TaskState.CANCELLED, callback="https://hook.example/"))
    [(event, callback)] = ear.heard
    assert (event.kind, callback) == ("task_cancelled", "https://hook.example/")
    assert event.kind not in NotifySettings().events


def test_a_random_secret_is_made_once_and_kept_to_ourselves(tmp_path: Path) -> None:
    made = webhook_secret(NotifySettings(), tmp_path / "data")
    assert len(made) == 64
    assert webhook_secret(NotifySettings(), tmp_path / "data") == made
    [path] = (tmp_path / "data").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert webhook_secret(NotifySettings(webhook_secret=SecretStr("mine")), tmp_path / "data") == b"mine"


def test_targets_come_from_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = Metrics()
    settings = NotifySettings(
        webhook=SecretStr("http://127.0.0.1:1/"),
        urls=(SecretStr("wecombot://hush"),),
        events=("task_failed",),
    )
    # Who knows the address may often post to it: it is shown as little as the keys.
    assert "127.0.0.1:1" not in repr(settings)
    outbox: Any = None
    notifier, _ = build_notifier(settings, tmp_path, outbox, metrics, None)
    notifier.tell(event_of(task(TaskState.COMPLETED)))
    assert b"parley_notifications_waiting 0.0" in metrics.render()
    assert b"hush" not in metrics.render()
