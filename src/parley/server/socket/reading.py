"""Text frames of doors of speech as messages of their catalogues."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from parley.errors import InvalidOption, RequestError, UnknownMessageType
from parley.server.socket.envelope import Unreadable, given_fields, read_envelope
from parley.server.socket.refusing import Refused
from parley.wire.native.message import Data

MOST_TEXT_CHARACTERS = 256 * 1024
"""Five hundred phrases of a hundred characters, each written as an escape."""


def read_message(
    text: str,
    kinds: Mapping[str, type[Data]],
    options: type[Data] | tuple[type[Data], ...],
    most_characters: int = MOST_TEXT_CHARACTERS,
) -> Data:
    """A text frame as one of `kinds`, by type; raises Refused. A field of `options` is an option."""
    if len(text) > most_characters:
        raise Refused(
            RequestError(f"A message has at most {most_characters} characters; audio is sent as bytes.")
        )
    try:
        kind, data = read_envelope(text)
    except Unreadable as unreadable:
        raise Refused(unreadable.error) from None
    model = kinds.get(kind)
    if model is None:
        raise Refused(UnknownMessageType("There is no message of this type; see the protocol's reference."))
    try:
        return model.model_validate(given_fields(data))
    except ValidationError as error:
        raise Refused(_wrong(model, error, options)) from None


def _wrong(
    model: type[Data], error: ValidationError, options: type[Data] | tuple[type[Data], ...]
) -> InvalidOption | RequestError:
    """The first thing wrong with the fields; never the value, which may be a secret. Of a field that may be
    of several kinds, the kind that was meant is the one that was understood furthest.
    """
    wrong = error.errors(include_url=False, include_context=False, include_input=False)
    field = [each for each in wrong if each["loc"][:1] == wrong[0]["loc"][:1]]
    first = max(field, key=lambda each: len(each["loc"]))
    name = str(first["loc"][0]) if first["loc"] else "data"
    kind = InvalidOption if issubclass(model, options) else RequestError
    return kind(f"The field '{name}' of '{model.TYPE}' is wrong: {first['msg']}.")
