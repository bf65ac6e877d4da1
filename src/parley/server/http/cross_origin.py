"""What pages of configured origins may do (CORS); the gate has turned away all others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_SENT = (
    "Authorization", "Content-Type", "If-Match", "If-None-Match", "If-Range", "Last-Event-ID", "Range",
    "Tus-Resumable", "Upload-Checksum", "Upload-Length", "Upload-Metadata", "Upload-Offset",
    "X-HTTP-Method-Override",
)  # fmt: skip
_SHOWN = (
    "Accept-Ranges", "Content-Disposition", "Content-Range", "ETag", "Location", "Parley-Job", "Retry-After",
    "Tus-Checksum-Algorithm", "Tus-Extension", "Tus-Max-Size", "Tus-Resumable", "Tus-Version",
    "Upload-Expires", "Upload-Length", "Upload-Offset",
)  # fmt: skip


def cross_origin(origins: Sequence[str]) -> dict[str, Any]:
    """The arguments of Starlette's middleware. Cookies stay at home: the page is of our own origin."""
    return {
        "allow_origins": [origin if origin == "*" else origin.lower().rstrip("/") for origin in origins],
        "allow_methods": ["GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"],
        "allow_headers": list(_SENT),
        "expose_headers": list(_SHOWN),
        "max_age": 3600,
    }
