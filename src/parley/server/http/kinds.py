"""The media type of a recording, from its first bytes and not from what somebody says of it."""

from __future__ import annotations

from pathlib import PurePosixPath

UNKNOWN = "application/octet-stream"

HEAD_BYTES = 64
"""As many first bytes as `kind_of` wants."""

_SIGNATURES = (
    (0, b"fLaC", "audio/flac"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"\x30\x26\xb2\x75", "video/x-ms-asf"),
    (0, b"caff", "audio/x-caf"),
    (0, b".snd", "audio/basic"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"FLV", "video/x-flv"),
    (0, b"wvpk", "audio/x-wavpack"),
    (0, b"MAC ", "audio/x-ape"),
    (8, b"WAVE", "audio/wav"),
    (8, b"AVI ", "video/x-msvideo"),
    (8, b"AIFF", "audio/aiff"),
    (8, b"AIFC", "audio/aiff"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftypM4B", "audio/mp4"),
    (4, b"ftyp", "video/mp4"),
    (4, b"moov", "video/quicktime"),
    (4, b"mdat", "video/quicktime"),
)
"""Where containers have their signature, and their type; the first that fits counts."""

_SOUND_ONLY = {
    "m4a": {"video/mp4": "audio/mp4"},
    "mka": {"video/webm": "audio/x-matroska"},
    "mkv": {"video/webm": "video/x-matroska"},
    "weba": {"video/webm": "audio/webm"},
    "wma": {"video/x-ms-asf": "audio/x-ms-wma"},
    "wmv": {"video/x-ms-asf": "video/x-ms-wmv"},
}
"""What the suffix may make of a type: the signature of a container does not tell what is in it."""


def kind_of(head: bytes, name: str) -> str:
    """An audio or video type, or UNKNOWN, which nobody should open in a browser."""
    found = _by_signature(head)
    suffix = PurePosixPath(name).suffix.lower().removeprefix(".")
    return _SOUND_ONLY.get(suffix, {}).get(found, found)


def _by_signature(head: bytes) -> str:
    if head[:4] == b"OggS":
        return "video/ogg" if b"theora" in head else "audio/ogg"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        # The two layer bits of an MPEG frame are 0 in AAC only.
        return "audio/mpeg" if head[1] & 0x06 else "audio/aac"
    kinds = (kind for offset, magic, kind in _SIGNATURES if head[offset : offset + len(magic)] == magic)
    return next(kinds, UNKNOWN)
