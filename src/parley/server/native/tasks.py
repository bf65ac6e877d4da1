"""Messages about tasks, and the two about the line itself (sections 4 and 9)."""

from __future__ import annotations

from parley.errors import SessionNotFound, TaskNotFound, TooManySessions
from parley.jobs.task import TaskState
from parley.server.native.answers import batch_item, list_item, receiving, status_of
from parley.server.native.conversation import Conversation
from parley.wire.native.client import (
    AskTaskList,
    AskTaskStatus,
    AskTaskStatusBatch,
    Auth,
    CancelTask,
    Ping,
    Subscribe,
)
from parley.wire.native.message import now
from parley.wire.native.server import (
    AuthSuccess,
    AuthUser,
    Pong,
    TaskCancelled,
    TaskList,
    TaskStatus,
    TaskStatusBatch,
)


async def ping(talk: Conversation, message: Ping) -> None:
    """`ping`."""
    await talk.say(Pong(timestamp=now()))


async def auth(talk: Conversation, message: Auth) -> None:
    """`auth` on a line that is open already: who it is stays as it was."""
    user = AuthUser(username=talk.who.user)
    await talk.say(AuthSuccess(message="This connection is open already.", user=user))


async def status(talk: Conversation, message: AskTaskStatus) -> None:
    """`task_status`."""
    await talk.say(await _status(talk, message.task_id))


async def _status(talk: Conversation, task_id: str) -> TaskStatus:
    behind = talk.behind
    try:
        return await status_of(behind.desk, talk.who, await behind.desk.get(talk.who, task_id))
    except TaskNotFound as missing:
        try:
            await behind.reception.state(talk.who, task_id)
        except SessionNotFound:
            raise missing from None
        return receiving(task_id)


async def status_batch(talk: Conversation, message: AskTaskStatusBatch) -> None:
    """`task_status_batch`: in the order asked."""
    items = [await batch_item(task_id, _status(talk, task_id)) for task_id in message.task_ids]
    await talk.say(TaskStatusBatch(items=items))


async def listing(talk: Conversation, message: AskTaskList) -> None:
    """`task_list`."""
    state = None if message.status is None else TaskState(message.status)
    tasks, cursor = await talk.behind.desk.list(
        talk.who, limit=message.limit, cursor=message.cursor, state=state
    )
    await talk.say(TaskList(items=[list_item(task) for task in tasks], next_cursor=cursor))


async def subscribe(talk: Conversation, message: Subscribe) -> None:
    """`subscribe`: how the task is, then all that a client that was away has missed."""
    task_id = message.task_id
    if task_id not in talk.following and len(talk.following) >= talk.behind.options.max_followed:
        raise TooManySessions("This connection follows too many tasks; wait for some, or open another one.")
    task = await talk.behind.desk.get(talk.who, task_id)
    answer = await status_of(talk.behind.desk, talk.who, task)
    await talk.following.leave(task_id)
    await talk.say(answer)
    await talk.following.begin(task_id, message.from_segment)


async def cancel(talk: Conversation, message: CancelTask) -> None:
    """`cancel_task`: a task, or an upload that is none yet."""
    task_id = message.task_id
    try:
        await talk.behind.desk.cancel(talk.who, task_id)
    except TaskNotFound:
        if not await talk.behind.reception.abandon(talk.who, task_id):
            # It may have become a task in between.
            await talk.behind.desk.cancel(talk.who, task_id)
    await talk.following.leave(task_id)
    await talk.following.conclude(TaskCancelled(task_id=task_id, message="The task was cancelled."))
