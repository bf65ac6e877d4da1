"""Messages about uploads (sections 5 and 6)."""

from __future__ import annotations

import functools
from dataclasses import replace

from parley.errors import InvalidChunk, TaskExpired, TaskNotFound, TooManySessions
from parley.jobs.upload import ChunkReceipt, UploadPlan
from parley.server.addresses import check
from parley.server.messages import ending_of
from parley.server.native.answers import ready, received, status_of, upload_status
from parley.server.native.conversation import Conversation
from parley.server.native.in_hand import Tell
from parley.server.native.reading import Chunk, Whole
from parley.server.native.refusals import About
from parley.server.orders import order_of
from parley.wire.native.client import AskUploadStatus, FinalizeUpload, UploadChunk, UploadRequest
from parley.wire.native.server import TaskComplete

_MOST_CHUNKS = 2**31


async def request(talk: Conversation, message: UploadRequest) -> None:
    """`upload_request`: ready, or the result at once where it is known."""
    if len(talk.following) >= talk.behind.options.max_followed:
        raise TooManySessions("This connection follows too many tasks; wait for some, or open another one.")
    options = talk.behind.options
    if message.callback_url is not None:
        await check(message.callback_url, allow_private=options.allow_private_urls)
    opened = await talk.behind.reception.open(talk.who, plan_of(message, options.default_profile))
    if not opened.hit:
        return await talk.say(ready(opened))
    task = await talk.behind.desk.get(talk.who, opened.task_id)
    for ending in await ending_of(talk.behind.desk, talk.who, task):
        if isinstance(ending, TaskComplete):
            await talk.following.conclude(ending)
    return None


def plan_of(message: UploadRequest, default_profile: str) -> UploadPlan:
    """What the client announces."""
    chunked = message.upload_mode == "chunked"
    return UploadPlan(
        order=order_of(message, message.file_name, default_profile),
        door=message.upload_mode,
        size_bytes=message.file_size,
        declared_hash=message.file_hash.strip().lower(),
        chunk_bytes=message.chunk_size if chunked else 0,
        chunks=(message.total_chunks or 0) if chunked else 0,
        early_hit=message.early_hit,
    )


async def whole(talk: Conversation, message: Whole) -> None:
    """`upload_data`: the acknowledgement."""
    acknowledgement = await talk.behind.reception.write_whole(talk.who, message.task_id, message.data)
    await talk.acknowledge(acknowledgement)


async def chunk(talk: Conversation, message: Chunk, charged: int) -> None:
    """`upload_chunk` or a binary frame: written beside the reading of the next one."""
    await talk.in_hand.take(functools.partial(_write, talk, message, charged))


async def _write(talk: Conversation, message: Chunk, charged: int) -> Tell:
    task_id, index = message.task_id, message.index
    try:
        if not 0 <= index < _MOST_CHUNKS:
            raise InvalidChunk("The field 'chunk_index' counts from 0 up to 'total_chunks'.")
        receipt = await talk.behind.reception.write_chunk(talk.who, task_id, index, message.data, message.md5)
    except Exception as problem:  # noqa: BLE001 - the door
        about = About(UploadChunk.TYPE, task_id, index if 0 <= index < 2**53 else None)
        return functools.partial(talk.refuse, problem, about)
    finally:
        talk.line.wire.release(charged)
    talk.tally.note(task_id, receipt.received)
    if receipt.whole:
        # The acknowledgement stands behind the answers to chunks that came with the last one.
        talk.in_hand.append(functools.partial(_finish, talk, task_id))
    return functools.partial(_told, talk, receipt)


async def _told(talk: Conversation, receipt: ChunkReceipt) -> None:
    await talk.say(received(replace(receipt, received=talk.tally.tell(receipt.task_id))))


async def _finish(talk: Conversation, task_id: str) -> Tell:
    try:
        acknowledgement = await talk.behind.reception.finish(talk.who, task_id)
    except Exception as problem:  # noqa: BLE001 - the door
        return functools.partial(talk.refuse, problem, About(FinalizeUpload.TYPE, task_id))
    return functools.partial(talk.acknowledge, acknowledgement)


async def finalize(talk: Conversation, message: FinalizeUpload) -> None:
    """`finalize_upload`: the acknowledgement, or how the task is that the upload has become."""
    behind, task_id = talk.behind, message.task_id
    try:
        task = await behind.desk.get(talk.who, task_id)
    except (TaskNotFound, TaskExpired):
        return await talk.acknowledge(await behind.reception.finish(talk.who, task_id))
    await talk.say(await status_of(behind.desk, talk.who, task))
    if not task.state.is_over:
        await talk.follow(task_id)
    return None


async def status(talk: Conversation, message: AskUploadStatus) -> None:
    """`upload_status`: what is missing."""
    await talk.say(upload_status(await talk.behind.reception.state(talk.who, message.task_id)))
