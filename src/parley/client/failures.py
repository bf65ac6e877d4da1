"""What goes wrong between client and server, as errors of the tree."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from parley.client.address import Address
from parley.errors import (
    BY_CODE,
    AuthFailed,
    FileTooLarge,
    Forbidden,
    JobError,
    ParleyError,
    RateLimited,
    RequestError,
    ServerUnreachable,
    rebuild,
)

_MESSAGE_TOO_BIG = 1009
_GATEWAY = {500, 502, 503, 504}
"""A proxy says so while the server behind it starts again."""


class LineLost(ServerUnreachable):
    """The line broke or was never there; another try may succeed."""


def error_of(data: Mapping[str, Any]) -> ParleyError:
    """An `error` message as the error it came from; an unknown code is a failed request or task.

    The details have the exact code where the protocol of the first generation has only a general one.
    """
    details = data.get("details")
    exact = details.get("code") if isinstance(details, Mapping) else None
    code = str(exact or data.get("error") or "")
    message = str(data.get("message") or f"The server refused: {code}.")
    if code in BY_CODE:
        return rebuild(code, message)
    return (JobError if data.get("task_id") else RequestError)(message, detail=code)


def closed(error: ConnectionClosed, address: Address) -> ParleyError:
    """A line that was closed."""
    if error.rcvd is not None and error.rcvd.code == _MESSAGE_TOO_BIG:
        return FileTooLarge("The server takes no message of this size; send smaller chunks (chunk_bytes).")
    return LineLost(f"The line to the server at {address.place} was lost.", detail=str(error))


def unopened(error: Exception, address: Address) -> ParleyError:
    """A line that could not be opened."""
    if isinstance(error, InvalidStatus):
        return _refused(error.response.status_code, address)
    if isinstance(error, ssl.SSLCertVerificationError):
        return ServerUnreachable(
            f"The certificate of {address.place} is not trusted ({error.verify_message}); "
            "name the authority that signed it with tls_ca (--tls-ca)."
        )
    if isinstance(error, ssl.SSLError):
        return ServerUnreachable(
            f"There is no TLS at {address.place}; try ws:// or http://.", detail=str(error)
        )
    if isinstance(error, InvalidHandshake):
        return _unfamiliar(address, error)
    if address.is_secure and isinstance(error, (ConnectionError, EOFError)) and not _is_refusal(error):
        return LineLost(f"The TLS handshake with {address.place} broke off; is there no TLS at this port?")
    if isinstance(error, (OSError, EOFError)):
        reason = "in time" if isinstance(error, TimeoutError) else ""
        sentence = f"Nothing answers {reason}".strip()
        return LineLost(f"{sentence} at {address.place}; is the server running?", detail=str(error))
    return _unfamiliar(address, error)


def _is_refusal(error: Exception) -> bool:
    return isinstance(error, ConnectionRefusedError)


def _refused(status: int, address: Address) -> ParleyError:
    if status == 401:
        return AuthFailed("The server does not know this token.")
    if status == 403:
        return Forbidden(
            f"The server does not answer to the name '{address.host}'; its operator can allow it."
        )
    if status == 429:
        return RateLimited("Too many requests in a short time; try again in a minute.")
    if status in _GATEWAY:
        return LineLost(f"The server at {address.place} is not available (HTTP {status}).")
    return ServerUnreachable(f"What answers at {address.place} is no Parley server (HTTP {status}).")


def _unfamiliar(address: Address, error: Exception) -> ServerUnreachable:
    return ServerUnreachable(
        f"What answers at {address.place} does not speak WebSocket; is this a Parley server?",
        detail=str(error),
    )
