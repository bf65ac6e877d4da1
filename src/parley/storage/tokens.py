"""Names that nobody else has."""

from __future__ import annotations

import re
import secrets

_TOKEN = re.compile(r"[0-9a-f]{16}")


def new_token() -> str:
    """64 random bits in hex: enough that two processes never choose the same."""
    return secrets.token_hex(8)


def is_token(name: str) -> bool:
    """Whether a file's name is one of ours; others are never swept away."""
    return _TOKEN.fullmatch(name) is not None
