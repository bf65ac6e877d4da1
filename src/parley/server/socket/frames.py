"""RFC 6455 as a server reads it: bytes in, messages and control frames out, without a copy of large payloads.

The reader owns the buffer that the transport writes into, so that a payload lands where it stays.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

SCRATCH_BYTES = 64 * 1024
PIECE_BYTES = SCRATCH_BYTES
"""Of a message that is given on in pieces; masks begin anew with each, so it is a multiple of four."""

_UNMASK_AT_BYTES = 256 * 1024
_MOST_CONTROL_BYTES = 125


class Opcode(IntEnum):
    """What a frame is."""

    CONT = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


class CloseCode(IntEnum):
    """Why a line is closed."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    INVALID_DATA = 1007
    POLICY_VIOLATION = 1008
    TOO_BIG = 1009
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013


class FrameError(Exception):
    """The peer broke the protocol; `code` is what the line is closed with."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Control:
    """A ping, a pong or a close."""

    opcode: Opcode
    payload: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """A whole message. `charged` is what it takes of the byte budget."""

    is_text: bool
    payload: bytearray
    charged: int


Event = Control | Message

Ask = Callable[[int, bool], bool]
"""Asks for memory: size, and whether the frame continues a message. False: not now."""


class FrameReader:
    """What has arrived of the frame being read, and of the message it belongs to.

    Bytes go into `room()` or to `feed`; `next_event` is then called until it answers None. When memory
    was asked for in vain, `is_waiting` is true until `admit`. With `in_pieces` binary messages are given on
    as they arrive, each piece a message of its own, so that the largest takes little memory.
    """

    def __init__(self, ask: Ask, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self.in_pieces = False
        self.is_waiting = False
        self.charged = 0
        self._ask = ask
        self._pending = bytearray()
        self._head: _Head | None = None
        self._rest: _Head | None = None
        self._payload = bytearray()
        self._filled = 0
        self._unmasked = 0
        self._is_text = False
        self._message: bytearray | None = None

    @property
    def in_frame(self) -> bool:
        """Whether a payload is being read."""
        return self._head is not None and not self.is_waiting

    @property
    def frame_bytes(self) -> int:
        """Length of the payload being read."""
        return self._head.length if self._head else 0

    def room(self) -> memoryview | None:
        """Where the rest of a large payload goes; None when bytes are to be passed to `feed`."""
        head = self._head
        if head is None or self.is_waiting or head.length - self._filled < SCRATCH_BYTES:
            return None
        return memoryview(self._payload)[self._filled :]

    def filled(self, count: int) -> None:
        """That many bytes were written into `room()`."""
        self._filled += count
        if self._head is not None and self._filled - self._unmasked >= _UNMASK_AT_BYTES:
            self._unmask(self._head)

    def feed(self, data: memoryview | bytes) -> None:
        """Bytes as they arrived."""
        self._pending += data

    def admit(self) -> None:
        """The memory asked for is there."""
        if self._head is not None:
            self.is_waiting = False
            self.charged += self._head.length
            self._begin(self._head)

    def drain(self) -> Drain:
        """Read on without keeping anything."""
        begun = self._head is not None and not self.is_waiting
        missing = self._head.length - self._filled if self._head is not None and begun else self.frame_bytes
        return Drain(bytes(self._pending), missing + (self._rest.length if self._rest else 0))

    def next_event(self) -> Event | None:
        """The next thing that is complete; raises FrameError."""
        while not self.is_waiting:
            if self._head is None and not self._read_head():
                return None
            head = self._head
            if head is None or self.is_waiting or not self._read_payload(head):
                return None
            if (event := self._finish(head)) is not None:
                return event
        return None

    def _read_head(self) -> bool:
        head = self._next_head()
        if head is None:
            return False
        if self._is_given_on(head) and head.length > PIECE_BYTES:
            self._rest = replace(head, opcode=Opcode.CONT, length=head.length - PIECE_BYTES)
            head = replace(head, fin=False, length=PIECE_BYTES)
        self._head = head
        if head.opcode >= Opcode.CLOSE:
            self._begin(head)
        # A message of which nothing is held can wait like a new one.
        elif self._ask(head.length, bool(self._message)):
            self.charged += head.length
            self._begin(head)
        else:
            self.is_waiting = True
        return True

    def _next_head(self) -> _Head | None:
        """That of the next frame, or of what is left of a frame that is given on in pieces."""
        if self._rest is not None:
            rest, self._rest = self._rest, None
            return rest
        parsed = _parse_head(self._pending)
        if parsed is None:
            return None
        head, size = parsed
        self._check(head)
        del self._pending[:size]
        return head

    def _is_given_on(self, head: _Head) -> bool:
        is_binary = head.opcode is Opcode.BINARY or (head.opcode is Opcode.CONT and not self._is_text)
        return self.in_pieces and is_binary

    def _check(self, head: _Head) -> None:
        if head.opcode >= Opcode.CLOSE:
            if not head.fin or head.length > _MOST_CONTROL_BYTES:
                raise FrameError(CloseCode.PROTOCOL_ERROR, "a control frame is whole and short")
            return
        if (self._message is not None) != (head.opcode is Opcode.CONT):
            raise FrameError(CloseCode.PROTOCOL_ERROR, "a message was not continued, or not begun")
        if self.charged + head.length > self.most_bytes:
            raise FrameError(CloseCode.TOO_BIG, f"a message has at most {self.most_bytes} bytes")

    def _begin(self, head: _Head) -> None:
        self._payload = bytearray(head.length)
        self._filled = 0
        self._unmasked = 0

    def _read_payload(self, head: _Head) -> bool:
        missing = head.length - self._filled
        if missing and self._pending:
            part = self._pending[:missing]
            self._payload[self._filled : self._filled + len(part)] = part
            del self._pending[: len(part)]
            self.filled(len(part))
        return self._filled == head.length

    def _finish(self, head: _Head) -> Event | None:
        self._unmask(head)
        payload, self._payload, self._head = self._payload, bytearray(), None
        if head.opcode >= Opcode.CLOSE:
            return Control(head.opcode, bytes(payload))
        if head.opcode is not Opcode.CONT:
            self._is_text = head.opcode is Opcode.TEXT
        if self._message is None:
            self._message = payload
        else:
            self._message += payload
        if not head.fin and not self._is_given_on(head):
            return None
        # What is given on is no longer held, but its continuation is still expected.
        message, self._message = self._message, None if head.fin else bytearray()
        charged, self.charged = self.charged, 0
        return Message(self._is_text, message, charged)

    def _unmask(self, head: _Head) -> None:
        """Undo the mask from where it was undone last up to what has arrived, in place."""
        first, last = self._unmasked, self._filled
        if self._filled < head.length:
            last -= (last - first) % 8
        if first == last:
            return
        mask = np.frombuffer(head.mask * 2, np.uint64)
        whole = (last - first) // 8 * 8
        words = np.frombuffer(self._payload, np.uint64, whole // 8, first)
        np.bitwise_xor(words, mask, out=words)
        for index in range(first + whole, last):
            self._payload[index] ^= head.mask[index % 4]
        self._unmasked = last


class Drain:
    """Reads on after our close frame: everything is dropped, only the peer's close frame matters."""

    def __init__(self, pending: bytes, skip: int = 0) -> None:
        self._pending = bytearray(pending)
        self._skip = skip

    def feed(self, data: memoryview | bytes) -> bool:
        """Bytes as they arrived; whether the peer's close frame was among them."""
        self._pending += data
        while True:
            dropped = min(self._skip, len(self._pending))
            del self._pending[:dropped]
            self._skip -= dropped
            if self._skip or (parsed := _try_head(self._pending)) is None:
                return False
            head, size = parsed
            if head.opcode is Opcode.CLOSE:
                return True
            self._skip = size + head.length


