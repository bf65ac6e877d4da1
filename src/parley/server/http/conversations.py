"""Conversations with the assistant as they are remembered: list them, read one, forget one."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from parley.errors import ConversationNotFound, NoSuchPage
from parley.server.http.asking import Behind, Who, problems, read
from parley.server.http.models import Document, moment
from parley.server.rooms import Remembered, Rooms
from parley.speech.conversation import Message, StoredConversation
from parley.wire.native.message import Timestamp

router = APIRouter(tags=["conversations"])

_MOST_MESSAGES = 2000

_SHOWN: JsonDict = {
    "conversation_id": "5b0c4e0a9d3c4b6f8a1e2d3c4b5a6978",
    "title": "What is the capital of Peru?",
    "language": "en",
    "started_at": "2025-06-01T08:30:00.120000+00:00",
    "updated_at": "2025-06-01T08:30:09.480000+00:00",
    "messages": 2,
}

_SAID: JsonDict = {
    "items": [
        {
            "role": "user",
            "text": "What is the capital of Peru?",
            "at": "2025-06-01T08:30:04.300000+00:00",
            "interrupted": False,
        },
        {
            "role": "assistant",
            "text": "The capital of Peru is Lima, which",
            "at": "2025-06-01T08:30:09.480000+00:00",
            "interrupted": True,
        },
    ]
}


class ConversationShown(Document):
    """A conversation without what was said in it."""

    conversation_id: str = Field(description="`start` of `/assistant` goes on with it.")
    title: str = Field(description="How it began, cut to a line.")
    language: str | None = Field(description="ISO 639-1; null: any.")
    started_at: Timestamp
    updated_at: Timestamp = Field(description="When something was said last.")
    messages: int = Field(ge=0, description="How many there are.")


class ConversationList(Document):
    """The user's conversations, the newest first."""

    model_config = ConfigDict(
        frozen=True, json_schema_extra={"example": {"items": [_SHOWN], "next_cursor": None}}
    )

    items: list[ConversationShown]
    next_cursor: str | None = Field(None, description="Ask again with it as `cursor`; null at the end.")


class MessageShown(Document):
    """What somebody said; of an answer the words that were heard."""

    role: Literal["user", "assistant"]
    text: str
    at: Timestamp
    interrupted: bool = Field(description="The user spoke before the answer ended.")


class ConversationWhole(ConversationShown):
    """A conversation, and what was said in it."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"example": {**_SHOWN, **_SAID}})

    items: list[MessageShown] = Field(description="In order.")


ConversationIdPath = Annotated[
    str, Path(min_length=1, max_length=64, description="The id of a conversation.")
]

_MISSING = problems(404)
_MISSING[404] = {**_MISSING[404], "description": "No such conversation, or somebody else's."}


@read(
    router,
    "/v1/conversations",
    summary="List conversations",
    response_model=ConversationList,
    responses=_MISSING,
)
async def conversations(
    who: Who,
    rooms: Behind,
    limit: Annotated[int, Query(ge=1, le=200, description="Most items.")] = 50,
    cursor: Annotated[
        str | None, Query(max_length=200, description="`next_cursor` of the last page.")
    ] = None,
) -> ConversationList:
    """The user's conversations in which something was said, the newest first."""
    found, following = await _memory(rooms).conversations(who.user, limit, cursor)
    return ConversationList(
        items=[ConversationShown.model_validate(_shown(each)) for each in found], next_cursor=following
    )


@read(
    router,
    "/v1/conversations/{conversation_id}",
    summary="Read a conversation",
    response_model=ConversationWhole,
    responses=_MISSING,
)
async def conversation(
    conversation_id: ConversationIdPath,
    who: Who,
    rooms: Behind,
    last: Annotated[
        int, Query(ge=1, le=_MOST_MESSAGES, description="Only so many messages, the latest.")
    ] = _MOST_MESSAGES,
) -> ConversationWhole:
    """What was said, in order."""
    memory = _memory(rooms)
    stored = await memory.conversation(who.user, conversation_id)
    said = await memory.messages(who.user, conversation_id, last)
    items = [_message(message) for message in said]
    return ConversationWhole.model_validate({**_shown(stored), "items": items})


@router.delete(
    "/v1/conversations/{conversation_id}",
    summary="Forget a conversation",
    status_code=204,
    response_class=Response,
    responses=_MISSING,
)
async def forget(conversation_id: ConversationIdPath, who: Who, rooms: Behind) -> Response:
    """Forget what was said for good. Of one that goes on now, nothing more is remembered."""
    if not await _memory(rooms).delete(who.user, conversation_id):
        raise ConversationNotFound("There is no conversation with this id.")
    return Response(status_code=204)


def _memory(rooms: Rooms) -> Remembered:
    if rooms.conversations is None:
        raise NoSuchPage("This server holds no conversations.")
    return rooms.conversations


def _shown(stored: StoredConversation) -> dict[str, object]:
    return {
        "conversation_id": stored.conversation_id,
        "title": stored.title,
        "language": stored.language,
        "started_at": moment(stored.started_at),
        "updated_at": moment(stored.updated_at),
        "messages": stored.messages,
    }


def _message(message: Message) -> MessageShown:
    return MessageShown(
        role=message.role, text=message.text, at=moment(message.at), interrupted=message.interrupted
    )
