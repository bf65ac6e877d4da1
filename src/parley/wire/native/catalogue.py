"""Every message of the native protocol with its direction, its section and an example."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from parley.wire.catalogue import Direction, Entry, Protocol
from parley.wire.native.client import CLIENT_MESSAGES
from parley.wire.native.examples import CLIENT_EXAMPLES, SERVER_EXAMPLES
from parley.wire.native.message import Data
from parley.wire.native.server import ERROR_CODES, SERVER_MESSAGES

__all__ = ["CATALOGUE", "ERROR_CODES", "NATIVE", "Direction", "Entry"]


_SECTIONS: Mapping[str, int] = MappingProxyType(
    {
        "ping": 4,
        "pong": 4,
        "auth": 3,
        "auth_required": 3,
        "auth_success": 3,
        "connected": 3,
        "upload_request": 5,
        "upload_ready": 6,
        "upload_data": 6,
        "upload_chunk": 6,
        "chunk_received": 6,
        "finalize_upload": 6,
        "upload_status": 6,
        "upload_complete": 6,
        "task_queued": 6,
        "queue_full": 6,
        "task_progress": 7,
        "task_segment": 7,
        "task_complete": 7,
        "task_status": 7,
        "task_status_batch": 7,
        "task_list": 7,
        "subscribe": 7,
        "cancel_task": 9,
        "task_cancelled": 9,
        "error": 8,
    }
)

_NEW = frozenset({"upload_status", "task_list", "subscribe", "task_segment"})


def _entry(model: type[Data], direction: Direction, example: Mapping[str, Any]) -> Entry:
    return Entry(model, direction, _SECTIONS[model.TYPE], model.TYPE in _NEW, example)


CATALOGUE: tuple[Entry, ...] = (
    *(_entry(model, Direction.CLIENT, CLIENT_EXAMPLES[model.TYPE]) for model in CLIENT_MESSAGES),
    *(_entry(model, Direction.SERVER, SERVER_EXAMPLES[model.TYPE]) for model in SERVER_MESSAGES),
)
"""Every message, those of clients first."""

NATIVE = Protocol(title="Native protocol of Parley", entries=CATALOGUE, error_codes=tuple(ERROR_CODES))
