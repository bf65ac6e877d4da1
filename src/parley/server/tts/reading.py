"""Text frames as messages of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from parley.server.socket.envelope import Unreadable, read_envelope
from parley.server.socket.reading import read_message
from parley.server.socket.refusing import Refused
from parley.wire.native.client import Auth
from parley.wire.native.message import Data
from parley.wire.speech.tts_client import MOST_ID_CHARS, TTS_CLIENT_MESSAGES, SpeakStart, Synthesize

OPENING = (Synthesize, SpeakStart)
"""Those that begin a request."""

_KINDS: Mapping[str, type[Data]] = {kind.TYPE: kind for kind in (*TTS_CLIENT_MESSAGES, Auth)}


class RequestRefused(Refused):
    """A request that was not begun, and never will be."""

    def __init__(self, refused: Refused, request_id: str) -> None:
        super().__init__(refused.error, refused.retry_after_s)
        self.request_id = request_id


def read_text(text: str, most_characters: int) -> Data:
    """A text frame; raises Refused, or RequestRefused where it would have begun a request."""
    try:
        return read_message(text, _KINDS, OPENING, most_characters)
    except Refused as refused:
        request_id = None if len(text) > most_characters else _opened_by(text)
        if request_id is None:
            raise
        raise RequestRefused(refused, request_id) from None


def _opened_by(text: str) -> str | None:
    """The id of the request that an unfit message would have begun, as far as it says."""
    try:
        kind, data = read_envelope(text)
    except Unreadable:
        return None
    request_id = data.get("request_id")
    if kind not in [opening.TYPE for opening in OPENING] or not isinstance(request_id, str):
        return None
    return request_id if 0 < len(request_id) <= MOST_ID_CHARS else None
