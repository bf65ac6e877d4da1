"""What every frame between a parent and its workers descends from."""

from __future__ import annotations

import msgspec


class Frame(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """The root of everything that crosses the pipe."""
