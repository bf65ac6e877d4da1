import errno

import pytest

from parley.errors import EngineFailed, MediaTooLarge
from parley.workers.failures import failure


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MemoryError(), "out_of_memory"),
        (RuntimeError("CUDA failed with error out of memory"), "out_of_memory"),
        (RuntimeError("cublasCreate: CUBLAS_STATUS_ALLOC_FAILED"), "out_of_memory"),
        (type("OutOfMemoryError", (RuntimeError,), {})("CUDA"), "out_of_memory"),
        (ValueError("a sentence about out of memory"), "engine_failed"),
        (OSError(errno.ENOSPC, "full"), "disk_full"),
        (OSError(errno.EFBIG, "too large for FAT32"), "disk_full"),
        (OSError(errno.EIO, "broken"), "engine_failed"),
        (ImportError("libcudnn.so.9: cannot open", name="onnxruntime"), "profile_not_installed"),
        (MediaTooLarge("Too long."), "media_too_large"),
        (SystemExit(1), "engine_failed"),
    ],
)
def test_codes(error: BaseException, code: str) -> None:
    frame = failure(7, "silero", error)
    assert (frame.call_id, frame.code) == (7, code)
    assert type(error).__name__ in frame.detail


def test_messages_are_ours_and_details_are_bounded() -> None:
    frame = failure(1, "e", ValueError("secret " * 10_000))
    assert "secret" not in frame.message
    assert len(frame.detail) <= 8_000
    known = failure(1, "e", EngineFailed("For the user.", detail="for the log"))
    assert known.message == "For the user."
    assert known.detail.startswith("for the log")
