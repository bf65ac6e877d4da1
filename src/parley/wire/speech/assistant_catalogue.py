"""Every message of `/assistant` with its direction and an example; who a client is, it says as on `/`."""

from __future__ import annotations

from parley.wire.catalogue import Direction, Entry, Protocol
from parley.wire.native.client import Auth
from parley.wire.native.message import Data
from parley.wire.native.server import AuthRequired, AuthSuccess
from parley.wire.speech.assistant_client import ASSISTANT_CLIENT_MESSAGES
from parley.wire.speech.assistant_examples import CLIENT_EXAMPLES, SERVER_EXAMPLES
from parley.wire.speech.assistant_server import ASSISTANT_SERVER_MESSAGES

ERROR_CODES: tuple[str, ...] = (
    "auth_failed",
    "too_many_sessions",
    "live_overloaded",
    "session_not_found",
    "conversation_not_found",
    "profile_unknown",
    "profile_not_installed",
    "voice_unknown",
    "voices_not_installed",
    "voices_busy",
    "synthesis_failed",
    "recognition_failed",
    "llm_failed",
    "llm_unreachable",
    "llm_timeout",
    "llm_busy",
    "llm_refused",
    "assistant_error",
    "invalid_option",
    "unsupported_option",
    "text_too_long",
    "invalid_json",
    "unknown_message_type",
    "message_error",
    "rate_limited",
    "idle_timeout",
    "line_replaced",
    "live_error",
    "storage_error",
    "workers_exhausted",
    "fleet_closed",
    "internal_error",
)
"""The usual ones; any other of `errors` may come too."""

_SECTION = 3
_NEW = {"voice_assistant:turn_metrics", "voice_assistant:playback"}


def _entry(model: type[Data], direction: Direction) -> Entry:
    examples = CLIENT_EXAMPLES if direction is Direction.CLIENT else SERVER_EXAMPLES
    return Entry(model, direction, _SECTION, model.TYPE in _NEW, examples[model.TYPE])


ASSISTANT = Protocol(
    title="Conversation with Parley",
    entries=(
        *(_entry(model, Direction.CLIENT) for model in (Auth, *ASSISTANT_CLIENT_MESSAGES)),
        *(
            _entry(model, Direction.SERVER)
            for model in (AuthRequired, AuthSuccess, *ASSISTANT_SERVER_MESSAGES)
        ),
    ),
    error_codes=ERROR_CODES,
)
