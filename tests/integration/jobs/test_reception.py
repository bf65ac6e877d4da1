"""Uploads through every door, into a task exactly once."""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from parley.batch.wish import Wish
from parley.errors import (
    ChunkHashMismatch,
    ChunkUploadError,
    DiskBudgetSpent,
    FileHashMismatch,
    FileTooLarge,
    FinalizeError,
    HashMismatch,
    InvalidChunk,
    OffsetConflict,
    ParleyError,
    SessionNotFound,
    SizeMismatch,
    TooManySessions,
    UploadDataError,
    UploadRefused,
)
from parley.jobs import reception as reception_module
from parley.jobs import streams
from parley.jobs.principal import ADMIN, Principal
from parley.jobs.reception import Reception, ReceptionOptions
from parley.jobs.upload import Answered, ChunkReceipt, Full, Started, UploadPlan
from tests.integration.jobs.scripted_desk import (
    ALICE,
    BOB,
    ORDER,
    ScriptedDesk,
    body,
    chunked,
    cut,
    files,
    md5,
    memory_folder,
    pieces,
    reception_of,
    rows,
    send,
    sha256,
    single,
    tus,
)

TALK = b"a talk of some length"


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with memory_folder() as folder:
        yield Path(folder).resolve() / "data"


@pytest.fixture
def desk() -> ScriptedDesk:
    return ScriptedDesk()


def nothing_left(data_dir: Path) -> bool:
    return not rows(data_dir, "SELECT id FROM uploads") and not files(data_dir, "uploads")


def test_chunks_in_any_order_become_one_task(data_dir: Path, desk: ScriptedDesk) -> None:
    async def main() -> None:
        async with reception_of(data_dir, desk) as reception:
            opened = await reception.open(ALICE, chunked(TALK, 4))
            assert (opened.chunk_bytes, opened.chunks, opened.hit) == (4, 6, False)
            parts = cut(TALK, 4)
            receipts = [
                await reception.write_chunk(
                    ALICE, opened.task_id, index, parts[index], hashlib.md5(parts[index]).digest()
                )
                for index in (5, 0, 3, 1, 2, 4)
            ]
            assert [receipt.received for receipt in receipts] == [1, 2, 3, 4, 5, 6]
            assert [receipt.whole for receipt in receipts] == [False] * 5 + [True]
            assert await reception.finish(ALICE, opened.task_id) == Started(task_id=opened.task_id)
            assert desk.recordings[opened.task_id].path.read_bytes() == TALK
            assert desk.recordings[opened.task_id].md5 == md5(TALK)
            assert desk.tasks[opened.task_id].order == ORDER
            assert await reception.finish(ALICE, opened.task_id) == Answered(task_id=opened.task_id)
            assert reception.stats().finished == 1
        assert nothing_left(data_dir)
        assert files(data_dir, "recordings") == {sha256(TALK)}

    asyncio.run(main())


def test_all_chunks_at_once_and_each_of_them_twice(data_dir: Path, desk: ScriptedDesk) -> None:
    content = os.urandom(100_000)

    async def main() -> None:
        async with reception_of(data_dir, desk) as reception:
            task_id = (await reception.open(ALICE, chunked(content, 1000))).task_id
            calls = [
                reception.write_chunk(ALICE, task_id, index, chunk, None)
                for index, chunk in enumerate(cut(content, 1000))
                for _ in range(2)
            ]
            receipts = await asyncio.gather(*calls)
            assert sum(receipt.whole for receipt in receipts) == 1
            assert sum(receipt.is_duplicate for receipt in receipts) == 100
            answers = await asyncio.gather(*(reception.finish(ALICE, task_id) for _ in range(5)))
            assert sum(isinstance(answer, Started) for answer in answers) == 1
            assert sum(isinstance(answer, Answered) for answer in answers) == 4
            assert desk.recordings[task_id].path.read_bytes() == content

    asyncio.run(main())


