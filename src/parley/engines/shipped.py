"""The profiles that come with Parley: engines by role."""

from __future__ import annotations

from collections.abc import Mapping

EMBEDDED = {"media": "pyav", "vad": "silero", "asr": "moonshine", "speakers": "xvector"}

SHIPPED: Mapping[str, Mapping[str, str]] = {
    "embedded": EMBEDDED,
}
"""Roles that a profile leaves out are those of `embedded`; "none" says that it has none."""
