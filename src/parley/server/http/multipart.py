"""A multipart form read as it arrives: fields into memory, the file piece by piece to whoever takes it."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from parley.errors import MissingFileData, UploadRefused

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MOST_FIELDS = 1100
"""A thousand hotwords, one a field, and everything else."""

MOST_FIELD_BYTES = 1024 * 1024
"""Of all fields together, with the headers of their parts."""

FILE = "file"
"""The name of the part that holds the recording."""


class Form:
    """One form, whose file is the part `file`. First `begin`, then `content`; fields are complete when
    `content` has ended.

    Raises UploadRefused for a form that is broken, too long beside its file, or holds two files.
    """

    def __init__(self, content_type: str, body: AsyncIterator[bytes], file: str = FILE) -> None:
        self.file = file
        self.fields: list[tuple[str, str]] = []
        self.file_name = ""
        self.has_file = False
        self._body = body
        self._pieces: deque[bytes] = deque()
        self._parts = _Parts(self)
        boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
        if not boundary:
            raise UploadRefused("The header Content-Type of the form lacks its boundary.")
        try:
            self._parser = MultipartParser(boundary, self._parts.callbacks())
        except FormParserError as error:
            raise _broken() from error

    async def begin(self, *, needs_file: bool = True) -> None:
        """Read what comes before the file; raises MissingFileData when there is none and must be."""
        while not self.has_file and await self._read():
            pass
        if needs_file and not self.has_file:
            raise MissingFileData(f"The form has no file; send one as the part '{self.file}'.")

    async def content(self) -> AsyncIterator[bytes]:
        """The bytes of the file; then the fields behind it are read too."""
        more = self.has_file
        while more or self._pieces:
            while self._pieces:
                yield self._pieces.popleft()
            more = more and await self._read()

    async def _read(self) -> bool:
        try:
            piece = await anext(self._body, None)
            if piece is None:
                self._parser.finalize()
                self._parts.require_end()
                return False
            self._parser.write(piece)
        except FormParserError as error:
            raise _broken() from error
        return True

    def take(self, piece: bytes) -> None:
        """Hear bytes of the file."""
        self._pieces.append(piece)


class _Parts:
    """Hears what the parser finds."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._headers: dict[bytes, bytes] = {}
        self._header = b""
        self._value = b""
        self._name = ""
        self._field = bytearray()
        self._in_file = False
        self._small_bytes = 0
        self._ended = False

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._add_header,
            "on_header_value": self._add_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._open,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    def require_end(self) -> None:
        if not self._ended:
            raise _broken()

    def _begin(self) -> None:
        self._headers = {}
        self._field = bytearray()

    def _count(self, number: int) -> None:
        self._small_bytes += number
        if self._small_bytes > MOST_FIELD_BYTES:
            raise UploadRefused("The fields of the form are larger than 1 MiB together.")

    def _add_header(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._header += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header = self._value = b""

    def _open(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        self._name = _text(options.get(b"name", b""))
        self._in_file = self._name == self._form.file
        if self._in_file:
            if self._form.has_file:
                raise UploadRefused("The form holds two files; send one recording per request.")
            self._form.has_file = True
            self._form.file_name = _text(options.get(b"filename", b""))
        elif b"filename" in options:
            raise UploadRefused(f"The form holds a file under another name than '{self._form.file}'.")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._in_file:
            self._form.take(data[start:end])
        else:
            self._count(end - start)
            self._field += data[start:end]

    def _end(self) -> None:
        if not self._in_file:
            self._form.fields.append((self._name, _text(self._field)))
            if len(self._form.fields) > MOST_FIELDS:
                raise UploadRefused(f"The form has more than {MOST_FIELDS} fields.")

    def _finish(self) -> None:
        self._ended = True


def _text(raw: bytes | bytearray) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise UploadRefused("A name or a field of the form is not UTF-8.") from None


def _broken() -> UploadRefused:
    return UploadRefused("The form is broken or breaks off; it wants multipart/form-data (RFC 7578).")