def test_wrong_chunks_are_not_counted(data_dir: Path, desk: ScriptedDesk) -> None:
    async def main() -> None:
        async with reception_of(data_dir, desk) as reception:
            task_id = (await reception.open(ALICE, chunked(TALK, 4))).task_id
            with pytest.raises(ChunkHashMismatch):
                await reception.write_chunk(ALICE, task_id, 0, TALK[:4], hashlib.md5(b"else").digest())
            for index, chunk in [(-1, TALK[:4]), (6, TALK[:4]), (0, TALK[:3]), (0, TALK[:5]), (5, TALK[:4])]:
                with pytest.raises(InvalidChunk):
                    await reception.write_chunk(ALICE, task_id, index, chunk, None)
            with pytest.raises(FinalizeError, match="6 of 6"):
                await reception.finish(ALICE, task_id)
            state = await reception.state(ALICE, task_id)
            assert (state.received, state.missing, state.is_whole) == (0, ((0, 5),), False)
            await reception.write_chunk(ALICE, task_id, 2, TALK[8:12], None)
            state = await reception.state(ALICE, task_id)
            assert (state.received, state.missing) == (1, ((0, 1), (3, 5)))

    asyncio.run(main())


def test_another_file_than_announced_can_be_sent_again(data_dir: Path, desk: ScriptedDesk) -> None:
    async def main() -> None:
        async with reception_of(data_dir, desk) as reception:
            task_id = (await reception.open(ALICE, chunked(TALK, 4))).task_id
            for index, chunk in enumerate(cut(TALK.upper(), 4)):
                await reception.write_chunk(ALICE, task_id, index, chunk, None)
            results = await asyncio.gather(
                *(reception.finish(ALICE, task_id) for _ in range(3)), return_exceptions=True
            )
            assert [type(result) for result in results] == [FileHashMismatch, FinalizeError, FinalizeError]
            assert (await reception.state(ALICE, task_id)).received == 0
            for index, chunk in enumerate(cut(TALK, 4)):
                receipt = await reception.write_chunk(ALICE, task_id, index, chunk, None)
            assert receipt.whole
            assert await reception.finish(ALICE, task_id) == Started(task_id=task_id)
            assert desk.recordings[task_id].path.read_bytes() == TALK

    asyncio.run(main())


def test_one_message_with_the_whole_file(data_dir: Path, desk: ScriptedDesk) -> None:
    async def main() -> None:
        async with reception_of(data_dir, desk) as reception:
            plan = single(TALK, declared=f"sha256:{sha256(TALK)}")
            task_id = (await reception.open(ALICE, plan)).task_id
            with pytest.raises(FinalizeError):
                await reception.finish(ALICE, task_id)
            with pytest.raises(SizeMismatch):
                await reception.write_whole(ALICE, task_id, TALK[1:])
            with pytest.raises(HashMismatch):
                await reception.write_whole(ALICE, task_id, TALK.upper())
            answers = await asyncio.gather(*(reception.write_whole(ALICE, task_id, TALK) for _ in range(3)))
            assert sorted(type(answer).__name__ for answer in answers) == ["Answered", "Answered", "Started"]
            assert desk.recordings[task_id].path.read_bytes() == TALK
        assert nothing_left(data_dir)

    asyncio.run(main())


def test_each_door_refuses_what_another_takes(data_dir: Path, desk: ScriptedDesk) -> None:
    async def main() -> None:
        async with reception_of(data_dir, desk) as reception:
            one = (await reception.open(ALICE, single(TALK))).task_id
            many = (await reception.open(ALICE, chunked(TALK, 4))).task_id
            with pytest.raises(ChunkUploadError):
                await reception.write_chunk(ALICE, one, 0, TALK, None)
            with pytest.raises(UploadDataError):
                await reception.write_whole(ALICE, many, TALK)
            for task_id in (one, many):
                with pytest.raises(UploadRefused):
                    await reception.append(ALICE, task_id, 0, pieces(TALK))

    asyncio.run(main())


def test_after_queue_full_nothing_is_sent_twice(data_dir: Path, desk: ScriptedDesk) -> None:
    async def main() -> None:
        desk.is_full = True
        async with reception_of(data_dir, desk) as reception:
            task_id = await send(reception, ALICE, TALK)
            assert isinstance(await reception.finish(ALICE, task_id), Full)
            assert isinstance(await reception.finish(ALICE, task_id), Full)
            await reception.sweep()
            assert files(data_dir, "recordings") == {sha256(TALK)}
        async with reception_of(data_dir, desk) as reception:
            await reception.sweep()
            assert (await reception.state(ALICE, task_id)).is_whole
            assert isinstance(await reception.finish(ALICE, task_id), Full)
            desk.is_full = False
            assert await reception.finish(ALICE, task_id) == Started(task_id=task_id)
        assert nothing_left(data_dir)

    asyncio.run(main())


