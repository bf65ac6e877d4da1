"""Uploads of two users against dictionaries, over any sequence of operations, restarts and crashes."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from parley.errors import (
    ChunkHashMismatch,
    FileHashMismatch,
    FinalizeError,
    InvalidChunk,
    OffsetConflict,
    ParleyError,
    SessionNotFound,
)
from parley.jobs.principal import Principal
from parley.jobs.reception import Reception
from parley.jobs.upload import Answered, Full, Started
from parley.storage import following
from parley.storage.store import Store
from tests.integration.jobs.scripted_desk import (
    ALICE,
    BOB,
    ScriptedDesk,
    accept,
    chunked,
    cut,
    files,
    memory_folder,
    pieces,
    rows,
    sha256,
    tus,
)

CHUNK = 3
PEOPLE = st.sampled_from([ALICE, BOB])
# Of one length, so that the bytes of one can be sent for another.
CONTENTS = st.sampled_from([b"0123456789", b"abcdefghij", b"0123abc789"])


async def stop_everything() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


@dataclass(eq=False)
class Sent:
    """An upload as the test knows it: the bytes of each chunk that counts, or of the beginning."""

    id: str
    who: Principal
    content: bytes
    chunked: bool
    chunks: dict[int, bytes] = field(default_factory=dict)
    start: bytes = b""
    whole: bool = False
    state: str = "open"

    @property
    def is_complete(self) -> bool:
        return len(self.chunks) == 4 if self.chunked else len(self.start) == len(self.content)

    @property
    def received(self) -> bytes:
        if not self.chunked:
            return self.start
        return b"".join(self.chunks[index] for index in sorted(self.chunks))

    def forget(self) -> None:
        self.chunks, self.start = {}, b""


class Receiving(RuleBasedStateMachine):
    """Every rule does the same to the reception and to the dictionaries."""

    uploads = Bundle("uploads")

    def __init__(self) -> None:
        super().__init__()
        self.folder = memory_folder()
        self.data_dir = Path(self.folder.name).resolve() / "data"
        self.desk = ScriptedDesk()
        self.sent: list[Sent] = []
        self.runner = asyncio.Runner()
        # Small enough that digests follow in the background here, too.
        self.small = mock.patch.multiple(following, _BLOCK_BYTES=2, _WORTHWHILE_BYTES=1, _TURN_BYTES=4)
        self.small.start()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    def attempt(self, work: Coroutine[Any, Any, Any]) -> Any:
        """The answer, or the error that came instead."""
        try:
            return self.run(work)
        except ParleyError as error:
            return error

    @initialize()
    def start(self) -> None:
        self.store: Store = self.run(Store.open(self.data_dir))
        self.desk.store = self.store
        self.reception = Reception(self.store, self.desk, accept)

    @rule()
    def restart(self) -> None:
        self.run(self.reception.close())
        self.run(self.store.close())
        self.start()

    @rule()
    def crash(self) -> None:
        """Nothing is noted any more: a new server finds what the rows say, which may be less."""
        self.run(stop_everything())
        self.run(self.store.close())
        self.start()
        for upload in self.sent:
            if upload.state == "open":
                state = self.run(self.reception.state(upload.who, upload.id))
                missing = {i for first, last in state.missing for i in range(first, last + 1)}
                kept = set(range(4)) - missing if upload.chunked else set()
                upload.chunks = {index: upload.chunks[index] for index in kept}
                assert state.offset_bytes <= len(upload.start)
                upload.start = upload.start[: state.offset_bytes]

    @rule(target=uploads, who=PEOPLE, content=CONTENTS)
    def open_chunked(self, who: Principal, content: bytes) -> Sent:
        opened = self.run(self.reception.open(who, chunked(content, CHUNK)))
        return self.opened(opened.task_id, who, content, chunked=True)

    @rule(target=uploads, who=PEOPLE, content=CONTENTS)
    def open_tus(self, who: Principal, content: bytes) -> Sent:
        opened = self.run(self.reception.open(who, tus(len(content))))
        return self.opened(opened.task_id, who, content, chunked=False)

    def opened(self, task_id: str, who: Principal, content: bytes, *, chunked: bool) -> Sent:
        upload = Sent(task_id, who, content, chunked)
        self.sent.append(upload)
        return upload

    @rule(
        upload=uploads,
        index=st.integers(0, 4),
        content=st.none() | CONTENTS,
        checked=st.sampled_from(["no", "right", "wrong"]),
    )
    def write_chunk(self, upload: Sent, index: int, content: bytes | None, checked: str) -> None:
        data = (content or upload.content)[index * CHUNK :][:CHUNK]
        digest = {"no": None, "right": hashlib.md5(data).digest(), "wrong": bytes(range(16))}[checked]
        found = self.attempt(self.reception.write_chunk(upload.who, upload.id, index, data, digest))
        if upload.state == "over":
            assert isinstance(found, SessionNotFound)
        elif not upload.chunked:
            assert isinstance(found, ParleyError)
        elif index == 4:
            assert isinstance(found, InvalidChunk)
        elif index in upload.chunks:
            assert found.is_duplicate and not found.whole
        elif checked == "wrong":
            assert isinstance(found, ChunkHashMismatch)
        else:
            upload.chunks[index] = data
            assert found.received == len(upload.chunks)
            assert found.whole == upload.is_complete

    @rule(upload=uploads, order=st.permutations(range(4)))
    def write_all_chunks_at_once(self, upload: Sent, order: list[int]) -> None:
        if not upload.chunked or upload.state != "open" or upload.is_complete:
            return
        parts = cut(upload.content, CHUNK)

        async def write() -> list[Any]:
            calls = (
                self.reception.write_chunk(upload.who, upload.id, index, parts[index], None)
                for index in [*order, *order]
            )
            return await asyncio.gather(*calls)

        receipts = self.run(write())
        assert sum(receipt.whole for receipt in receipts) == 1
        assert sum(not receipt.is_duplicate for receipt in receipts) == 4 - len(upload.chunks)
        upload.chunks = {**dict(enumerate(parts)), **upload.chunks}

    @rule(upload=uploads, back=st.integers(-1, 1), length=st.integers(1, 10))
    def append(self, upload: Sent, back: int, length: int) -> None:
        offset = len(upload.start) - back
        data = upload.content[len(upload.start) :][:length]
        found = self.attempt(self.reception.append(upload.who, upload.id, offset, pieces(data)))
        if upload.state == "over":
            assert isinstance(found, SessionNotFound)
        elif not upload.chunked and back == 0:
            upload.start += data
            assert found.offset_bytes == len(upload.start)
        else:
            assert isinstance(found, ParleyError)
            assert upload.chunked or isinstance(found, OffsetConflict)

    @rule(upload=uploads, times=st.integers(1, 3))
    def finish(self, upload: Sent, times: int) -> None:
        """Several at the same time: they take turns, so each finds what the one before has left."""

        async def finish() -> list[Any]:
            calls = (self.reception.finish(upload.who, upload.id) for _ in range(times))
            return await asyncio.gather(*calls, return_exceptions=True)

        for found in self.run(finish()):
            self.check_finish(upload, found)

    def check_finish(self, upload: Sent, found: Any) -> None:
        if upload.state == "over":
            known = upload.id in self.desk.tasks
            assert isinstance(found, Answered if known else SessionNotFound)
        elif not upload.is_complete:
            assert isinstance(found, FinalizeError)
        elif upload.received != upload.content:
            assert isinstance(found, FileHashMismatch)
            upload.forget()
        elif self.desk.is_full:
            assert isinstance(found, Full)
            upload.whole = True
        else:
            assert found == Started(task_id=upload.id)
            assert self.desk.recordings[upload.id].path.read_bytes() == upload.content
            assert self.desk.tasks[upload.id].user == upload.who.user
            upload.state = "over"

    @rule(upload=uploads)
    def abandon(self, upload: Sent) -> None:
        assert self.run(self.reception.abandon(upload.who, upload.id)) == (upload.state == "open")
        upload.state = "over"

    @rule(upload=uploads)
    def meddle(self, upload: Sent) -> None:
        other = BOB if upload.who == ALICE else ALICE
        for work in (self.reception.state(other, upload.id), self.reception.finish(other, upload.id)):
            assert isinstance(self.attempt(work), SessionNotFound)

    @rule()
    def sweep(self) -> None:
        self.run(self.reception.sweep())
        needed = {task.sha256 for task in self.desk.tasks.values()}
        needed |= {sha256(upload.content) for upload in self.sent if upload.whole and upload.state == "open"}
        assert files(self.data_dir, "recordings") == needed

    @rule()
    def fill_or_empty_the_queue(self) -> None:
        self.desk.is_full = not self.desk.is_full

    @invariant()
    def the_reception_says_what_is_there(self) -> None:
        for upload in self.sent:
            if upload.state == "open":
                state = self.run(self.reception.state(upload.who, upload.id))
                assert state.received == len(upload.chunks)
                assert state.offset_bytes == len(upload.start)
                assert state.is_whole == upload.is_complete

    @invariant()
    def rows_and_files_are_those_of_open_uploads(self) -> None:
        if not self.sent:
            return
        ids = {upload.id for upload in self.sent if upload.state == "open"}
        assert {row[0] for row in rows(self.data_dir, "SELECT id FROM uploads")} == ids
        part = {upload.id for upload in self.sent if upload.state == "open" and not upload.whole}
        assert files(self.data_dir, "uploads") == {f"{task_id}.part" for task_id in part}
        for name in files(self.data_dir, "recordings"):
            assert sha256((self.data_dir / "recordings" / name).read_bytes()) == name

    @invariant()
    def owners_have_sent_what_they_own(self) -> None:
        if self.sent:
            owned = set(rows(self.data_dir, "SELECT user, sha256 FROM owners"))
            took = {upload for upload in self.sent if upload.whole or upload.id in self.desk.tasks}
            assert owned == {(upload.who.user, sha256(upload.content)) for upload in took}

    def teardown(self) -> None:
        self.run(self.reception.close())
        self.run(self.store.close())
        self.runner.close()
        self.small.stop()
        self.folder.cleanup()


TestReceiving = Receiving.TestCase
TestReceiving.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
