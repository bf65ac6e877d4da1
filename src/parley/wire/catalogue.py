"""A protocol as a list: every message with its direction and an example.

References, schemas and the tests of all messages are made from such lists, so that a message cannot be
in the code and missing there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from parley.wire.native.message import Data


class Direction(StrEnum):
    """Who sends a message."""

    CLIENT = "client"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Entry:
    """A message; `example` is its `data` on the wire, `section` that of its specification, `is_new` means
    that old clients do not know it.
    """

    model: type[Data]
    direction: Direction
    section: int
    is_new: bool
    example: Mapping[str, Any]

    @property
    def type(self) -> str:
        """The `type` in the envelope; some stand for a question and its answer."""
        return self.model.TYPE

    @property
    def name(self) -> str:
        """The name of its envelope among definitions, for instance `client.ping`."""
        return f"{self.direction}.{self.type}"

    @property
    def summary(self) -> str:
        """The first sentence of its docstring."""
        return (self.model.__doc__ or "").strip().split("\n")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """One WebSocket protocol: its messages, those of clients first, and the codes of its errors."""

    title: str
    entries: tuple[Entry, ...]
    error_codes: tuple[str, ...]

    def of(self, direction: Direction) -> tuple[Entry, ...]:
        """The messages of one side."""
        return tuple(entry for entry in self.entries if entry.direction is direction)