def test_a_waiting_upload_keeps_its_recording_until_it_expires(data_dir: Path, desk: ScriptedDesk) -> None:
    async def main() -> None:
        desk.is_full = True
        async with reception_of(data_dir, desk, ReceptionOptions(expire_s=0.0)) as reception:
            task_id = await send(reception, ALICE, TALK)
            await reception.finish(ALICE, task_id)
            await asyncio.sleep(0.02)
            await reception.sweep()
            assert nothing_left(data_dir)
            assert not files(data_dir, "recordings")
            with pytest.raises(SessionNotFound):
                await reception.finish(ALICE, task_id)

    asyncio.run(main())


def test_the_task_is_made_although_the_client_has_gone(data_dir: Path, desk: ScriptedDesk) -> None:
    async def main() -> None:
        async with reception_of(data_dir, desk) as reception:
            desk.admitting = asyncio.Event()
            task_id = await send(reception, ALICE, TALK)
            finishing = asyncio.create_task(reception.finish(ALICE, task_id))
            while not desk.admissions:  # noqa: ASYNC110 - no event
                await asyncio.sleep(0.001)
            finishing.cancel()
            await asyncio.wait({finishing})
            assert finishing.cancelled()
            desk.admitting.set()
            assert await reception.finish(ALICE, task_id) == Answered(task_id=task_id)
        assert desk.admissions == 1

    asyncio.run(main())


def test_a_chunk_is_written_although_the_client_has_gone(data_dir: Path, desk: ScriptedDesk) -> None:
    async def main() -> None:
        async with reception_of(data_dir, desk) as reception:
            task_id = (await reception.open(ALICE, chunked(TALK, 4))).task_id
            for index, chunk in enumerate(cut(TALK, 4)):
                writing = asyncio.create_task(reception.write_chunk(ALICE, task_id, index, chunk, None))
                await asyncio.sleep(0)
                writing.cancel()
            duplicates = [
                await reception.write_chunk(ALICE, task_id, index, chunk, None)
                for index, chunk in enumerate(cut(TALK, 4))
            ]
            assert (await reception.state(ALICE, task_id)).is_whole
            assert not any(receipt.received > 6 for receipt in duplicates)
            assert await reception.finish(ALICE, task_id) == Started(task_id=task_id)

    asyncio.run(main())


def test_an_upload_goes_on_after_a_restart(data_dir: Path, desk: ScriptedDesk) -> None:
    content = os.urandom(6_000_000)

    async def write(reception: Reception, task_id: str, indices: tuple[int, ...]) -> ChunkReceipt:
        for index in indices:
            chunk = content[index * 1_000_000 :][:1_000_000]
            receipt = await reception.write_chunk(ALICE, task_id, index, chunk, None)
        return receipt

    async def main() -> None:
        async with reception_of(data_dir, desk) as reception:
            task_id = (await reception.open(ALICE, chunked(content, 1_000_000))).task_id
            await write(reception, task_id, (0, 3, 1))
        async with reception_of(data_dir, desk) as reception:
            await reception.sweep()
            state = await reception.state(ALICE, task_id)
            assert (state.missing, state.size_bytes) == (((2, 2), (4, 5)), 6_000_000)
            assert (await write(reception, task_id, (2, 4, 5))).whole
            assert await reception.finish(ALICE, task_id) == Started(task_id=task_id)
            assert desk.recordings[task_id].path.read_bytes() == content

    asyncio.run(main())


def test_what_has_arrived_is_noted_soon(data_dir: Path, desk: ScriptedDesk) -> None:
    """A server that is killed loses no more than a moment's chunks, although nobody waits for the note."""

    async def noted() -> None:
        while rows(data_dir, "SELECT received FROM uploads") != [(b"\x0b",)]:  # noqa: ASYNC110 - a row
            await asyncio.sleep(0.01)

    async def main() -> None:
        async with reception_of(data_dir, desk) as reception:
            task_id = (await reception.open(ALICE, chunked(TALK, 4))).task_id
            for index in (0, 3, 1):
                await reception.write_chunk(ALICE, task_id, index, cut(TALK, 4)[index], None)
            await asyncio.wait_for(noted(), 30)

    asyncio.run(main())


