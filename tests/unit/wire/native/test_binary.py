import hashlib
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.wire.native.binary import HEAD_BYTES, pack_chunk, unpack_chunk

digests = st.binary(min_size=16, max_size=16)


@given(st.uuids(), st.integers(0, 2**32 - 1), st.binary(max_size=300), st.none() | digests)
def test_a_chunk_comes_back_as_it_was(task: UUID, index: int, data: bytes, md5: bytes | None) -> None:
    chunk = unpack_chunk(pack_chunk(str(task), index, data, md5))
    assert (chunk.task_id, chunk.index, bytes(chunk.data)) == (str(task), index, data)
    assert chunk.md5 == (None if md5 is None or not any(md5) else md5)


def test_the_layout_is_the_one_of_the_reference() -> None:
    task = UUID("00112233-4455-6677-8899-aabbccddeeff")
    digest = hashlib.md5(b"sound").digest()
    frame = pack_chunk(str(task), 0x01020304, b"sound", digest)
    assert frame[:16] == bytes.fromhex("00112233445566778899aabbccddeeff")
    assert frame[16:20] == b"\x04\x03\x02\x01"
    assert frame[20:36] == digest
    assert frame[36:] == b"sound"


def test_the_bytes_are_not_copied() -> None:
    frame = pack_chunk(str(UUID(int=1)), 0, bytes(1000))
    data = unpack_chunk(frame).data
    assert isinstance(data, memoryview)
    assert data.obj is frame


@given(st.binary(max_size=HEAD_BYTES - 1))
def test_a_frame_without_a_whole_head_is_refused(frame: bytes) -> None:
    with pytest.raises(ValueError, match="at least 36 bytes"):
        unpack_chunk(frame)


@given(st.binary(min_size=HEAD_BYTES, max_size=200))
def test_any_other_frame_can_be_read_and_written_again(frame: bytes) -> None:
    chunk = unpack_chunk(frame)
    assert pack_chunk(chunk.task_id, chunk.index, bytes(chunk.data), chunk.md5) == frame
