"""Text frames as messages of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from parley.errors import InvalidOption, RequestError, UnknownMessageType
from parley.server.asr.problems import Refused
from parley.server.socket.envelope import Unreadable, given_fields, read_envelope
from parley.wire.native.client import Auth
from parley.wire.native.message import Data
from parley.wire.speech.asr_client import ASR_CLIENT_MESSAGES, Start

MOST_TEXT_CHARACTERS = 256 * 1024
"""Five hundred phrases of a hundred characters, each written as an escape."""

_KINDS: Mapping[str, type[Data]] = {kind.TYPE: kind for kind in (*ASR_CLIENT_MESSAGES, Auth)}


def read_text(text: str) -> Data:
    """A text frame; raises Refused."""
    if len(text) > MOST_TEXT_CHARACTERS:
        raise Refused(
            RequestError(f"A message has at most {MOST_TEXT_CHARACTERS} characters; audio is sent as bytes.")
        )
    try:
        kind, data = read_envelope(text)
    except Unreadable as unreadable:
        raise Refused(unreadable.error) from None
    model = _KINDS.get(kind)
    if model is None:
        raise Refused(UnknownMessageType("There is no message of this type; see the protocol's reference."))
    try:
        return model.model_validate(given_fields(data))
    except ValidationError as error:
        raise Refused(_wrong(model, error)) from None


def _wrong(model: type[Data], error: ValidationError) -> InvalidOption | RequestError:
    """The first thing wrong with the fields; never the value, which may be a secret. Of a field that may be
    of several kinds, the kind that was meant is the one that was understood furthest.
    """
    wrong = error.errors(include_url=False, include_context=False, include_input=False)
    field = [each for each in wrong if each["loc"][:1] == wrong[0]["loc"][:1]]
    first = max(field, key=lambda each: len(each["loc"]))
    name = str(first["loc"][0]) if first["loc"] else "data"
    kind = InvalidOption if model is Start else RequestError
    return kind(f"The field '{name}' of '{model.TYPE}' is wrong: {first['msg']}.")