def test_bytes_that_a_power_cut_took_are_asked_for_again(data_dir: Path, desk: ScriptedDesk) -> None:
    content = os.urandom(20_000)

    async def main() -> None:
        async with reception_of(data_dir, desk) as reception:
            task_id = await send(reception, ALICE, content, 1000)
        os.truncate(data_dir / "uploads" / f"{task_id}.part", 7_000)
        async with reception_of(data_dir, desk) as reception:
            with pytest.raises(FileHashMismatch, match="lost"):
                await reception.finish(ALICE, task_id)
            assert (await reception.state(ALICE, task_id)).missing == ((0, 19),)
            for index, chunk in enumerate(cut(content, 1000)):
                await reception.write_chunk(ALICE, task_id, index, chunk, None)
            assert await reception.finish(ALICE, task_id) == Started(task_id=task_id)

    asyncio.run(main())


def test_somebody_elses_upload_is_not_there(data_dir: Path, desk: ScriptedDesk) -> None:
    async def main() -> None:
        async with reception_of(data_dir, desk) as reception:
            many = await send(reception, ALICE, TALK)
            one = (await reception.open(ALICE, single(TALK))).task_id
            flow = (await reception.open(ALICE, tus(4))).task_id
            for call in (
                reception.write_chunk(BOB, many, 0, TALK[:4], None),
                reception.write_whole(BOB, one, TALK),
                reception.append(BOB, flow, 0, pieces(b"1234")),
                reception.finish(BOB, many),
                reception.state(BOB, many),
            ):
                with pytest.raises(SessionNotFound):
                    await call
            assert not await reception.abandon(BOB, many)
            assert await reception.abandon(Principal(user="root", scopes=frozenset({ADMIN})), many)
            assert await reception.abandon(ALICE, one)
            assert not await reception.abandon(ALICE, one)

    asyncio.run(main())


@pytest.mark.parametrize(
    "task_id",
    [
        "",
        "..",
        "../../etc/passwd",
        "x" * 5000,
        "00000000-0000-4000-8000-000000000000",
        "\0",
        "é",
        "{}",
        "A" * 36,
    ],
)
def test_ids_that_are_none(data_dir: Path, desk: ScriptedDesk, task_id: str) -> None:
    async def main() -> None:
        async with reception_of(data_dir, desk) as reception:
            for call in (
                reception.write_chunk(ALICE, task_id, 0, b"", None),
                reception.write_whole(ALICE, task_id, b""),
                reception.append(ALICE, task_id, 0, pieces()),
                reception.finish(ALICE, task_id),
                reception.state(ALICE, task_id),
            ):
                with pytest.raises(SessionNotFound):
                    await call
            assert not await reception.abandon(ALICE, task_id)

    asyncio.run(main())


def test_tus_goes_on_where_the_line_broke(data_dir: Path, desk: ScriptedDesk) -> None:
    content = os.urandom(3_000_000)

    async def main() -> None:
        async with reception_of(data_dir, desk) as reception:
            task_id = (await reception.open(ALICE, tus(len(content)))).task_id
            broken = pieces(
                content[:100], content[100:1_500_000], content[1_500_000:1_600_000], then=OSError()
            )
            with pytest.raises(OSError):
                await reception.append(ALICE, task_id, 0, broken)
            assert (await reception.state(ALICE, task_id)).offset_bytes == 1_600_000
            for offset in (0, 1_599_999, 1_600_001):
                with pytest.raises(OffsetConflict, match="1600000"):
                    await reception.append(ALICE, task_id, offset, pieces(b"x"))
            with pytest.raises(FinalizeError):
                await reception.finish(ALICE, task_id)
        async with reception_of(data_dir, desk) as reception:
            state = await reception.append(ALICE, task_id, 1_600_000, pieces(content[1_600_000:2_000_000]))
            assert (state.offset_bytes, state.is_whole) == (2_000_000, False)
            with pytest.raises(SizeMismatch):
                await reception.append(ALICE, task_id, 2_000_000, pieces(content[2_000_000:], b"x"))
            offset = (await reception.state(ALICE, task_id)).offset_bytes
            state = await reception.append(ALICE, task_id, offset, pieces(content[offset:]))
            assert state.is_whole
            assert await reception.finish(ALICE, task_id) == Started(task_id=task_id)
            assert desk.recordings[task_id].path.read_bytes() == content
            assert desk.recordings[task_id].md5 == md5(content)

    asyncio.run(main())


