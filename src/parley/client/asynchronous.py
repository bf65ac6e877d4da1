"""The client for asyncio."""

from __future__ import annotations

import os
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, aclosing
from pathlib import Path
from typing import Any, Self, Unpack

from parley.client import speaking
from parley.client import voices as library
from parley.client.address import parse_address
from parley.client.asking import ask
from parley.client.conversation import AsyncConversation, open_conversation
from parley.client.conversation_events import ConversationOptions
from parley.client.events import Completed, Event, Progress, Queued, Reading, Segment, Uploading
from parley.client.feeding import Chunks, converse
from parley.client.job import AsyncJob
from parley.client.journey import Journey, events_of
from parley.client.line import Door
from parley.client.live_options import LiveOptions
from parley.client.live_session import AsyncLiveSession, open_session
from parley.client.notes import Notes
from parley.client.options import Options, check_options
from parley.client.result import Result
from parley.client.sending import Sending, Tell
from parley.client.source import Readable, Source, open_source
from parley.client.speaking import SpeakOptions, Text
from parley.client.tls import tls_context
from parley.speech.live import LiveEvent
from parley.speech.speaking import SpeechEvent
from parley.speech.voice import VoiceFacts
from parley.wire.native.client import (
    MIB,
    MOST_TASKS_IN_A_BATCH,
    AskTaskList,
    AskTaskStatusBatch,
    TaskStatusName,
)
from parley.wire.native.server import BatchItem, ListItem, TaskList, TaskStatusBatch

OnProgress = Callable[[Reading | Uploading | Queued | Progress], None]
OnSegment = Callable[[Segment], None]

_PAGE = 200
"""The most that a server lists at once."""


