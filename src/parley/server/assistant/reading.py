"""Text frames as messages of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from parley.server.socket.reading import read_message
from parley.wire.native.client import Auth
from parley.wire.native.message import Data
from parley.wire.speech.assistant_client import ASSISTANT_CLIENT_MESSAGES, AssistantStart

_KINDS: Mapping[str, type[Data]] = {kind.TYPE: kind for kind in (*ASSISTANT_CLIENT_MESSAGES, Auth)}


def read_text(text: str) -> Data:
    """A text frame; raises Refused."""
    return read_message(text, _KINDS, AssistantStart)