def test_two_requests_cannot_append_at_once(data_dir: Path, desk: ScriptedDesk) -> None:
    async def main() -> None:
        async with reception_of(data_dir, desk) as reception:
            task_id = (await reception.open(ALICE, tus(8))).task_id
            more = asyncio.Event()

            async def slow() -> AsyncIterator[bytes]:
                yield b"1234"
                await more.wait()
                yield b"5678"

            first = asyncio.create_task(reception.append(ALICE, task_id, 0, slow()))
            await asyncio.sleep(0.05)
            with pytest.raises(OffsetConflict):
                await reception.append(ALICE, task_id, 0, pieces(b"12345678"))
            more.set()
            assert (await first).is_whole

    asyncio.run(main())


def test_a_cancelled_append_keeps_what_came(data_dir: Path, desk: ScriptedDesk) -> None:
    async def main() -> None:
        async with reception_of(data_dir, desk) as reception:
            task_id = (await reception.open(ALICE, tus(8))).task_id

            async def endless() -> AsyncIterator[bytes]:
                yield b"1234"
                await asyncio.sleep(3600)

            first = asyncio.create_task(reception.append(ALICE, task_id, 0, endless()))
            await asyncio.sleep(0.05)
            first.cancel()
            await asyncio.wait({first})
            assert (await reception.append(ALICE, task_id, 4, pieces(b"5678"))).is_whole

    asyncio.run(main())


def test_options_that_come_behind_the_bytes_count(data_dir: Path, desk: ScriptedDesk) -> None:
    async def main() -> None:
        async with reception_of(data_dir, desk) as reception:
            plan = body()
            later = replace(plan, order=replace(plan.order, file_name="later.wav", output_format="srt"))

            async def settle(found: UploadPlan) -> UploadPlan:
                return found

            answer = await reception.receive(ALICE, plan, pieces(b"12"), lambda: settle(later))
            order = desk.tasks[answer.task_id].order
            assert (order.file_name, order.output_format) == ("later.wav", "srt")
            wrong = replace(later, declared_hash="0" * 32)
            with pytest.raises(FileHashMismatch):
                await reception.receive(ALICE, plan, pieces(b"34"), lambda: settle(wrong))
            with pytest.raises(UploadRefused):
                wrong = replace(later, declared_hash="nonsense")
                await reception.receive(ALICE, plan, pieces(b"56"), lambda: settle(wrong))
        assert nothing_left(data_dir)

    asyncio.run(main())


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_in_one_stream(data_dir: Path, desk: ScriptedDesk, announced: bool) -> None:
    content = os.urandom(2_500_000)

    async def main() -> None:
        async with reception_of(data_dir, desk) as reception:
            plan = body(len(content) if announced else None)
            answer = await reception.receive(ALICE, plan, pieces(*cut(content, 65536)))
            assert isinstance(answer, Started)
            assert desk.recordings[answer.task_id].path.read_bytes() == content
            assert desk.tasks[answer.task_id].size_bytes == len(content)
        assert nothing_left(data_dir)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("size", "stream", "kind"),
    [
        (None, (b"x" * 60, b"y" * 60), FileTooLarge),
        (None, (), UploadRefused),
        (50, (b"x" * 60,), SizeMismatch),
        (50, (b"x" * 40,), SizeMismatch),
        (101, (), FileTooLarge),
        (None, (b"x" * 50, ConnectionError()), ConnectionError),
    ],
)
def test_of_a_body_that_fails_nothing_is_left(
    data_dir: Path,
    desk: ScriptedDesk,
    size: int | None,
    stream: tuple[bytes | Exception, ...],
    kind: type[Exception],
) -> None:
    parts = [part for part in stream if isinstance(part, bytes)]
    failure = next((part for part in stream if isinstance(part, Exception)), None)

    async def main() -> None:
        async with reception_of(data_dir, desk, ReceptionOptions(max_file_bytes=100)) as reception:
            with pytest.raises(kind) as caught:
                await reception.receive(ALICE, body(size), pieces(*parts, then=failure))
            assert type(caught.value) is kind
        assert nothing_left(data_dir)
        assert not desk.tasks

    asyncio.run(main())


def test_a_client_that_leaves_in_the_middle_of_its_body(data_dir: Path, desk: ScriptedDesk) -> None:
    async def main() -> None:
        async with reception_of(data_dir, desk) as reception:

            async def endless() -> AsyncIterator[bytes]:
                yield bytes(2_000_000)
                await asyncio.sleep(3600)

            receiving = asyncio.create_task(reception.receive(ALICE, body(), endless()))
            while not files(data_dir, "uploads"):  # noqa: ASYNC110 - a file, not an event
                await asyncio.sleep(0.01)
            await reception.sweep()
            assert files(data_dir, "uploads")
            receiving.cancel()
            await asyncio.wait({receiving})
        assert nothing_left(data_dir)

    asyncio.run(main())


