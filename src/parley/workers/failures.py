"""Turns whatever an engine raised into values that cross the pipe."""

from __future__ import annotations

import traceback

from parley.errors import DiskFull, EngineFailed, OutOfMemory, ParleyError, ProfileNotInstalled, is_disk_full
from parley.wire.frames import Failure

_DETAIL_CHARACTERS = 8_000

_NO_MEMORY = ("out of memory", "alloc_failed", "failed to allocate memory", "bad allocation")
"""How PyTorch (CUDA, MPS), CTranslate2, cuBLAS, ONNX Runtime and C++ say it; they share no class."""


def failure(call_id: int, engine: str, error: BaseException) -> Failure:
    """The frame that tells the parent: code and message for the user, traceback for the log."""
    known = _classify(engine, error)
    detail = "".join(traceback.format_exception(error))[-_DETAIL_CHARACTERS:]
    return Failure(
        call_id=call_id, code=known.code, message=known.message, detail=f"{known.detail}\n{detail}".strip()
    )


def _classify(engine: str, error: BaseException) -> ParleyError:
    if isinstance(error, ParleyError):
        return error
    if isinstance(error, ImportError):
        return ProfileNotInstalled(
            f"The engine '{engine}' needs the Python package '{error.name}', "
            "which is not installed or does not load."
        )
    if _is_out_of_memory(error):
        return OutOfMemory(f"The engine '{engine}' ran out of memory.")
    if isinstance(error, OSError) and is_disk_full(error):
        return DiskFull("No space is left where the data directory lives; make room and run it again.")
    return EngineFailed(f"The engine '{engine}' failed; the log has the details.")


def _is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    said = str(error).lower()
    return isinstance(error, RuntimeError) and any(words in said for words in _NO_MEMORY)
