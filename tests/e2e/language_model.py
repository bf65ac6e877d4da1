"""A language model that answers as a test tells it, behind an API that OpenAI's clients know."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Said = Sequence[dict[str, str]]
Script = Callable[[Said], Iterator[str | float]]
"""Of the messages of a request, pieces of the answer, and seconds to wait in between."""


def echoes(said: Said) -> Iterator[str | float]:
    """Says what was said last."""
    yield f"I heard: {said[-1]['content']}"


class ScriptedModel:
    """`asked` holds the messages of every request; `script` may be changed at any time."""

    def __init__(self, script: Script = echoes) -> None:
        self.script = script
        self.asked: list[list[dict[str, str]]] = []
        self.status = 200
        self.url = ""

    def settings(self) -> dict[str, str]:
        """For a server that is to ask it."""
        return {
            "PARLEY_ASSISTANT__LLM_BASE_URL": self.url,
            "PARLEY_ASSISTANT__LLM_MODEL": "scripted",
            "PARLEY_ASSISTANT__LLM_API_KEY": "a-key",
        }


@contextmanager
def language_model(script: Script = echoes) -> Iterator[ScriptedModel]:
    """One that listens, until the block ends."""
    model = ScriptedModel(script)

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            messages = json.loads(self.rfile.read(length))["messages"]
            model.asked.append(messages)
            self.send_response(model.status)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            with suppress(OSError):
                self._answer(messages)

        def _answer(self, messages: Said) -> None:
            if model.status != 200:
                return
            for piece in model.script(messages):
                if isinstance(piece, str):
                    self._tell({"content": piece}, None)
                else:
                    time.sleep(piece)
            self._tell({}, "stop")
            self.wfile.write(b"data: [DONE]\n\n")

        def _tell(self, delta: dict[str, str], finish: str | None) -> None:
            chunk: dict[str, Any] = {
                "id": "x",
                "object": "chat.completion.chunk",
                "created": 1,
                "model": "scripted",
                "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
            }
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
            self.wfile.flush()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing of it is for the eyes of who runs the tests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.daemon_threads = True
    model.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield model
    finally:
        server.shutdown()
        server.server_close()
