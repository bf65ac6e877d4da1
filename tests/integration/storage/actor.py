"""What child processes do in these tests: `python actor.py ACT DATA_DIR ...`."""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil

from parley.speech.media import DecodedMedia, PcmTrack
from parley.storage.arrivals import Arrivals
from parley.storage.space import UploadLimits
from parley.storage.store import Store
from parley.storage.uploads import UploadRecord


def say(*words: object) -> None:
    print(*words, flush=True)


async def heard() -> str:
    return (await asyncio.to_thread(sys.stdin.readline)).strip()


async def open_and_put(data_dir: Path, unit: str, start_at: str) -> None:
    """Open at a given moment, together with others, and use what was opened."""
    await asyncio.sleep(max(0.0, float(start_at) - time.time()))
    store = await Store.open(data_dir)
    await store.units.put("work", "stage", int(unit), b"payload")
    say(sorted(await store.units.get("work", "stage")))
    await store.close()


async def reopen(data_dir: Path) -> None:
    """How long opening takes, and which libraries it imported."""
    times: list[float] = []
    for _ in range(5):
        began = time.perf_counter()
        store = await Store.open(data_dir)
        times.append(time.perf_counter() - began)
        await store.close()
    say(sorted(times)[2] * 1000)
    say("alembic" in sys.modules)


async def count(data_dir: Path, name: str, rounds: str, start_at: str) -> None:
    """Add to a counter that only a lease protects."""
    store = await Store.open(data_dir)
    counter, inside = data_dir / "counter", data_dir / "inside"
    await asyncio.sleep(max(0.0, float(start_at) - time.time()))
    for _ in range(int(rounds)):
        async with store.leases.hold(name) as lease:
            os.close(os.open(inside, os.O_CREAT | os.O_EXCL))
            value = int(counter.read_text())
            await asyncio.sleep(0.002)
            counter.write_text(str(value + 1))
            inside.unlink()
            assert not lease.lost.is_set()
    await store.close()


async def hold(data_dir: Path, name: str, ttl_s: str) -> None:
    """Hold a lease until a line comes or the lease is lost."""
    store = await Store.open(data_dir, lease_ttl_s=float(ttl_s))
    async with store.leases.hold(name) as lease:
        say("held")
        told = asyncio.ensure_future(heard())
        lost = asyncio.ensure_future(lease.lost.wait())
        await asyncio.wait({told, lost}, return_when=asyncio.FIRST_COMPLETED)
        say("lost" if lease.lost.is_set() else "released")
    os._exit(0)  # the thread that reads standard input may still be waiting


async def hold_pcm(data_dir: Path, key: str) -> None:
    """Publish decoded audio, begin another folder and a spooled file, and keep all three until killed."""
    store = await Store.open(data_dir)
    async with store.pcm.holding(key):
        async with store.pcm.writing(key) as folder:
            await folder.publish(write_pcm(folder.path, 1600))
        read_end, write_end = os.pipe()
        async with store.pcm.writing("other") as folder:
            write_pcm(folder.path, 1600)
            os.write(write_end, b"begun")
            spooling = asyncio.ensure_future(spool(store, read_end))
            while not list((data_dir / "incoming").glob("*")):  # noqa: ASYNC110 - a file, not an event
                await asyncio.sleep(0.01)
            say("held")
            await spooling


async def spool(store: Store, descriptor: int) -> None:
    with os.fdopen(descriptor, "rb") as stream:
        async with store.spool(stream, max_bytes=100):
            pass


async def spool_standard_input(data_dir: Path) -> None:
    """Spool a silent pipe, be cancelled, and end."""
    store = await Store.open(data_dir)

    async def receive() -> None:
        async with store.spool(sys.stdin.buffer, max_bytes=100):
            say("received")

    task = asyncio.ensure_future(receive())
    await asyncio.sleep(0.3)
    task.cancel()
    await asyncio.wait({task})
    say("cancelled", task.cancelled(), list((data_dir / "incoming").iterdir()))
    await store.close()


