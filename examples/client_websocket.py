"""Without our library: `python examples/client_websocket.py talk.wav ws://localhost:8767 [TOKEN]`."""

import hashlib
import json
import struct
import sys
import uuid
from pathlib import Path

from websockets.sync.client import connect

CHUNK = 1024 * 1024

path, url, *token = sys.argv[1:]
content = Path(path).read_bytes()

with connect(url, max_size=None) as line:

    def send(kind: str, **data: object) -> None:
        line.send(json.dumps({"type": kind, "data": data}))

    def receive(*kinds: str) -> dict[str, object]:
        while True:
            message = json.loads(line.recv())
            if message["type"] == "error":
                sys.exit(f"{message['data']['error']}: {message['data']['message']}")
            if message["type"] in kinds:
                return message

    if receive("connected", "auth_required")["type"] == "auth_required":
        send("auth", token=token[0])
        receive("connected")

    send(
        "upload_request",
        file_name=Path(path).name,
        file_size=len(content),
        file_hash="sha256:" + hashlib.sha256(content).hexdigest(),
        upload_mode="chunked",
        chunk_size=CHUNK,
        total_chunks=-(-len(content) // CHUNK),
        output_format="srt",
    )
    task_id = receive("upload_ready")["data"]["task_id"]  # type: ignore[index]
    for index, start in enumerate(range(0, len(content), CHUNK)):
        chunk = content[start : start + CHUNK]
        head = struct.pack("<16sI16s", uuid.UUID(task_id).bytes, index, hashlib.md5(chunk).digest())
        line.send(head + chunk)
        receive("chunk_received")
    print(receive("task_complete")["data"]["result"]["content"], end="")  # type: ignore[index]
