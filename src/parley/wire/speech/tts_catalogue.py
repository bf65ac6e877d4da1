"""Every message of `/tts` with its direction and an example; who a client is, it says as on `/`."""

from __future__ import annotations

from parley.wire.catalogue import Direction, Entry, Protocol
from parley.wire.native.client import Auth
from parley.wire.native.message import Data
from parley.wire.native.server import AuthRequired, AuthSuccess
from parley.wire.speech.tts_client import TTS_CLIENT_MESSAGES
from parley.wire.speech.tts_examples import CLIENT_EXAMPLES, SERVER_EXAMPLES
from parley.wire.speech.tts_server import TTS_SERVER_MESSAGES

ERROR_CODES: tuple[str, ...] = (
    "auth_failed",
    "too_many_sessions",
    "voices_busy",
    "voice_unknown",
    "voices_not_installed",
    "invalid_option",
    "unsupported_option",
    "text_too_long",
    "invalid_json",
    "unknown_message_type",
    "message_error",
    "rate_limited",
    "synthesis_failed",
    "idle_timeout",
    "workers_exhausted",
    "fleet_closed",
    "internal_error",
)
"""The usual ones; any other of `errors` may come too."""

_SECTION = 2


def _entry(model: type[Data], direction: Direction) -> Entry:
    examples = CLIENT_EXAMPLES if direction is Direction.CLIENT else SERVER_EXAMPLES
    return Entry(model, direction, _SECTION, False, examples[model.TYPE])


TTS = Protocol(
    title="Voices of Parley",
    entries=(
        *(_entry(model, Direction.CLIENT) for model in (Auth, *TTS_CLIENT_MESSAGES)),
        *(_entry(model, Direction.SERVER) for model in (AuthRequired, AuthSuccess, *TTS_SERVER_MESSAGES)),
    ),
    error_codes=ERROR_CODES,
)
