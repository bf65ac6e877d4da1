"""What is refused before an upload, and what is refused first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from parley.errors import (
    ChunkedUploadError,
    FileTooLarge,
    InvalidFileType,
    InvalidFormat,
    ParleyError,
    ProfileNotInstalled,
    ProfileUnknown,
    UnsupportedOption,
    UploadRefused,
)
from parley.jobs.checks import MAX_CHUNK_BYTES, check_plan
from parley.jobs.task import Order
from parley.jobs.upload import UploadPlan

MOST = 1000
MD5 = "0" * 32
ORDER = Order(file_name="talk.wav", profile="embedded")
SINGLE = UploadPlan(order=ORDER, door="single", size_bytes=100, declared_hash=MD5)
CHUNKED = replace(SINGLE, door="chunked", chunk_bytes=30, chunks=4)
WHOLE_BODY = UploadPlan(order=ORDER, door="http", size_bytes=None)


def accept(order: Order) -> Order:
    return order


def check(plan: UploadPlan) -> UploadPlan:
    return check_plan(plan, MOST, accept)


@pytest.mark.parametrize("plan", [SINGLE, CHUNKED, WHOLE_BODY, replace(SINGLE, door="tus", declared_hash="")])
def test_a_good_plan_is_as_it_was(plan: UploadPlan) -> None:
    assert check(plan) == plan


def test_sha256_is_a_hash_too() -> None:
    plan = replace(SINGLE, declared_hash=f"sha256:{'a' * 64}")
    assert check(plan) == plan


@pytest.mark.parametrize(
    ("plan", "kind", "says"),
    [
        (replace(SINGLE, order=replace(ORDER, file_name="")), UploadRefused, "file_name"),
        (replace(SINGLE, size_bytes=None), UploadRefused, "file_size"),
        (replace(SINGLE, size_bytes=0), UploadRefused, "empty"),
        (replace(SINGLE, size_bytes=-1), UploadRefused, "empty"),
        (replace(SINGLE, declared_hash=""), UploadRefused, "file_hash"),
        (replace(SINGLE, declared_hash="abc"), UploadRefused, "32 hex"),
        (replace(SINGLE, declared_hash=MD5 + "\n"), UploadRefused, "32 hex"),
        (replace(SINGLE, declared_hash="sha256:" + "a" * 63), UploadRefused, "64 hex"),
        (replace(CHUNKED, chunk_bytes=0), ChunkedUploadError, "chunk_size"),
        (replace(CHUNKED, chunk_bytes=-5), ChunkedUploadError, "chunk_size"),
        (replace(CHUNKED, chunk_bytes=MAX_CHUNK_BYTES + 1), ChunkedUploadError, "chunk_size"),
        (replace(CHUNKED, chunks=0), ChunkedUploadError, "total_chunks"),
        (replace(CHUNKED, chunks=3), ChunkedUploadError, "make 4 chunks"),
        (replace(CHUNKED, chunks=5), ChunkedUploadError, "make 4 chunks"),
        (
            replace(CHUNKED, size_bytes=2_000_000, chunk_bytes=1, chunks=2_000_000),
            ChunkedUploadError,
            "1000000",
        ),
        (replace(SINGLE, order=replace(ORDER, output_format="docx")), InvalidFormat, "docx"),
        (replace(SINGLE, size_bytes=MOST + 1), FileTooLarge, "limit"),
        (replace(SINGLE, order=replace(ORDER, file_name="x.exe")), InvalidFileType, "exe"),
    ],
)
def test_what_is_refused(plan: UploadPlan, kind: type[ParleyError], says: str) -> None:
    with pytest.raises(kind, match=says) as caught:
        check(plan)
    assert type(caught.value) is kind


def test_the_order_of_checks() -> None:
    """Fields, formats, size, name, options: each error hides those after it."""
    wrong: dict[str, Any] = {"output_format": "docx", "file_name": "x.exe"}
    plan = replace(SINGLE, declared_hash="x", size_bytes=MOST + 1, order=replace(ORDER, **wrong))
    kinds: list[type[ParleyError]] = []
    repairs = (
        lambda plan: replace(plan, declared_hash=MD5),
        lambda plan: replace(plan, order=replace(plan.order, output_format="srt")),
        lambda plan: replace(plan, size_bytes=MOST),
        lambda plan: replace(plan, order=replace(plan.order, file_name="x.wav")),
    )
    for repair in (*repairs, lambda plan: plan):
        with pytest.raises(ParleyError) as caught:
            check_plan(plan, MOST, refuse)
        kinds.append(type(caught.value))
        plan = repair(plan)
    assert kinds == [UploadRefused, InvalidFormat, FileTooLarge, InvalidFileType, UnsupportedOption]


def refuse(order: Order) -> Order:
    raise UnsupportedOption("no")


def test_an_unknown_profile_is_not_installed() -> None:
    def unknown(order: Order) -> Order:
        raise ProfileUnknown("There is no profile 'x'; there are: embedded.")

    with pytest.raises(ProfileNotInstalled, match="there are: embedded"):
        check_plan(SINGLE, MOST, unknown)


def test_the_profile_that_is_meant_is_written_down() -> None:
    meant = check_plan(SINGLE, MOST, lambda order: replace(order, profile="meant"))
    assert meant.order.profile == "meant"


def test_the_name_is_cleaned() -> None:
    plan = replace(SINGLE, order=replace(ORDER, file_name="../up/talk.wav"))
    assert check(plan).order.file_name == "talk.wav"
