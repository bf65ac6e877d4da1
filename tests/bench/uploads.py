"""How fast a recording arrives, against a bare process that reads the same bytes and hashes them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import multiprocessing
import os
import socket
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from websockets.asyncio.client import ClientConnection, connect

from parley.wire.native.binary import pack_chunk
from tests.e2e.command import Parley
from tests.e2e.serving import Served, serve

MIB = 1024 * 1024
CHUNK = MIB
WINDOW = 8


@dataclass(frozen=True)
class Source:
    """A recording of `chunks` equal chunks; that they are equal spares the client the disk."""

    chunks: int
    block: bytes
    md5: str

    @property
    def size(self) -> int:
        return self.chunks * len(self.block)


def source(chunks: int) -> Source:
    block = os.urandom(CHUNK)
    digest = hashlib.md5()
    for _ in range(chunks):
        digest.update(block)
    return Source(chunks, block, digest.hexdigest())


def bare_rate(sent: Source) -> float:
    """Bytes a second of a process that reads from a loopback socket and computes the protocol's hashes."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    reader = context.Process(target=_bare_reader, args=(theirs, sent.size), daemon=True)
    reader.start()
    port = ours.recv()
    with socket.create_connection(("127.0.0.1", port)) as line:
        began = time.perf_counter()
        for _ in range(sent.chunks):
            line.sendall(sent.block)
        assert ours.recv() == sent.md5
        seconds = time.perf_counter() - began
    reader.join(10)
    return sent.size / seconds


def _bare_reader(pipe: Any, size: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        pipe.send(listener.getsockname()[1])
        line, _ = listener.accept()
        whole, sha = hashlib.md5(), hashlib.sha256()
        buffer = bytearray(CHUNK)
        with line, line.makefile("rb") as stream:
            for _ in range(size // CHUNK):
                stream.readinto(buffer)
                hashlib.md5(buffer).digest()
                whole.update(buffer)
                sha.update(buffer)
        pipe.send(whole.hexdigest())


@dataclass(frozen=True)
class Uploaded:
    """What an upload took: bytes a second, and the server's memory before it and at its highest."""

    rate: float
    idle_bytes: int
    peak_bytes: int


def measure(served: Served, sent: Source, *, binary: bool) -> Uploaded:
    """Send all chunks but the last, then cancel: nothing is recognised."""
    watch = MemoryWatch(served.process.pid)
    with watch:
        rate = asyncio.run(_upload(served, sent, binary=binary))
    return Uploaded(rate, watch.idle_bytes, watch.peak_bytes)


async def _upload(served: Served, sent: Source, *, binary: bool) -> float:
    async with connect(served.socket_url, max_size=None, compression=None) as line:
        await _receive(line, "connected")
        await _send(
            line,
            "upload_request",
            file_name="large.wav",
            file_size=sent.size,
            file_hash=sent.md5,
            upload_mode="chunked",
            chunk_size=CHUNK,
            total_chunks=sent.chunks,
            force_refresh=True,
        )
        task_id = (await _receive(line, "upload_ready"))["task_id"]
        frames = _frames(task_id, sent, binary=binary)
        room = asyncio.Semaphore(WINDOW)

        async def answers() -> None:
            for _ in range(sent.chunks - 1):
                await _receive(line, "chunk_received")
                room.release()

        listening = asyncio.create_task(answers())
        began = time.perf_counter()
        for index in range(sent.chunks - 1):
            await room.acquire()
            await line.send(frames(index))
        await listening
        seconds = time.perf_counter() - began
        await _send(line, "cancel_task", task_id=task_id)
        await _receive(line, "task_cancelled")
    return (sent.chunks - 1) * CHUNK / seconds


def _frames(task_id: str, sent: Source, *, binary: bool) -> Any:
    md5 = hashlib.md5(sent.block)
    if binary:
        return lambda index: pack_chunk(task_id, index, sent.block, md5.digest())
    text = base64.b64encode(sent.block).decode()
    head = f'{{"type":"upload_chunk","data":{{"task_id":"{task_id}","chunk_hash":"{md5.hexdigest()}","chunk_data":"'
    return lambda index: f'{head}{text}","chunk_index":{index}}}}}'


async def _send(line: ClientConnection, kind: str, **data: Any) -> None:
    await line.send(json.dumps({"type": kind, "data": data}))


async def _receive(line: ClientConnection, kind: str) -> dict[str, Any]:
    message = json.loads(await asyncio.wait_for(line.recv(), 60))
    assert message["type"] == kind, message
    return message["data"]


class MemoryWatch:
    """The resident memory of a process: when the watch began, and the most since."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._done = threading.Event()
        self.idle_bytes = self.peak_bytes = self._process.memory_info().rss

    def __enter__(self) -> MemoryWatch:
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.02):
            self.peak_bytes = max(self.peak_bytes, self._process.memory_info().rss)


def report() -> str:
    sent = source(1024)
    with tempfile.TemporaryDirectory() as folder:
        parley = Parley(Path(folder), Path(folder) / "data")
        served = serve(parley)
        try:
            binary = measure(served, sent, binary=True)
            bare = bare_rate(sent)
            text = measure(served, sent, binary=False)
        finally:
            served.stop()
    grown = max(binary.peak_bytes - binary.idle_bytes, text.peak_bytes - text.idle_bytes)
    return f"""## Uploads

`python -m tests.bench uploads`. 1 GiB in chunks of 1 MiB over loopback, {WINDOW} chunks on their way, each with its
MD5; the server also computes MD5 and SHA-256 of the whole. The bare process reads the same bytes from a socket and
computes the same three hashes.

| | MiB/s | of the bare process | bar |
|---|---|---|---|
| bare process | {bare / MIB:.0f} | | |
| binary frames | {binary.rate / MIB:.0f} | {binary.rate / bare:.2f} | 0.5 |
| base64 in JSON | {text.rate / MIB:.0f} | {text.rate / bare:.2f} | 0.25 |

The server's memory grew by at most {grown / MIB:.0f} MiB (bar: 150).
"""
