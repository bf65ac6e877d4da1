"""Chunks on their way: whatever gets lost or comes twice, the file arrives whole."""

from __future__ import annotations

import asyncio
import hashlib
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.client.parcel import MOST_TRIES_OF_A_CHUNK, Parcel
from parley.client.source import Source
from parley.errors import ChunkHashMismatch, ParleyError
from parley.wire.native.binary import unpack_chunk

TASK = "0b6f9f0e-6c1d-4f5e-9d55-0f2f0b9e6f11"


def source(content: bytes) -> Source:
    return Source(io.BytesIO(content), "talk.wav", len(content))


@given(
    content=st.binary(min_size=1, max_size=300),
    chunk_bytes=st.integers(1, 50),
    fates=st.lists(st.sampled_from(["arrives", "is lost", "is damaged"]), max_size=60),
)
@settings(deadline=None)
def test_everything_arrives_once_it_may(content: bytes, chunk_bytes: int, fates: list[str]) -> None:
    asyncio.run(deliver(content, chunk_bytes, fates))


async def deliver(content: bytes, chunk_bytes: int, fates: list[str]) -> None:
    parcel = Parcel(source(content), chunk_bytes)
    there: dict[int, bytes] = {}
    count = -(-len(content) // chunk_bytes)
    left = list(fates)
    while parcel.is_waiting:
        chunk = unpack_chunk(await parcel.next_frame(TASK))
        assert chunk.md5 == hashlib.md5(chunk.data).digest()
        fate = left.pop() if left else "arrives"
        if fate == "arrives":
            there[chunk.index] = bytes(chunk.data)
            parcel.arrived(chunk.index)
            parcel.arrived(chunk.index)
        elif fate == "is lost":
            missing = [(index, index) for index in range(count) if index not in there]
            parcel.expect(chunk_bytes, missing)
        else:
            try:
                parcel.refused(chunk.index, ChunkHashMismatch("It is damaged."))
            except ChunkHashMismatch:
                return
        assert parcel.arrived_bytes == sum(map(len, there.values()))
    assert b"".join(there[index] for index in range(count)) == content
    assert parcel.flying == 0


def test_a_chunk_is_not_tried_for_ever() -> None:
    parcel = Parcel(source(b"abc"), 2)
    tries = 0
    with pytest.raises(ChunkHashMismatch):
        while True:
            asyncio.run(parcel.next_frame(TASK))
            tries += 1
            parcel.refused(tries % 2, ChunkHashMismatch("It is damaged."))
    assert tries <= 2 * MOST_TRIES_OF_A_CHUNK


def test_a_server_that_talks_nonsense_costs_no_memory() -> None:
    parcel = Parcel(source(b"abcd"), 2)
    parcel.expect(2, [(-5, 10**15)])
    assert parcel.is_waiting
    assert parcel.arrived_bytes == 0
    with pytest.raises(ParleyError):
        parcel.expect(0)