def test_the_same_content_is_kept_once(data_dir: Path, desk: ScriptedDesk) -> None:
    async def main() -> None:
        async with reception_of(data_dir, desk) as reception:
            ids = [await send(reception, who, TALK) for who in (ALICE, BOB, ALICE)]
            people = (ALICE, BOB, ALICE)
            await asyncio.gather(*(reception.finish(who, one) for who, one in zip(people, ids, strict=True)))
            assert set(desk.tasks) == set(ids)
        assert nothing_left(data_dir)
        assert files(data_dir, "recordings") == {sha256(TALK)}
        assert len(rows(data_dir, "SELECT * FROM owners")) == 2

    asyncio.run(main())


def test_what_is_known_is_answered_at_once(data_dir: Path, desk: ScriptedDesk) -> None:
    async def main() -> None:
        async with reception_of(data_dir, desk) as reception:
            desk.remember(TALK)
            assert not (await reception.open(ALICE, single(TALK))).hit, "nobody has sent it"
            await reception.finish(ALICE, await send(reception, ALICE, TALK))
            early = replace(chunked(TALK, 4), early_hit=True)
            by_sha256 = single(TALK, declared=f"sha256:{sha256(TALK)}")
            for plan in (single(TALK), early, by_sha256):
                opened = await reception.open(ALICE, plan)
                assert opened.hit
                assert desk.tasks[opened.task_id].state.is_over
            anew = replace(ORDER, wish=Wish(use_cache=False))
            other_size = replace(single(TALK), size_bytes=len(TALK) + 1)
            for plan in (chunked(TALK, 4), replace(single(TALK), order=anew), other_size):
                assert not (await reception.open(ALICE, plan)).hit

    asyncio.run(main())


@pytest.mark.parametrize(("shared", "by_md5", "by_sha256"), [(False, False, False), (True, False, True)])
def test_a_hash_is_not_a_password(
    data_dir: Path, desk: ScriptedDesk, shared: bool, by_md5: bool, by_sha256: bool
) -> None:
    """What Alice has sent answers Bob only where that is wanted, and by MD5 not even then."""

    async def main() -> None:
        options = ReceptionOptions(authenticated=True, shared=shared)
        async with reception_of(data_dir, desk, options) as reception:
            desk.remember(TALK)
            await reception.finish(ALICE, await send(reception, ALICE, TALK))
            assert (await reception.open(ALICE, single(TALK))).hit
            assert (await reception.open(BOB, single(TALK))).hit == by_md5
            plan = single(TALK, declared=f"sha256:{sha256(TALK)}")
            assert (await reception.open(BOB, plan)).hit == by_sha256
            await reception.finish(BOB, await send(reception, BOB, TALK))
            assert (await reception.open(BOB, single(TALK))).hit

    asyncio.run(main())


# Two files with one MD5, published by Wang, Feng, Lai and Yu in 2004 (eprint.iacr.org/2004/199).
COLLIDING = tuple(
    bytes.fromhex(text)
    for text in (
        "d131dd02c5e6eec4693d9a0698aff95c2fcab58712467eab4004583eb8fb7f8955ad340609f4b30283e488832571415a"
        "085125e8f7cdc99fd91dbdf280373c5bd8823e3156348f5bae6dacd436c919c6dd53e2b487da03fd02396306d248cda0"
        "e99f33420f577ee8ce54b67080a80d1ec69821bcb6a8839396f9652b6ff72a70",
        "d131dd02c5e6eec4693d9a0698aff95c2fcab50712467eab4004583eb8fb7f8955ad340609f4b30283e4888325f1415a"
        "085125e8f7cdc99fd91dbd7280373c5bd8823e3156348f5bae6dacd436c919c6dd53e23487da03fd02396306d248cda0"
        "e99f33420f577ee8ce54b67080280d1ec69821bcb6a8839396f965ab6ff72a70",
    )
)


