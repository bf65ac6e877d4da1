from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.errors import ParleyError
from parley.server.http.multipart import Form

BOUNDARY = "boundary"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def form_of(fields: list[tuple[str, str]], file: bytes, later: list[tuple[str, str]]) -> bytes:
    def part(name: str, content: bytes, more: str = "") -> bytes:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
        return head.encode() + content + b"\r\n"

    body = b"".join(part(name, text.encode()) for name, text in fields)
    body += part("file", file, '; filename="会议.wav"')
    body += b"".join(part(name, text.encode()) for name, text in later)
    return body + f"--{BOUNDARY}--\r\n".encode()


def read(body: bytes, cuts: list[int]) -> tuple[list[tuple[str, str]], bytes, Form]:
    async def pieces() -> AsyncIterator[bytes]:
        places = sorted({0, len(body), *(cut % (len(body) + 1) for cut in cuts)})
        for first, last in pairwise(places):
            yield body[first:last]

    async def main() -> tuple[list[tuple[str, str]], bytes, Form]:
        form = Form(TYPE, pieces())
        await form.begin()
        before = list(form.fields)
        return before, b"".join([piece async for piece in form.content()]), form

    return asyncio.run(main())


FIELDS = st.lists(st.tuples(st.sampled_from(["language", "prompt", "x"]), st.text(max_size=20)), max_size=4)
# Bytes that look like a boundary are what a parser trips over.
CONTENT = st.lists(
    st.sampled_from([b"\r\n", b"--", b"\r\n--", b"--boundary", b"\r\n--boundar", b"x", b"\0"])
    | st.binary(max_size=9)
).map(b"".join)


@given(FIELDS, CONTENT, FIELDS, st.lists(st.integers(0, 10_000), max_size=12))
def test_however_a_form_is_cut_it_reads_the_same(
    fields: list[tuple[str, str]], file: bytes, later: list[tuple[str, str]], cuts: list[int]
) -> None:
    if b"\r\n--boundary" in b"\r\n" + file or any("\r" in text for _, text in (*fields, *later)):
        return
    before, content, form = read(form_of(fields, file, later), cuts)
    assert (before[: len(fields)], content) == (fields, file)
    assert form.fields == [*fields, *later]
    assert form.file_name == "会议.wav"


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_noise_is_refused_and_nothing_else_happens(noise: bytes, cuts: list[int]) -> None:
    with pytest.raises(ParleyError):
        read(noise, cuts)


@given(CONTENT, st.integers(0, 10_000))
def test_a_form_that_breaks_off_is_refused(file: bytes, place: int) -> None:
    if b"\r\n--boundary" in b"\r\n" + file:
        return  # no client chooses a boundary that stands in its file
    body = form_of([("language", "en")], file, [])
    end = place % (len(body) - 4)  # without the last dashes there is no end
    with pytest.raises(ParleyError):
        read(body[:end], [])
