"""What is checked before an upload begins, in the order of the protocol (section 5)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from parley.errors import (
    ChunkedUploadError,
    FileTooLarge,
    InvalidFormat,
    ProfileNotInstalled,
    ProfileUnknown,
    UploadRefused,
)
from parley.jobs.naming import clean_name, require_recording
from parley.jobs.task import Order
from parley.jobs.upload import UploadPlan
from parley.wire.native.client import OUTPUT_FORMATS

SettleOrder = Callable[[Order], Order]
"""Gives the order with the name of the profile that is meant; raises UnsupportedOption, InvalidOption,
ProfileNotInstalled or ProfileUnknown for what cannot be done."""

MAX_CHUNK_BYTES = 32 * 1024 * 1024
MAX_CHUNKS = 1_000_000
_MIB = 1024 * 1024
_HASH = re.compile(r"[0-9a-f]{32}|sha256:[0-9a-f]{64}")


def check_plan(plan: UploadPlan, max_file_bytes: int, settle: SettleOrder) -> UploadPlan:
    """The plan with a name that can be shown, or the first error there is."""
    _check_fields(plan)
    if plan.door == "chunked":
        _check_chunks(plan)
    if plan.order.output_format not in OUTPUT_FORMATS:
        known = ", ".join(OUTPUT_FORMATS)
        raise InvalidFormat(
            f"There is no output format '{plan.order.output_format[:20]}'; use one of {known}."
        )
    if plan.size_bytes is not None and plan.size_bytes > max_file_bytes:
        raise too_large(max_file_bytes)
    name = clean_name(plan.order.file_name)
    require_recording(name)
    order = replace(plan.order, file_name=name)
    try:
        order = settle(order)
    except ProfileUnknown as error:
        raise ProfileNotInstalled(error.message, detail=error.detail) from error
    return replace(plan, order=order)


def too_large(max_file_bytes: int) -> FileTooLarge:
    """The answer to more bytes than the server takes."""
    return FileTooLarge(f"The file is larger than the limit of {max_file_bytes / _MIB:.0f} MiB.")


def _check_fields(plan: UploadPlan) -> None:
    if not plan.order.file_name:
        raise UploadRefused("The request has no file_name.")
    if plan.size_bytes is None and plan.door != "http":
        raise UploadRefused("The request has no file_size.")
    if plan.size_bytes is not None and plan.size_bytes <= 0:
        raise UploadRefused("The file is empty; file_size is the number of its bytes.")
    if not plan.declared_hash and plan.door in ("single", "chunked"):
        raise UploadRefused("The request has no file_hash.")
    if plan.declared_hash and not _HASH.fullmatch(plan.declared_hash):
        raise UploadRefused("file_hash is an MD5 as 32 hex digits, or 'sha256:' and 64 hex digits.")


def _check_chunks(plan: UploadPlan) -> None:
    if not 1 <= plan.chunk_bytes <= MAX_CHUNK_BYTES:
        raise ChunkedUploadError(f"chunk_size lies between 1 and {MAX_CHUNK_BYTES} bytes.")
    if not 1 <= plan.chunks <= MAX_CHUNKS:
        raise ChunkedUploadError(f"total_chunks lies between 1 and {MAX_CHUNKS}.")
    expected = -(-(plan.size_bytes or 0) // plan.chunk_bytes)
    if plan.chunks != expected:
        raise ChunkedUploadError(
            f"total_chunks is {plan.chunks}, but file_size and chunk_size make {expected} chunks."
        )
