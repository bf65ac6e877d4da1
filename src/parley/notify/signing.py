"""How a webhook proves that it comes from us: HMAC-SHA256 over `<seconds>.<body>`.

    Parley-Signature: t=1750000000,v1=<hex>

The time is part of what is signed, so that an old request cannot be sent again unnoticed.
"""

from __future__ import annotations

import hashlib
import hmac

SIGNATURE_HEADER = "Parley-Signature"
EVENT_HEADER = "Parley-Event"
EVENT_ID_HEADER = "Parley-Event-Id"


def sign(secret: bytes, body: bytes, at: int) -> str:
    """The value of the header; `at` is the time of sending in seconds since the epoch."""
    digest = hmac.new(secret, f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"