def _try_head(data: bytearray) -> tuple[_Head, int] | None:
    try:
        return _parse_head(data)
    except FrameError:
        # A peer that speaks something else: nothing more is understood, and the line closes in a moment.
        data.clear()
        return None


@dataclass(frozen=True, slots=True)
class _Head:
    fin: bool
    opcode: Opcode
    length: int
    mask: bytes


def _parse_head(data: bytearray) -> tuple[_Head, int] | None:
    """The head at the beginning of the data and its size; None when it is not whole yet."""
    if len(data) < 2:
        return None
    first, second = data[0], data[1]
    opcode = _opcode(first, second)
    length = second & 0x7F
    size = 2
    if length >= 126:
        extended = 2 if length == 126 else 8
        if len(data) < size + extended:
            return None
        (length,) = struct.unpack_from(">H" if extended == 2 else ">Q", data, size)
        size += extended
    if len(data) < size + 4:
        return None
    return _Head(bool(first & 0x80), opcode, length, bytes(data[size : size + 4])), size + 4


def _opcode(first: int, second: int) -> Opcode:
    if first & 0x70:
        raise FrameError(CloseCode.PROTOCOL_ERROR, "no extension was agreed on")
    if not second & 0x80:
        raise FrameError(CloseCode.PROTOCOL_ERROR, "frames of a client are masked")
    try:
        return Opcode(first & 0x0F)
    except ValueError:
        raise FrameError(CloseCode.PROTOCOL_ERROR, "no such kind of frame") from None


def frame(opcode: Opcode, payload: bytes) -> bytes:
    """A frame as a server sends it."""
    length = len(payload)
    if length < 126:
        head = struct.pack(">BB", 0x80 | opcode, length)
    elif length < 65536:
        head = struct.pack(">BBH", 0x80 | opcode, 126, length)
    else:
        head = struct.pack(">BBQ", 0x80 | opcode, 127, length)
    return head + payload


def close_payload(code: int, reason: str = "") -> bytes:
    """What a close frame carries; the reason is cut to what fits."""
    text = reason.encode()[: _MOST_CONTROL_BYTES - 2]
    return struct.pack(">H", code) + text.decode(errors="ignore").encode()


def read_close(payload: bytes) -> tuple[int, str]:
    """Code and reason of a close frame; raises FrameError."""
    if not payload:
        return 1005, ""
    if len(payload) == 1:
        raise FrameError(CloseCode.PROTOCOL_ERROR, "half a close code")
    (code,) = struct.unpack_from(">H", payload)
    if not (1000 <= code < 5000) or code in (1004, 1005, 1006) or 1015 <= code < 3000:
        raise FrameError(CloseCode.PROTOCOL_ERROR, "no such close code")
    try:
        return code, payload[2:].decode()
    except UnicodeDecodeError:
        raise FrameError(CloseCode.INVALID_DATA, "the reason is not UTF-8") from None