def test_two_contents_with_one_md5_are_never_taken_for_each_other(data_dir: Path, desk: ScriptedDesk) -> None:
    one, other = COLLIDING
    assert md5(one) == md5(other)
    assert one != other

    async def main() -> None:
        async with reception_of(data_dir, desk, ReceptionOptions(authenticated=True)) as reception:
            desk.remember(one)
            await reception.finish(ALICE, await send(reception, ALICE, one, 64))
            assert (await reception.open(ALICE, single(other))).hit, "so far it can only mean the one"
            second = await send(reception, BOB, other, 64)
            await reception.finish(BOB, second)
            assert desk.recordings[second].path.read_bytes() == other
            for who, content in ((ALICE, one), (ALICE, other), (BOB, one), (BOB, other)):
                assert not (await reception.open(who, single(content))).hit
            named = single(one, declared=f"sha256:{sha256(one)}")
            assert (await reception.open(ALICE, named)).hit
            assert not (await reception.open(BOB, named)).hit

    asyncio.run(main())


def test_a_lie_about_a_hash_gains_nothing(data_dir: Path, desk: ScriptedDesk) -> None:
    """Bob sends other bytes under the hash of Alice's recording: that makes him no owner of it."""

    async def main() -> None:
        async with reception_of(data_dir, desk, ReceptionOptions(authenticated=True)) as reception:
            desk.remember(TALK)
            await reception.finish(ALICE, await send(reception, ALICE, TALK))
            lie = (await reception.open(BOB, single(TALK))).task_id
            with pytest.raises(HashMismatch):
                await reception.write_whole(BOB, lie, TALK.upper())
            many = (await reception.open(BOB, chunked(TALK, 4))).task_id
            for index, chunk in enumerate(cut(TALK.upper(), 4)):
                await reception.write_chunk(BOB, many, index, chunk, None)
            with pytest.raises(FileHashMismatch):
                await reception.finish(BOB, many)
            assert not (await reception.open(BOB, single(TALK))).hit
            assert (await reception.open(ALICE, single(TALK))).hit

    asyncio.run(main())


def test_uploads_are_limited(data_dir: Path, desk: ScriptedDesk) -> None:
    async def main() -> None:
        options = ReceptionOptions(max_open=3, max_open_per_user=2)
        async with reception_of(data_dir, desk, options) as reception:
            first = (await reception.open(ALICE, single(TALK))).task_id
            await reception.open(ALICE, single(TALK))
            with pytest.raises(TooManySessions, match="2 uploads open"):
                await reception.open(ALICE, single(TALK))
            await reception.open(BOB, single(TALK))
            with pytest.raises(TooManySessions, match="as many uploads"):
                await reception.open(BOB, single(TALK))
            await reception.write_whole(ALICE, first, TALK)
            await reception.open(ALICE, single(TALK))

    asyncio.run(main())


def test_declared_sizes_are_reserved(data_dir: Path, desk: ScriptedDesk) -> None:
    async def main() -> None:
        async with reception_of(data_dir, desk, ReceptionOptions(disk_bytes=1000)) as reception:
            first = (await reception.open(ALICE, tus(600))).task_id
            with pytest.raises(DiskBudgetSpent, match="MiB left"):
                await reception.open(ALICE, tus(500))
            with pytest.raises(DiskBudgetSpent):
                await reception.receive(ALICE, body(), pieces(bytes(500)))
            await reception.abandon(ALICE, first)
            await reception.receive(ALICE, body(900), pieces(bytes(900)))
            with pytest.raises(DiskBudgetSpent):
                await reception.open(ALICE, tus(101))

    asyncio.run(main())


def test_what_no_task_needs_makes_room(data_dir: Path, desk: ScriptedDesk) -> None:
    async def main() -> None:
        async with reception_of(data_dir, desk, ReceptionOptions(disk_bytes=1000)) as reception:
            old = await reception.receive(ALICE, body(400), pieces(bytes(400)))
            new = await reception.receive(ALICE, body(401), pieces(bytes(401)))
            with pytest.raises(DiskBudgetSpent):
                await reception.open(ALICE, tus(300))
            await desk.end(old.task_id)
            await desk.end(new.task_id)
            await reception.open(ALICE, tus(300))
            assert files(data_dir, "recordings") == {sha256(bytes(401))}
            await reception.open(ALICE, tus(700))
            assert not files(data_dir, "recordings")

    asyncio.run(main())


