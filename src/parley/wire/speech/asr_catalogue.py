"""Every message of `/asr` with its direction and an example; who a client is, it says as on `/`."""

from __future__ import annotations

from parley.wire.catalogue import Direction, Entry, Protocol
from parley.wire.native.client import Auth
from parley.wire.native.message import Data
from parley.wire.native.server import AuthRequired, AuthSuccess
from parley.wire.speech.asr_client import ASR_CLIENT_MESSAGES
from parley.wire.speech.asr_examples import CLIENT_EXAMPLES, SERVER_EXAMPLES
from parley.wire.speech.asr_server import ASR_SERVER_MESSAGES

ERROR_CODES: tuple[str, ...] = (
    "auth_failed",
    "too_many_sessions",
    "live_overloaded",
    "session_not_found",
    "profile_unknown",
    "profile_not_installed",
    "invalid_option",
    "unsupported_option",
    "invalid_json",
    "unknown_message_type",
    "message_error",
    "rate_limited",
    "recognition_failed",
    "idle_timeout",
    "line_replaced",
    "live_error",
    "workers_exhausted",
    "fleet_closed",
    "internal_error",
)
"""The usual ones; any other of `errors` may come too."""

_SECTION = 1


def _entry(model: type[Data], direction: Direction) -> Entry:
    examples = CLIENT_EXAMPLES if direction is Direction.CLIENT else SERVER_EXAMPLES
    return Entry(model, direction, _SECTION, False, examples[model.TYPE])


ASR = Protocol(
    title="Live recognition of Parley",
    entries=(
        *(_entry(model, Direction.CLIENT) for model in (Auth, *ASR_CLIENT_MESSAGES)),
        *(_entry(model, Direction.SERVER) for model in (AuthRequired, AuthSuccess, *ASR_SERVER_MESSAGES)),
    ),
    error_codes=ERROR_CODES,
)
