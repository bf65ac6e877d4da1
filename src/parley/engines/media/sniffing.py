"""What the first and last bytes of a file say about it, before and after FFmpeg has looked."""

from __future__ import annotations

from codecs import getincrementaldecoder
from typing import Literal

from parley.engines.media.recording import Recording
from parley.errors import ParleyError, UndecodableMedia, UnsupportedMedia

RAW_HINT = (
    "If it is headerless PCM, say how to read it: --raw rate,format,channels, such as --raw 16000,s16le,1."
)

_POINTERS = (
    b"#extm3u", b"ffconcat", b"v=0", b"<?xml", b"<mpd", b"<smil", b"<asx", b"[playlist]", b"[reference]",
    b"[internetshortcut]", b"rtsptext", b"smptetext", b"http://", b"https://", b"file:", b"rtsp://", b"rtmp://",
)  # fmt: skip
"""How files begin that only name other files or addresses, in lower case."""

_MAGIC = (
    (0, b"RIFF", "WAV or AVI"), (0, b"RF64", "WAV"), (0, b"riff", "W64"), (0, b"FORM", "AIFF"),
    (0, b"fLaC", "FLAC"), (0, b"OggS", "Ogg"), (0, b"ID3", "MP3"), (4, b"ftyp", "MP4"), (4, b"moov", "MOV"),
    (4, b"mdat", "MOV"), (0, b"\x1aE\xdf\xa3", "Matroska or WebM"), (0, b"\x30\x26\xb2\x75", "ASF or WMA"),
    (0, b"caff", "CAF"), (0, b".snd", "AU"), (0, b"NIST_1A", "NIST SPHERE"), (0, b"#!AMR", "AMR"),
    (0, b"FLV", "FLV"), (0, b"wvpk", "WavPack"), (0, b"TTA", "TTA"), (0, b"MAC ", "Monkey's Audio"),
)  # fmt: skip
"""Where containers we open have their signature, and their names."""

_OGG_LAST_PAGE = 4
_OGG_HEADER_BYTES = 27
_OGG_PAGE_LIMIT_BYTES = 65_307
_PIPE_BYTES = 0x7FFF_0000


def refuse_pointers(head: bytes) -> None:
    """Raise UnsupportedMedia for a playlist, manifest or script, UndecodableMedia for other text."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:32].lower()
    if start.startswith(_POINTERS):
        raise UnsupportedMedia(
            "This is a playlist or manifest that points to other files; give the recording itself."
        )
    if container_of(head) is None and _is_text(head):
        raise UndecodableMedia("This file holds text, not a recording.")


def _is_text(head: bytes) -> bool:
    try:
        # Incremental, because the head may end in the middle of a character.
        text = getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return all(char.isprintable() or char.isspace() for char in text)


def container_of(head: bytes) -> str | None:
    """The name of the container whose signature the file has, None if it has none we know."""
    named = (name for offset, magic, name in _MAGIC if head[offset : offset + len(magic)] == magic)
    return next(named, None)


def unopened(head: bytes) -> ParleyError:
    """Why FFmpeg found nothing it may open, as the error to raise."""
    name = container_of(head)
    if name is None:
        return UnsupportedMedia(f"This is no kind of recording that Parley opens. {RAW_HINT}")
    if name in ("MP4", "MOV"):
        return UndecodableMedia("This MP4 or MOV file is damaged, or breaks off before its index (moov).")
    return UndecodableMedia(f"This looks like a {name} file, but its header is damaged or holds no audio.")


def counts_its_frames(recording: Recording) -> bool:
    """Whether an MP3 file says how long it is; otherwise its length is a guess from the bit rate."""
    start = 0
    head = recording.peek(0, 10)
    if head[:3] == b"ID3" and len(head) == 10:
        start = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
    return any(tag in recording.peek(start) for tag in (b"Xing", b"Info", b"VBRI"))


def lacks_last_ogg_page(recording: Recording) -> bool:
    """Whether the last page of an Ogg file is incomplete or not marked as the last: the file was cut off."""
    tail = recording.peek(max(0, recording.size_bytes - _OGG_PAGE_LIMIT_BYTES), _OGG_PAGE_LIMIT_BYTES)
    page = tail[max(0, tail.rfind(b"OggS")) :]
    if len(page) < _OGG_HEADER_BYTES:
        return True
    lengths = page[_OGG_HEADER_BYTES : _OGG_HEADER_BYTES + page[26]]
    is_last = bool(page[5] & _OGG_LAST_PAGE)
    return not is_last or len(page) < _OGG_HEADER_BYTES + len(lengths) + sum(lengths)


def leaves_its_length_open(head: bytes) -> bool:
    """Whether a WAV or AU file was written to a pipe: then its header announces about 2 or 4 GiB."""
    place = head.find(b"data") + 4 if head[:4] == b"RIFF" else 8
    order: Literal["little", "big"] = "little" if head[:4] == b"RIFF" else "big"
    return head[:4] in (b"RIFF", b".snd") and int.from_bytes(head[place : place + 4], order) >= _PIPE_BYTES
