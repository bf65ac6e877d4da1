"""Turns whatever an engine raised into values that cross the pipe."""

from __future__ import annotations

import traceback
from collections.abc import Collection

from parley.errors import DiskFull, EngineFailed, OutOfMemory, ParleyError, ProfileNotInstalled, is_disk_full
from parley.wire.frames import Failure

_DETAIL_CHARACTERS = 8_000

_NO_MEMORY = ("out of memory", "alloc_failed", "failed to allocate memory", "bad allocation")
"""How PyTorch (CUDA, MPS), CTranslate2, cuBLAS, ONNX Runtime and C++ say it; they share no class."""


def failure(call_id: int, engine: str, error: BaseException, models: Collection[str] = ()) -> Failure:
    """The frame that tells the parent: code and message for the user, traceback for the log.

    `models` are those that were being opened.
    """
    known = _classify(engine, error, models)
    detail = "".join(traceback.format_exception(error))[-_DETAIL_CHARACTERS:]
    return Failure(
        call_id=call_id, code=known.code, message=known.message, detail=f"{known.detail}\n{detail}".strip()
    )


_KNOWN = {
    "no kernel image": "its library does not support this model of device",
    "driver version is insufficient": "its driver is too old",
    "driver on your system is too old": "its driver is too old",
    "compiled with cuda": "its library was built without it",
    "compiled with mps": "its library was built without it",
}
"""What libraries say of a device, and what that means."""


def in_short(error: BaseException) -> str:
    """Why a device cannot be used, as part of a sentence; what a library says itself may hold paths."""
    if is_out_of_memory(error):
        return "no memory left"
    if isinstance(error, ParleyError):
        return error.message.rstrip(".")
    said = str(error).lower()
    return next((means for words, means in _KNOWN.items() if words in said), type(error).__name__)


def _classify(engine: str, error: BaseException, models: Collection[str]) -> ParleyError:
    if isinstance(error, ParleyError):
        return error
    if isinstance(error, ImportError):
        return ProfileNotInstalled(
            f"The engine '{engine}' needs the Python package '{error.name}', "
            "which is not installed or does not load."
        )
    if is_out_of_memory(error):
        return OutOfMemory(f"The engine '{engine}' ran out of memory.")
    if isinstance(error, OSError) and is_disk_full(error):
        return DiskFull("No space is left where the data directory lives; make room and run it again.")
    if models:
        return EngineFailed(_unopened(engine, models))
    return EngineFailed(f"The engine '{engine}' failed; the log has the details.")


def _unopened(engine: str, models: Collection[str]) -> str:
    anew = "; ".join(
        (*(f"parley models rm {name}" for name in models), f"parley models pull {' '.join(models)}")
    )
    what = "its model" if len(models) == 1 else "its models"
    return (
        f"The engine '{engine}' could not open {what}; the log has the details. "
        f"Where a file is damaged, fetch it again: {anew}"
    )


_WEDGED = (
    "illegal memory access",
    "device-side assert",
    "unspecified launch failure",
    "cuda error: misaligned address",
    "cuda error: an illegal instruction",
    "uncorrectable ecc error",
)
"""What CUDA says when nothing more can be computed in this process."""


def is_beyond_repair(error: BaseException) -> bool:
    """Whether the device is lost to this process, so that every later call would fail as well."""
    said = str(error).lower()
    return _is_native(error) and any(words in said for words in _WEDGED)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a library, or the engine itself, says that memory was lacking."""
    if isinstance(error, (MemoryError, OutOfMemory)) or type(error).__name__ == "OutOfMemoryError":
        return True
    said = str(error).lower()
    return _is_native(error) and any(words in said for words in _NO_MEMORY)


def _is_native(error: BaseException) -> bool:
    """Whether it comes from native code; ONNX Runtime's errors are exceptions and nothing more special."""
    return isinstance(error, RuntimeError) or type(error).__module__.startswith("onnxruntime")
