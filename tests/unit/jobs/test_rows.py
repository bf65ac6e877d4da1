"""Orders as they are written down, by this version and by earlier ones."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from parley.batch.wish import Wish
from parley.errors import StoreBroken
from parley.jobs.rows import order_of
from parley.jobs.task import Order
from parley.speech.enrolment import KnownVoice
from parley.storage.tasks import StoredTask

BEFORE_VOICES = (
    b'{"file_name":"a.wav","profile":"embedded","wish":{"decode":{"channel":"mix","start":0.0,"end":null,'
    b'"raw":null,"max_duration_s":86400.0,"max_channels":16},"recognition":{"language":null,'
    b'"task":"transcribe","prompt":null,"hotwords":[],"words":false},"speakers":"auto","use_cache":true,'
    b'"strict":false},"output_format":"json","segments":false,"priority":"normal","callback_url":null}'
)
ORDER = Order(file_name="a.wav", profile="embedded")
ANN = KnownVoice(name="王芳 <b>", engine="xvector 1", key="ab")


def row(order: bytes) -> StoredTask:
    return StoredTask(
        id="1",
        user="",
        state="pending",
        turn=1,
        work="w",
        sha256="00",
        md5="00",
        size_bytes=1,
        file_name="a.wav",
        profile="embedded",
        output_format="json",
        order=order,
        created_at=0.0,
    )


def test_an_order_of_before_voices_had_names_is_read() -> None:
    assert order_of(row(BEFORE_VOICES)) == ORDER


def test_an_order_comes_back_with_the_voices_that_were_known() -> None:
    order = replace(ORDER, wish=Wish(known=(ANN,)))
    assert order_of(row(msgspec.json.encode(order))) == order


def test_what_nobody_wrote_says_what_to_do() -> None:
    with pytest.raises(StoreBroken, match="send the recording again"):
        order_of(row(b"{}"))
