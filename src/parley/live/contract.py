"""What doors, the command line and the assistant may do with live speech."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from parley.live.options import LiveWish
from parley.speech.live import LiveEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFacts:
    """What a session was opened as; `streaming` says that its recogniser hears speech as it comes."""

    session_id: str
    resume_token: str
    profile: str
    sample_rate_hz: int
    streaming: bool


class LiveSession(Protocol):
    """One client's live input. Nothing of it is visible in another session."""

    @property
    def facts(self) -> SessionFacts:
        """What it was opened as."""
        ...

    @property
    def received_samples(self) -> int:
        """Sample frames taken so far, at the client's rate."""
        ...

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        """Take audio in pieces of any size, even half samples; waits while the session is too far behind.

        After the end (`stop`, or a `Failed` event) audio is ignored.
        """
        ...

    async def finalize(self) -> None:
        """End the utterance here, at the last sample written."""
        ...

    async def stop(self) -> None:
        """The input has ended; `Done` follows once everything is dealt with."""
        ...

    def listen(self, after: int | None = None) -> AsyncIterator[LiveEvent]:
        """Events from now on, and finals not yet handed over; ends after `Done` or `Failed`.

        There is one listener: a new one takes the place of the one before, whose iterator ends. With
        `after`, finals of later utterances that are still kept are told again.
        """
        ...

    async def leave(self) -> None:
        """The line is lost: wait for `resume_s`, then end as `stop` does and free everything."""
        ...

    async def close(self) -> None:
        """Free everything now; returns when the session is gone."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveStats:
    """Counts since the start, and the lag of each session now."""

    sessions: int
    waiting_for_client: int
    lags_ms: tuple[int, ...]
    opened: int
    refused: int
    finals: int
    skipped_partials: int
    audio_seconds: float
    moved: int
    """Times a session went on in another worker, or in the same one started anew."""


class LiveRoom(Protocol):
    """Where live sessions are opened."""

    async def open(self, user: str, wish: LiveWish) -> LiveSession:
        """A new session; raises TooManySessions, LiveOverloaded, UnsupportedOption, InvalidOption,
        ProfileUnknown, ProfileNotInstalled.
        """
        ...

    async def resume(self, user: str, token: str) -> LiveSession:
        """The session whose line was lost; raises SessionNotFound, for somebody else's too."""
        ...

    async def drain(self, grace_s: float) -> None:
        """Admit nobody, end the input of every session, and wait for their ends, for so long at most."""
        ...

    def stats(self) -> LiveStats:
        """For metrics and the page."""
        ...


class Recording(Protocol):
    """The audio of one session on its way to the disk. Exactly one of `finish` and `abandon` ends it."""

    async def write(self, pcm: bytes) -> None:
        """More mono s16le; waits while the disk is slow, raises nothing: `finish` tells what went wrong."""
        ...

    async def finish(self) -> str | None:
        """Make a task of it; its id, None where nothing was said into it. Raises ParleyError."""
        ...

    async def abandon(self) -> None:
        """Leave nothing behind; harmless after the end."""
        ...


class Recorder(Protocol):
    """Keeps the audio of sessions that wish it."""

    async def open(self, user: str, wish: LiveWish, sample_rate_hz: int = 16000) -> Recording:
        """A recording, whose task has the profile, language and hotwords of the wish. Raises ParleyError."""
        ...
