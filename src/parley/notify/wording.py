"""Events as sentences, in English and in Chinese."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal

from parley.notify.events import Event, EventKind, TaskFacts, display_name

Language = Literal["en", "zh"]

_TITLES: Mapping[Language, Mapping[EventKind, str]] = MappingProxyType(
    {
        "en": {
            "server_started": "Parley has started",
            "server_stopped": "Parley has stopped",
            "task_completed": "Transcript ready",
            "task_failed": "Transcript failed",
            "task_cancelled": "Transcript cancelled",
        },
        "zh": {
            "server_started": "Parley 已启动",
            "server_stopped": "Parley 已停止",
            "task_completed": "转写完成",
            "task_failed": "转写失败",
            "task_cancelled": "转写已取消",
        },
    }
)


def title_of(event: Event, language: Language) -> str:
    """A few words."""
    return _TITLES[language][event.kind]


def sentence_of(event: Event, server: str, language: Language) -> str:
    """What happened, and where; `server` is the name of the machine."""
    if event.task is None:
        return f"{title_of(event, language)} {'on' if language == 'en' else '：'} {server}".replace(
            " ： ", "："
        )
    return _SENTENCES[language](event.task)


def _english(task: TaskFacts) -> str:
    name = display_name(task.file_name)
    if task.state == "completed":
        length = f" {_minutes(task.duration)} of recording," if task.duration is not None else ""
        return f"{name}: the transcript is ready;{length} worked on for {_minutes(task.processing_s)}."
    return (
        f"{name}: {task.error_message or 'the task could not be finished.'} ({task.error_code or task.state})"
    )


def _chinese(task: TaskFacts) -> str:
    name = display_name(task.file_name)
    if task.state == "completed":
        length = f"录音时长 {_minutes(task.duration)}，" if task.duration is not None else ""
        return f"{name}：转写完成，{length}处理用时 {_minutes(task.processing_s)}。"
    if task.state == "cancelled":
        return f"{name}：任务已取消。"
    return f"{name}：转写失败（{task.error_code or task.state}）：{task.error_message or '任务未能完成。'}"


def _minutes(seconds: float) -> str:
    """1:02:03, or 2:03."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


_SENTENCES: Mapping[Language, Callable[[TaskFacts], str]] = MappingProxyType({"en": _english, "zh": _chinese})
