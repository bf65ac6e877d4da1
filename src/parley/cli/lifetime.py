"""Reads how long a token or a key is to be valid, and which scopes it has."""

from __future__ import annotations

import re

from parley.errors import InvalidOption

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST_S = 100 * 365 * 86400
_SCOPES = ("admin",)
_LONGEST_SUBJECT = 200


def parse_lifetime(text: str) -> float | None:
    """Seconds from `90s`, `30m`, `24h`, `90d`; None from `never`. Raises InvalidOption."""
    if text == "never":
        return None
    match = re.fullmatch(r"([0-9]{1,9})([smhd])", text)
    seconds = int(match[1]) * _UNITS[match[2]] if match else 0
    if not 0 < seconds <= _LONGEST_S:
        raise InvalidOption(f"--expires wants a time such as 30m, 24h or 90d, or never, not '{text}'.")
    return float(seconds)


def check_subject(text: str, option: str) -> str:
    """A user's name that tokens can carry; raises InvalidOption."""
    if not text.strip() or not text.isprintable() or len(text) > _LONGEST_SUBJECT:
        raise InvalidOption(f"{option} wants a name of 1 to {_LONGEST_SUBJECT} visible characters.")
    return text


def check_scopes(scopes: list[str] | None) -> tuple[str, ...]:
    """Scopes that mean something; raises InvalidOption."""
    for scope in scopes or ():
        if scope not in _SCOPES:
            raise InvalidOption(f"There is no scope '{scope}'; there is: {', '.join(_SCOPES)}.")
    return tuple(scopes or ())
