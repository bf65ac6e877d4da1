"""The client for everybody else: the asynchronous one behind an event loop in a thread of its own."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable
from contextlib import closing, contextmanager
from typing import Any, Self, Unpack

from parley.client.asynchronous import AsyncClient, OnProgress, OnSegment, hear, task_of
from parley.client.conversation_events import ConversationOptions
from parley.client.conversation_plain import Conversation
from parley.client.events import Completed, Event
from parley.client.feeding import Chunks
from parley.client.job import AsyncJob
from parley.client.live_options import LiveOptions
from parley.client.live_plain import LiveSession
from parley.client.options import Options
from parley.client.portal import Portal
from parley.client.result import Result
from parley.client.source import Readable
from parley.client.speaking import SpeakOptions, Text
from parley.speech.live import LiveEvent
from parley.speech.speaking import SpeechEvent
from parley.speech.transcript import Transcript
from parley.speech.voice import VoiceFacts
from parley.wire.native.client import OutputFormat, TaskStatusName
from parley.wire.native.server import BatchItem, ListItem, TaskStatus


class Client:
    """`AsyncClient` with the same arguments and methods, each waiting for its end.

    Callbacks and iterators run in the thread that calls; several threads may share a client.
    """

    def __init__(self, server: str, token: str | None = None, **settings: Any) -> None:
        self._client = AsyncClient(server, token, **settings)
        self._portal = Portal()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave the server; its tasks go on. May be called twice."""
        self._portal.close()

    def transcribe(
        self,
        file: Readable,
        *,
        on_progress: OnProgress | None = None,
        on_segment: OnSegment | None = None,
        **options: Unpack[Options],
    ) -> Result:
        """See `AsyncClient.transcribe`."""
        if on_segment is not None:
            options["segments"] = True
        with closing(self.stream(file, **options)) as events:
            for event in events:
                if isinstance(event, Completed):
                    return event.result
                hear(event, on_progress, on_segment)
        raise AssertionError("a journey ends with its result or an exception")

    def stream(self, file: Readable, **options: Unpack[Options]) -> Generator[Event, None, None]:
        """See `AsyncClient.stream`."""
        yield from self._portal.iterate(self._client.stream(file, **options))

    def submit(
        self, file: Readable, *, on_progress: OnProgress | None = None, **options: Unpack[Options]
    ) -> Job:
        """See `AsyncClient.submit`."""
        task_id = ""
        with closing(self._portal.iterate(self._client.admit(file, **options))) as events:
            for event in events:
                hear(event, on_progress, None)
                task_id = task_of(event) or task_id
        return self.job(task_id)

    @contextmanager
    def listen(self, **options: Unpack[LiveOptions]) -> Generator[LiveSession]:
        """See `AsyncClient.listen`."""
        session = self._client.listen(**options)
        opened = self._portal.run(session.__aenter__())
        try:
            yield LiveSession(self._portal, opened)
        finally:
            self._portal.run(session.__aexit__(None, None, None))

    @contextmanager
    def converse(self, **options: Unpack[ConversationOptions]) -> Generator[Conversation]:
        """See `AsyncClient.converse`."""
        conversation = self._client.converse(**options)
        opened = self._portal.run(conversation.__aenter__())
        try:
            yield Conversation(self._portal, opened)
        finally:
            self._portal.run(conversation.__aexit__(None, None, None))

    def transcribe_live(
        self, chunks: Chunks, **options: Unpack[LiveOptions]
    ) -> Generator[LiveEvent, None, None]:
        """See `AsyncClient.transcribe_live`."""
        yield from self._portal.iterate(self._client.transcribe_live(chunks, **options))

    def speak(self, text: Text, **options: Unpack[SpeakOptions]) -> Generator[SpeechEvent, None, None]:
        """See `AsyncClient.speak`."""
        yield from self._portal.iterate(self._client.speak(text, **options))

    def voices(self) -> list[VoiceFacts]:
        """See `AsyncClient.voices`."""
        return self._portal.run(self._client.voices())

    def add_voice(
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
        """See `AsyncClient.add_voice`."""
        return self._portal.run(
            self._client.add_voice(
                audio,
                name=name,
                transcript=transcript,
                consent=consent,
                language=language,
                engine=engine,
                design=design,
            )
        )

    def remove_voice(self, voice_id: str) -> None:
        """See `AsyncClient.remove_voice`."""
        self._portal.run(self._client.remove_voice(voice_id))

    def preview_voice(self, voice_id: str) -> bytes:
        """See `AsyncClient.preview_voice`."""
        return self._portal.run(self._client.preview_voice(voice_id))

    def job(self, task_id: str) -> Job:
        """A task by its id; nothing is asked yet."""
        return Job(self._portal, self._client.job(task_id))

    def jobs(self, *, limit: int = 50, status: TaskStatusName | None = None) -> list[ListItem]:
        """See `AsyncClient.jobs`."""
        return self._portal.run(self._client.jobs(limit=limit, status=status))

    def status(self, task_ids: Iterable[str]) -> list[BatchItem]:
        """See `AsyncClient.status`."""
        return self._portal.run(self._client.status(task_ids))


class Job:
    """`AsyncJob` with the same methods, each waiting for its end."""

    def __init__(self, portal: Portal, job: AsyncJob) -> None:
        self._portal = portal
        self._job = job

    @property
    def id(self) -> str:
        """The task's id."""
        return self._job.id

    def status(self) -> TaskStatus:
        """See `AsyncJob.status`."""
        return self._portal.run(self._job.status())

    def watch(self) -> Generator[Event, None, None]:
        """See `AsyncJob.watch`."""
        yield from self._portal.iterate(self._job.watch())

    def result(self, format: OutputFormat | None = None) -> Result:
        """See `AsyncJob.result`."""
        return self._portal.run(self._job.result(format))

    def transcript(self) -> Transcript:
        """See `AsyncJob.transcript`."""
        return self._portal.run(self._job.transcript())

    def cancel(self) -> str:
        """See `AsyncJob.cancel`."""
        return self._portal.run(self._job.cancel())
