import errno
import importlib

import pytest

from parley.errors import EngineFailed, MediaTooLarge, OutOfMemory
from parley.workers.failures import failure, in_short, is_beyond_repair


def onnx_error(says: str) -> Exception:
    """ONNX Runtime's own class, which is no RuntimeError."""
    state = importlib.import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    return state.RuntimeException(says)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MemoryError(), "out_of_memory"),
        (RuntimeError("CUDA failed with error out of memory"), "out_of_memory"),
        (RuntimeError("cublasCreate: CUBLAS_STATUS_ALLOC_FAILED"), "out_of_memory"),
        (type("OutOfMemoryError", (RuntimeError,), {})("CUDA"), "out_of_memory"),
        (onnx_error("Failed to allocate memory for requested buffer of size 40960"), "out_of_memory"),
        (onnx_error("the graph is broken"), "engine_failed"),
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


def test_whose_models_cannot_be_opened_is_told_how_to_fetch_them_again() -> None:
    said = failure(1, "e", RuntimeError("invalid payload"), ["words", "marks"]).message
    assert said == (
        "The engine 'e' could not open its models; the log has the details. Where a file is damaged, fetch "
        "it again: parley models rm words; parley models rm marks; parley models pull words marks"
    )
    assert "its model;" in failure(1, "e", RuntimeError("invalid payload"), ["words"]).message
    assert failure(1, "e", MemoryError(), ["words"]).code == "out_of_memory"


def test_messages_are_ours_and_details_are_bounded() -> None:
    frame = failure(1, "e", ValueError("secret " * 10_000))
    assert "secret" not in frame.message
    assert len(frame.detail) <= 8_000
    known = failure(1, "e", EngineFailed("For the user.", detail="for the log"))
    assert known.message == "For the user."
    assert known.detail.startswith("for the log")


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), "no memory left"),
        (OutOfMemory("The engine ran out of memory."), "no memory left"),
        (
            RuntimeError("CUDA error: no kernel image is available for execution"),
            "does not support this model",
        ),
        (RuntimeError("The NVIDIA driver on your system is too old"), "its driver is too old"),
        (AssertionError("Torch not compiled with CUDA enabled"), "built without it"),
        (EngineFailed("its results are wrong."), "its results are wrong"),
        (OSError("/root/secret/libcudart.so: cannot open"), "OSError"),
    ],
)
def test_why_a_device_cannot_be_used_is_said_without_paths(error: Exception, says: str) -> None:
    assert says in in_short(error)
    assert "/" not in in_short(error)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RuntimeError("CUDA error: an illegal memory access was encountered"), True),
        (type("AcceleratorError", (RuntimeError,), {})("CUDA error: device-side assert triggered"), True),
        (RuntimeError("CUDA error: out of memory"), False),
        (RuntimeError("CUDA error: no kernel image is available"), False),
        (ValueError("illegal memory access"), False),
    ],
)
def test_a_device_that_is_lost_to_the_process_is_told_apart(error: Exception, expected: bool) -> None:
    assert is_beyond_repair(error) == expected
