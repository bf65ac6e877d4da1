"""The headers of tus 1.0.0: what they say, and what is refused."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate

from fastapi import Request

from parley.errors import InvalidOption, UploadRefused
from parley.server.http.problem import Refusal

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination,expiration,checksum"
ALGORITHMS = ("sha1", "md5", "sha256")

CONTENT_TYPE = "application/offset+octet-stream"

CHECKSUM_MISMATCH = 460

_MOST_METADATA = 16 * 1024


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the bytes of one request are said to hash to."""

    algorithm: str
    digest: bytes

    def agrees(self, data: bytes) -> bool:
        """Whether they do."""
        return hashlib.new(self.algorithm, data, usedforsecurity=False).digest() == self.digest


def require_version(request: Request) -> None:
    """Refuse with 412 a client that speaks another version."""
    if request.headers.get("tus-resumable") != VERSION:
        error = UploadRefused(f"This server speaks tus {VERSION}; send 'Tus-Resumable: {VERSION}'.")
        raise Refusal(error, status=412, headers={"Tus-Version": VERSION, "Tus-Resumable": VERSION})


def number(request: Request, name: str) -> int:
    """A header that counts bytes; raises UploadRefused."""
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise UploadRefused(f"The header {name} is missing or is not a number of bytes.")
    return int(text)


def length_of(request: Request) -> int:
    """How many bytes the whole upload will have; it must be known at the beginning."""
    if "upload-defer-length" in request.headers:
        raise UploadRefused("Upload-Defer-Length is not supported; send Upload-Length.")
    if "upload-concat" in request.headers:
        raise UploadRefused("Upload-Concat is not supported; send one upload per recording.")
    return number(request, "Upload-Length")


def metadata(request: Request) -> dict[str, str]:
    """The pairs of `Upload-Metadata`, decoded; raises InvalidOption."""
    header = request.headers.get("upload-metadata", "")
    if len(header) > _MOST_METADATA:
        raise InvalidOption(f"Upload-Metadata is longer than {_MOST_METADATA} characters.")
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        key, _, value = pair.partition(" ")
        if key in found:
            raise InvalidOption("Upload-Metadata names a key twice.")
        found[key] = _decoded(value.strip()).decode("utf-8", "replace")
    return found


def checksum(request: Request) -> Checksum | None:
    """`Upload-Checksum`, None where there is none; raises InvalidOption."""
    header = request.headers.get("upload-checksum")
    if header is None:
        return None
    algorithm, _, value = header.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise InvalidOption(f"Upload-Checksum knows {', '.join(ALGORITHMS)}.")
    return Checksum(algorithm, _decoded(value.strip()))


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidOption("Values of Upload-Metadata and Upload-Checksum are base64.") from None


def announced(most_bytes: int) -> Mapping[str, str]:
    """What the server can do, for OPTIONS."""
    return {
        "Tus-Resumable": VERSION,
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(most_bytes),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }


def expiry(moment: float) -> dict[str, str]:
    """`Upload-Expires` for a moment in seconds since the epoch."""
    return {"Upload-Expires": formatdate(moment, usegmt=True)}