def test_a_body_of_unknown_size_gets_room_as_it_grows(
    data_dir: Path, desk: ScriptedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "_RESERVE_BYTES", 100)
    monkeypatch.setattr(streams, "_WRITE_BYTES", 50)

    async def main() -> None:
        async with reception_of(data_dir, desk, ReceptionOptions(disk_bytes=1000)) as reception:
            old = await reception.receive(ALICE, body(), pieces(*[bytes(50)] * 12))
            with pytest.raises(DiskBudgetSpent):
                await reception.receive(ALICE, body(), pieces(*[b"x" * 50] * 12))
            await desk.end(old.task_id)
            new = await reception.receive(ALICE, body(), pieces(*[b"x" * 50] * 12))
            assert files(data_dir, "recordings") == {sha256(b"x" * 600)}
            assert desk.tasks[new.task_id].size_bytes == 600
            await reception.open(ALICE, tus(400))
            with pytest.raises(DiskBudgetSpent):
                await reception.open(ALICE, tus(1))

    asyncio.run(main())


def test_a_power_cut_takes_the_end_of_what_came_in_order(data_dir: Path, desk: ScriptedDesk) -> None:
    async def main() -> None:
        async with reception_of(data_dir, desk) as reception:
            task_id = (await reception.open(ALICE, tus(len(TALK)))).task_id
            await reception.append(ALICE, task_id, 0, pieces(TALK[:12]))
        os.truncate(data_dir / "uploads" / f"{task_id}.part", 7)
        async with reception_of(data_dir, desk) as reception:
            assert (await reception.state(ALICE, task_id)).offset_bytes == 7
            await reception.append(ALICE, task_id, 7, pieces(TALK[7:]))
            await reception.finish(ALICE, task_id)
            assert desk.recordings[task_id].path.read_bytes() == TALK

    asyncio.run(main())


def test_sweeping_leaves_alone_what_is_being_opened(data_dir: Path, desk: ScriptedDesk) -> None:
    async def main() -> None:
        async with reception_of(data_dir, desk) as reception:
            done = asyncio.Event()

            async def sweep() -> None:
                while not done.is_set():
                    await reception.sweep()

            async def use() -> None:
                for _ in range(5):
                    await reception.finish(ALICE, await send(reception, ALICE, os.urandom(20)))
                    await reception.receive(ALICE, body(), pieces(os.urandom(20)))

            sweeping = asyncio.create_task(sweep())
            await asyncio.gather(*(use() for _ in range(4)))
            done.set()
            await sweeping
        assert len(desk.tasks) == 40
        assert nothing_left(data_dir)

    asyncio.run(main())


def test_a_server_that_stops_does_not_wait_for_ever(
    data_dir: Path, desk: ScriptedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reception_module, "CLOSING_S", 0.05)

    async def main() -> None:
        desk.admitting = asyncio.Event()
        async with reception_of(data_dir, desk) as reception:
            task_id = await send(reception, ALICE, TALK)
            finishing = asyncio.create_task(reception.finish(ALICE, task_id))
            while not desk.admissions:  # noqa: ASYNC110 - no event
                await asyncio.sleep(0.001)
        await asyncio.wait({finishing})
        desk.admitting = None
        async with reception_of(data_dir, desk) as reception:
            assert await reception.finish(ALICE, task_id) == Started(task_id=task_id)

    asyncio.run(main())


@pytest.mark.skipif(sys.platform == "win32", reason="no such permissions")
def test_what_people_said_is_nobody_elses_business(data_dir: Path, desk: ScriptedDesk) -> None:
    before = os.umask(0)
    try:

        async def main() -> None:
            async with reception_of(data_dir, desk) as reception:
                await reception.finish(ALICE, await send(reception, ALICE, TALK))
                await send(reception, ALICE, TALK)

        asyncio.run(main())
    finally:
        os.umask(before)
    for folder in ("uploads", "recordings"):
        assert stat.S_IMODE((data_dir / folder).stat().st_mode) == 0o700
        [file] = (data_dir / folder).iterdir()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_errors_say_nothing_about_the_server(data_dir: Path, desk: ScriptedDesk) -> None:
    async def main() -> None:
        async with reception_of(data_dir, desk) as reception:
            task_id = await send(reception, ALICE, TALK)
            (data_dir / "uploads" / f"{task_id}.part").unlink()
            with pytest.raises(ParleyError) as caught:
                await reception.finish(ALICE, task_id)
            assert str(data_dir) not in caught.value.message + caught.value.detail

    asyncio.run(main())
