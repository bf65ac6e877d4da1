import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.notify.events import Event, TaskFacts, display_name
from parley.notify.options import NotifierOptions
from parley.notify.payload import body_of, pack, unpack
from parley.notify.wording import sentence_of, title_of

READY = TaskFacts(
    task_id="1", file_name="/srv/in/talk.m4a", state="completed", duration=3723.4, processing_s=61.2
)
FAILED = TaskFacts(
    task_id="1",
    file_name="C:\\in\\会议.m4a",
    state="failed",
    error_code="undecodable_media",
    error_message="The file is broken.",
)


@pytest.mark.parametrize(
    ("event", "english", "chinese"),
    [
        (Event(kind="server_started"), "Parley has started on box", "Parley 已启动：box"),
        (
            Event(kind="task_completed", task=READY),
            "talk.m4a: the transcript is ready; 1:02:03 of recording, worked on for 1:01.",
            "talk.m4a：转写完成，录音时长 1:02:03，处理用时 1:01。",
        ),
        (
            Event(kind="task_failed", task=FAILED),
            "会议.m4a: The file is broken. (undecodable_media)",
            "会议.m4a：转写失败（undecodable_media）：The file is broken.",
        ),
    ],
)
def test_sentences(event: Event, english: str, chinese: str) -> None:
    assert sentence_of(event, "box", "en") == english
    assert sentence_of(event, "box", "zh") == chinese
    assert title_of(event, "en").isascii()
    assert not title_of(event, "zh").isascii()


@given(st.text())
def test_a_name_never_shows_a_folder_or_steers(name: str) -> None:
    shown = display_name(name)
    assert 0 < len(shown) <= 200
    assert not set(shown) & set("/\\\n\r\x1b\u202e")


def test_an_event_survives_the_outbox() -> None:
    for event in (Event(kind="task_failed", task=FAILED), Event(kind="server_stopped")):
        assert unpack(pack(event)) == event


def test_the_body_says_what_is_allowed_and_nothing_else() -> None:
    body = json.loads(body_of(Event(kind="task_completed", task=READY, id="e", at=0.0), "box", "en"))
    assert body == {
        "id": "e",
        "event": "task_completed",
        "created_at": "1970-01-01T00:00:00+00:00",
        "server": "box",
        "message": "talk.m4a: the transcript is ready; 1:02:03 of recording, worked on for 1:01.",
        "task": {
            "task_id": "1",
            "file_name": "talk.m4a",
            "status": "completed",
            "duration": 3723.4,
            "processing_time": 61.2,
            "error": None,
        },
    }


def test_waits_grow_and_are_bounded() -> None:
    options = NotifierOptions()
    for attempts, wait in enumerate((5, 15, 45, 135, 405, 1215, 3600, 3600), 1):
        assert all(wait / 2 <= options.wait_after(attempts) <= wait * 1.5 for _ in range(50))