class AsyncClient:
    """Talks to one server; may be used by many coroutines at once. No connection outlives a call.

    `server` is `host:port` or a URL with ws, wss, http or https. `tls_ca` names a file with the
    certificates to trust instead of the system's; `verify=False` trusts anybody. When the line is lost
    or the queue is full, a call goes on trying while something moves at least every `patience_s`.
    `notes` let an interrupted transcription go on in another process. Every method may raise
    ServerUnreachable, AuthFailed, and whatever the server refuses with, as errors of `parley.errors`.
    """

    def __init__(
        self,
        server: str,
        token: str | None = None,
        *,
        tls_ca: str | os.PathLike[str] | None = None,
        verify: bool = True,
        patience_s: float = 300.0,
        timeout_s: float = 10.0,
        chunk_bytes: int = MIB,
        proxy: str | None = None,
        notes: Notes | None = None,
    ) -> None:
        address = parse_address(server)
        tls: ssl.SSLContext | None = tls_context(tls_ca, verify=verify) if address.is_secure else None
        self._door = Door(address=address, token=token, tls=tls, proxy=proxy, timeout_s=timeout_s)
        self._patience_s = patience_s
        self._chunk_bytes = chunk_bytes
        self._notes = notes

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Nothing is left to close; iterators end with the block that uses them."""

    async def transcribe(
        self,
        file: Readable,
        *,
        on_progress: OnProgress | None = None,
        on_segment: OnSegment | None = None,
        **options: Unpack[Options],
    ) -> Result:
        """Send a recording and wait for its result; raises JobError when the task fails.

        Cancelling the coroutine leaves the task to the server.
        """
        if on_segment is not None:
            options["segments"] = True
        async with aclosing(self.stream(file, **options)) as events:
            async for event in events:
                if isinstance(event, Completed):
                    return event.result
                hear(event, on_progress, on_segment)
        raise AssertionError("a journey ends with its result or an exception")

    async def stream(self, file: Readable, **options: Unpack[Options]) -> AsyncGenerator[Event, None]:
        """Send a recording and tell everything that happens, `Completed` last.

        With `segments=True` there are `Segment`s. Leaving the iterator leaves the task to the server;
        an upload that is not complete by then expires there.
        """

        async def go(journey: Journey, sending: Sending) -> None:
            await journey.travel(sending)

        async with aclosing(self._journey(file, options, go)) as events:
            async for event in events:
                yield event

    async def submit(
        self, file: Readable, *, on_progress: OnProgress | None = None, **options: Unpack[Options]
    ) -> AsyncJob:
        """Send a recording and come back once the server has admitted its task, which then needs nobody."""
        task_id = ""
        async with aclosing(self.admit(file, **options)) as events:
            async for event in events:
                hear(event, on_progress, None)
                task_id = task_of(event) or task_id
        return self.job(task_id)

    async def admit(self, file: Readable, **options: Unpack[Options]) -> AsyncGenerator[Event, None]:
        """What `submit` does, as events; the last one has the id of the task."""

        async def go(journey: Journey, sending: Sending) -> None:
            await journey.admit(sending)

        async with aclosing(self._journey(file, options, go)) as events:
            async for event in events:
                yield event

    def job(self, task_id: str) -> AsyncJob:
        """A task by its id; nothing is asked yet."""
        return AsyncJob(self._door, self._patience_s, task_id)

    async def jobs(self, *, limit: int = 50, status: TaskStatusName | None = None) -> list[ListItem]:
        """One's tasks, the newest first, at most `limit`."""
        found: list[ListItem] = []
        cursor: str | None = None
        while len(found) < limit:
            page = min(_PAGE, limit - len(found))
            answer = await ask(self._door, AskTaskList(limit=page, cursor=cursor, status=status), TaskList)
            found += answer.items
            cursor = answer.next_cursor
            if cursor is None or not answer.items:
                break
        return found

    async def status(self, task_ids: Iterable[str]) -> list[BatchItem]:
        """How several tasks are, in the order asked; `status` is None for one that is not known."""
        asked = list(task_ids)
        found: list[BatchItem] = []
        for first in range(0, len(asked), MOST_TASKS_IN_A_BATCH):
            batch = asked[first : first + MOST_TASKS_IN_A_BATCH]
            found += (await ask(self._door, AskTaskStatusBatch(task_ids=batch), TaskStatusBatch)).items
        return found

    def listen(self, **options: Unpack[LiveOptions]) -> AbstractAsyncContextManager[AsyncLiveSession]:
        """A live session, which ends with the `async with` block: send audio, and iterate over what was
        heard.
        """
        return open_session(self._door, options)

    async def transcribe_live(
        self, chunks: Chunks, **options: Unpack[LiveOptions]
    ) -> AsyncGenerator[LiveEvent, None]:
        """Everything that is heard in audio as it comes, `Done` last. What iterating over `chunks` raises
        is raised after the last event.
        """
        async with self.listen(**options) as session, aclosing(converse(session, chunks)) as events:
            async for event in events:
                yield event

    async def speak(self, text: Text, **options: Unpack[SpeakOptions]) -> AsyncGenerator[SpeechEvent, None]:
        """A text, whole or in pieces as they are written, becomes speech: `SpeechBegun`, then a `Sentence`
        before the `SpokenAudio` of each clause, `Spoken` last. Leaving the iterator stops the voice.
        """
        async with aclosing(speaking.speak(self._door, text, options)) as events:
            async for event in events:
                yield event

    def converse(
        self, **options: Unpack[ConversationOptions]
    ) -> AbstractAsyncContextManager[AsyncConversation]:
        """A spoken conversation, which ends with the `async with` block: send the microphone, play what
        comes, and say what was played.
        """
        return open_conversation(self._door, options)

    async def voices(self) -> list[VoiceFacts]:
        """The voices that can be chosen: presets of the server's engines, then one's own."""
        return await library.voices(self._door)

    async def add_voice(
        self,
        audio: str | os.PathLike[str] | None,
        *,
        name: str,
        transcript: str = "",
        consent: bool = False,
        language: str | None = None,
        engine: str | None = None,
        design: str = "",
    ) -> VoiceFacts:
        """A voice of one's own: cloned from a recording of 3 to 30 seconds in which somebody who agrees
        (`consent`) says `transcript`, or without a recording from `design`, the voice in words.
        """
        asked = {"transcript": transcript, "language": language, "engine": engine, "design": design}
        given = {field: value for field, value in asked.items() if value}
        fields = {"name": name, "consent": str(consent).lower(), **given}
        return await library.add_voice(self._door, None if audio is None else Path(audio), fields)

    async def remove_voice(self, voice_id: str) -> None:
        """Forget a voice of one's own; raises VoiceUnknown."""
        await library.remove_voice(self._door, voice_id)

    async def preview_voice(self, voice_id: str) -> bytes:
        """A few seconds of a voice, as a WAV file."""
        return await library.preview(self._door, voice_id)

    async def _journey(
        self, file: Readable, options: Options, go: Callable[[Journey, Sending], Awaitable[None]]
    ) -> AsyncGenerator[Event, None]:
        checked = check_options(options)
        async with open_source(file, options.get("file_name")) as source:

            async def travel(tell: Tell) -> None:
                journey = Journey(self._door, self._patience_s, tell)
                sending = self._sending(source, checked, journey.hear)
                await sending.prepare()
                await go(journey, sending)

            async with aclosing(events_of(travel)) as events:
                async for event in events:
                    yield event

    def _sending(self, source: Source, options: dict[str, Any], tell: Tell) -> Sending:
        return Sending(
            source,
            {**options, "file_name": source.name},
            chunk_bytes=self._chunk_bytes,
            patience_s=self._patience_s,
            tell=tell,
            notes=self._notes,
        )


def task_of(event: Event) -> str | None:
    """The task an event is about; before its upload began it has no id."""
    return None if isinstance(event, Reading) else event.task_id


def hear(event: Event, on_progress: OnProgress | None, on_segment: OnSegment | None) -> None:
    """Call whoever wants to know."""
    match event:
        case Segment():
            if on_segment is not None:
                on_segment(event)
        case Completed():
            pass
        case _:
            if on_progress is not None:
                on_progress(event)
