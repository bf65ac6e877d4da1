"""Whom to trust behind `wss://` and `https://`."""

from __future__ import annotations

import os
import ssl

from parley.errors import FileNotFound, InvalidOption


def tls_context(ca: str | os.PathLike[str] | None, *, verify: bool) -> ssl.SSLContext:
    """The system's authorities, or those in the file `ca` (PEM) alone; without `verify` anybody.

    Raises FileNotFound, or InvalidOption when the file holds no certificates.
    """
    if not verify:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    try:
        return ssl.create_default_context(cafile=None if ca is None else os.fspath(ca))
    except ssl.SSLError as error:
        raise InvalidOption(f"'{ca}' holds no certificates in PEM form.") from error
    except OSError as error:
        raise FileNotFound(f"'{ca}' cannot be read: {error.strerror}.") from error
