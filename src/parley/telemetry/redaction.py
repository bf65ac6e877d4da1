"""Takes secrets out of text that is about to be written down."""

from __future__ import annotations

import re

MASK = "***"

_SECRETS = (
    # A query may hold a token under any name, so all of it goes.
    (re.compile(r"((?:[a-z][a-z0-9+.-]*:/)?/[^\s\"'?#]*)\?[^\s\"'#]+", re.IGNORECASE), rf"\1?{MASK}"),
    # user:password in front of a host.
    (re.compile(r"([a-z][a-z0-9+.-]*://)[^\s/@\"']+@", re.IGNORECASE), rf"\1{MASK}@"),
    (re.compile(r"\bBearer\s+[^\s\"',]+", re.IGNORECASE), f"Bearer {MASK}"),
    (re.compile(r"(token|secret|password|api[-_]key)([\"']?\s*[=:]\s*[\"']?)[^\s\"',;&]+", re.IGNORECASE),
     rf"\1\2{MASK}"),
    # A JWT and an API key, wherever they stand.
    (re.compile(r"\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*"), MASK),
    (re.compile(r"\bpk_[0-9a-f]{12}_[\w-]+"), MASK),
)  # fmt: skip


def redact(text: str) -> str:
    """The text without tokens, keys, passwords and query strings."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text
