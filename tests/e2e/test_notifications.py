"""What a running server tells: its start and end, and how tasks ended."""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.command import Parley, wait_until
from tests.e2e.native import tone
from tests.e2e.serving import Served, serve


class Hook:
    """Takes POSTs; `status` is the answer."""

    def __init__(self) -> None:
        hook = self
        self.status = 200
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.signed: list[tuple[str, bytes]] = []

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if hook.status == 200:
                    hook.signed.append((self.headers["Parley-Signature"], body))
                    hook.heard.append((self.path, json.loads(body)))
                self.send_response(hook.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def kinds(self, path: str = "/hook") -> list[str]:
        return [body["event"] for where, body in list(self.heard) if where == path]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()
    yield made
    made.close()


@pytest.fixture
def told(parley: Parley, hook: Hook) -> Parley:
    parley.with_profile(asr="level", vad="whole", speakers="none")
    parley.settings |= {
        "PARLEY_NOTIFY__WEBHOOK": f"{hook.url}/hook",
        "PARLEY_UPLOADS__ALLOW_PRIVATE_URLS": "true",
        "PARLEY_UPLOADS__ALLOW_URLS": "true",
    }
    return parley


def send(served: Served, name: str, content: bytes, **options: str) -> None:
    answer = httpx.post(f"{served.url}/v1/jobs", files={"file": (name, content)}, data=options, timeout=60)
    assert answer.status_code < 300, answer.text


def test_a_webhook_hears_everything_signed_and_a_callback_its_task(told: Parley, hook: Hook) -> None:
    served = serve(told)
    send(served, "talk.wav", tone(300), callback_url=f"{hook.url}/mine")
    wait_until(lambda: hook.kinds("/mine"), 60)
    send(served, "broken.wav", b"RIFF no sound at all" * 50)
    wait_until(lambda: len(hook.kinds()) == 3, 60)
    assert served.stop() == 0
    # Where there was no time for it, the last word waits for the next start.
    with closing(sqlite3.connect(told.data_dir / "parley.db")) as database:
        waiting = [event for (event,) in database.execute("SELECT event FROM outbox")]
    assert sorted(hook.kinds() + waiting) == [
        "server_started", "server_stopped", "task_completed", "task_failed",
    ]  # fmt: skip
    assert hook.kinds("/mine") == ["task_completed"]
    secret = (told.data_dir / ".webhook-secret").read_bytes()
    for signature, body in hook.signed:
        fields = dict(part.split("=") for part in signature.split(","))
        digest = hmac.new(secret, fields["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
        assert fields["v1"] == digest
    failed = next(body for _, body in hook.heard if body["event"] == "task_failed")
    assert failed["task"]["file_name"] == "broken.wav"
    assert failed["task"]["error"]["message"]
    assert str(told.data_dir) not in json.dumps([body for _, body in hook.heard])


def test_a_dead_webhook_hinders_nobody_and_hears_it_after_a_restart(
    told: Parley, hook: Hook, tmp_path: Path
) -> None:
    hook.status = 500
    served = serve(told)
    send(served, "talk.wav", tone(300), callback_url=f"{hook.url}/mine")

    def ended() -> bool:
        return 'parley_tasks_total{state="completed"} 1.0' in served.get("/metrics").text

    wait_until(ended, 60)
    wait_until(lambda: "parley_notifications_waiting 3.0" in served.get("/metrics").text, 60)
    served.kill()
    hook.status = 200
    served = serve(told)
    wait_until(lambda: "task_completed" in hook.kinds() and hook.kinds("/mine") == ["task_completed"], 90)
    assert hook.kinds().count("task_completed") == 1