def write_pcm(folder: Path, samples: int) -> DecodedMedia:
    (folder / "0.pcm").write_bytes(bytes(2 * samples))
    track = PcmTrack(path=str(folder / "0.pcm"), samples=samples)
    return DecodedMedia(tracks=(track,), duration=samples / 16000)


def chunk_of(index: int) -> bytes:
    """10 kB that only depend on the index."""
    return random.Random(index).randbytes(10_000)


async def send_chunks(data_dir: Path, upload_id: str) -> None:
    """Send what is missing of an upload, in any order, several chunks at a time."""
    store = await Store.open(data_dir)
    arrival = await Arrivals(store.uploads).find(upload_id)
    assert arrival is not None
    left = [index for first, last in arrival.bitmap.missing() for index in range(first, last + 1)]
    random.shuffle(left)
    say(len(left))

    async def send() -> None:
        while left:
            index = left.pop()
            await arrival.put(index, chunk_of(index), None)
            await asyncio.sleep(0.002)

    await asyncio.gather(*(send() for _ in range(4)))
    say("whole")
    await heard()


async def receive_much(data_dir: Path, mebibytes: str) -> None:
    """Memory before an upload, its most during it, and the seconds it took."""
    store = await Store.open(data_dir)
    arrivals = Arrivals(store.uploads)
    count = int(mebibytes)
    process = psutil.Process()
    before = most = process.memory_info().rss
    arrival = await arrivals.add(record_of(MEBIBYTE, count), NO_LIMITS)
    for first in range(0, count, 8):
        await asyncio.gather(
            *(arrival.put(index, os.urandom(MEBIBYTE), None) for index in range(first, first + 8))
        )
        most = max(most, process.memory_info().rss)
    await arrival.digests()
    say(before, max(most, process.memory_info().rss))
    await arrivals.close()
    await store.close()


MEBIBYTE = 1024 * 1024
NO_LIMITS = UploadLimits(max_open=10**6, max_open_per_user=10**6, disk_bytes=10**15)


def record_of(chunk_bytes: int, chunks: int, **changes: Any) -> UploadRecord:
    """A chunked upload that has just been opened."""
    now = time.time()
    fresh: dict[str, Any] = {
        "id": str(uuid4()), "user": "alice", "door": "chunked", "file_name": "talk.wav", "declared_hash": "",
        "size_bytes": chunk_bytes * chunks, "chunk_bytes": chunk_bytes, "chunks": chunks, "received": b"",
        "offset_bytes": 0, "sha256": None, "md5": None, "created_at": now, "touched_at": now, "order": b"{}",
    }  # fmt: skip
    return UploadRecord(**{**fresh, **changes})


def payload_of(unit: int) -> bytes:
    """Up to 100 kB that only depend on the unit."""
    source = random.Random(unit)
    return source.randbytes(source.randrange(100_000))


def write_until_killed(data_dir: Path, acknowledged: str) -> None:
    """For each line on standard input, a child that puts units and notes each put that returned."""
    for line in sys.stdin:
        first = int(line)
        pid = os.fork()
        if pid == 0:
            asyncio.run(_write(data_dir, Path(acknowledged), first))
        say(pid)
        os.waitpid(pid, 0)
        say("dead")


async def _write(data_dir: Path, acknowledged: Path, first: int) -> None:
    store = await Store.open(data_dir)
    notes = os.open(acknowledged, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for unit in range(first, first + 1_000_000):
        await store.units.put("work", "stage", unit, payload_of(unit))
        os.write(notes, f"{unit}\n".encode())


ACTS = (open_and_put, reopen, count, hold, hold_pcm, spool_standard_input, send_chunks, receive_much)

if __name__ == "__main__":
    name, directory, *rest = sys.argv[1:]
    if name == write_until_killed.__name__:
        write_until_killed(Path(directory), *rest)
    else:
        [chosen] = [act for act in ACTS if act.__name__ == name]
        asyncio.run(chosen(Path(directory), *rest))
