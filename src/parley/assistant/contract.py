"""What doors may do with conversations, and what a conversation asks of a language model and a memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from parley.assistant.events import AssistantEvent, State, TurnMetrics
from parley.assistant.options import AssistantWish
from parley.speech.conversation import Message, StoredConversation


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationFacts:
    """What a conversation was opened as. `sample_rate_hz` is that of the answers' audio; `model` names the
    language model, and `is_parrot` says that there is none."""

    session_id: str
    resume_token: str
    conversation_id: str
    voice: str | None
    language: str | None
    sample_rate_hz: int
    model: str
    is_parrot: bool


class AssistantSession(Protocol):
    """One client's conversation. Nothing of it is visible in another."""

    @property
    def facts(self) -> ConversationFacts:
        """What it was opened as."""
        ...

    @property
    def state(self) -> State:
        """Whose turn it is."""
        ...

    @property
    def received_samples(self) -> int:
        """Of the microphone, at the client's rate."""
        ...

    async def write(self, pcm: bytes | bytearray | memoryview) -> None:
        """Audio of the microphone; waits while recognition is too far behind. Ignored after the end."""
        ...

    async def finalize(self) -> None:
        """The user pressed stop: what was said is the turn."""
        ...

    async def say(self, text: str) -> None:
        """A typed turn; interrupts an answer. Raises TextTooLong, InvalidOption for an empty one."""
        ...

    async def interrupt(self) -> None:
        """End the answer now."""
        ...

    async def played(self, turn: int, samples: int) -> None:
        """So many samples of a turn's audio have left the loudspeaker."""
        ...

    async def reset(self) -> None:
        """Forget what was said, and go on from Idle as a new conversation."""
        ...

    async def stop(self) -> None:
        """End it; `Farewell` follows."""
        ...

    def listen(self) -> AsyncIterator[AssistantEvent]:
        """Events from now on; ends after `Farewell`. A new listener takes the place of the one before, and
        hears the state first; audio that was told but not played is told again from the first sample not
        played.
        """
        ...

    async def leave(self) -> None:
        """The line is lost: hold the answer, wait for `resume_s`, then end."""
        ...

    async def close(self) -> None:
        """Free everything now; returns when the conversation's session is gone (what was said is kept)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantStats:
    """Counts since the start; `sessions` are open now. `recent` are the last turns' metrics, bounded."""

    sessions: int
    opened: int
    refused: int
    turns: int
    interrupted: int
    errors: int
    recent: Sequence[TurnMetrics] = ()


class AssistantRoom(Protocol):
    """Where conversations are opened."""

    async def open(self, user: str, wish: AssistantWish) -> AssistantSession:
        """A new session; raises TooManySessions, ConversationNotFound, VoiceUnknown, UnsupportedOption,
        InvalidOption, and what opening live speech raises. Without any voice installed it opens, silent,
        with a Trouble.
        """
        ...

    async def resume(self, user: str, token: str) -> AssistantSession:
        """The session whose line was lost; raises SessionNotFound, for somebody else's too."""
        ...

    async def drain(self, grace_s: float) -> None:
        """Admit nobody, end all, and wait for their ends, for so long at most."""
        ...

    def stats(self) -> AssistantStats:
        """For metrics and the page."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolWish:
    """The language model asks for a tool; `arguments` as it wrote them."""

    name: str
    arguments: str


@runtime_checkable
class Warmable(Protocol):
    """A language model that answers sooner once it was got ready."""

    async def warm(self) -> None:
        """Get ready."""
        ...


class LanguageModel(Protocol):
    """Writes answers."""

    @property
    def name(self) -> str:
        """As people know it."""
        ...

    def answer(
        self, instructions: str, history: Sequence[Message], language: str | None
    ) -> AsyncIterator[str | ToolWish]:
        """Text piece by piece, as it is written; closing the iterator ends the request. Of a history that is
        too long the newest part counts.

        Raises LanguageModelError and its kinds, before the first piece or in the middle.
        """
        ...


class Memory(Protocol):
    """Keeps conversations; a conversation is its user's only. Every method may raise StorageError."""

    async def begin(self, user: str, language: str | None) -> str:
        """A new one; its id. It is listed once something was said."""
        ...

    async def append(self, user: str, conversation_id: str, message: Message) -> None:
        """Remember what was said; of a conversation that was deleted nothing."""
        ...

    async def messages(self, user: str, conversation_id: str, last: int | None = None) -> Sequence[Message]:
        """What was said, in order; raises ConversationNotFound."""
        ...

    async def conversations(
        self, user: str, limit: int, before: str | None = None
    ) -> tuple[Sequence[StoredConversation], str | None]:
        """The user's, the newest first, and where to go on."""
        ...

    async def delete(self, user: str, conversation_id: str) -> bool:
        """Forget one; False where there is none."""
        ...
