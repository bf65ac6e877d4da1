"""A conversation for callers without an event loop."""

from __future__ import annotations

from collections.abc import Iterator

from parley.client.conversation import AsyncConversation
from parley.client.conversation_events import ConversationEvent
from parley.client.portal import Portal
from parley.wire.speech.assistant_server import AssistantReady


class Conversation:
    """`AsyncConversation` with the same methods, each waiting for its end. One thread may send while another
    iterates.
    """

    def __init__(self, portal: Portal, conversation: AsyncConversation) -> None:
        self._portal = portal
        self._conversation = conversation

    @property
    def facts(self) -> AssistantReady:
        """See `AsyncConversation.facts`."""
        return self._conversation.facts

    def send(self, audio: bytes | bytearray | memoryview) -> None:
        """See `AsyncConversation.send`."""
        self._portal.run(self._conversation.send(audio))

    def finalize(self) -> None:
        """See `AsyncConversation.finalize`."""
        self._portal.run(self._conversation.finalize())

    def say(self, text: str) -> None:
        """See `AsyncConversation.say`."""
        self._portal.run(self._conversation.say(text))

    def interrupt(self) -> None:
        """See `AsyncConversation.interrupt`."""
        self._portal.run(self._conversation.interrupt())

    def played(self, turn: int, samples: int) -> None:
        """See `AsyncConversation.played`."""
        self._portal.run(self._conversation.played(turn, samples))

    def reset(self) -> None:
        """See `AsyncConversation.reset`."""
        self._portal.run(self._conversation.reset())

    def stop(self) -> None:
        """See `AsyncConversation.stop`."""
        self._portal.run(self._conversation.stop())

    def __iter__(self) -> Iterator[ConversationEvent]:
        while (event := self._portal.run(self._conversation.next())) is not None:
            yield event
