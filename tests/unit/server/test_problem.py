from __future__ import annotations

import errno
import json
import re

import pytest
from starlette.exceptions import HTTPException

from parley.errors import BY_CODE, ParleyError
from parley.server.http.disposition import disposition, renamed
from parley.server.http.kinds import UNKNOWN, kind_of
from parley.server.http.problem import Refusal, problem_of, refusal_of


@pytest.mark.parametrize("kind", BY_CODE.values(), ids=BY_CODE.keys())
def test_every_error_of_the_tree_is_a_problem_document(kind: type[ParleyError]) -> None:
    answer = problem_of(refusal_of(kind("It is so.", detail="/secret/path")))
    document = json.loads(bytes(answer.body))
    assert answer.media_type == "application/problem+json"
    assert answer.status_code == document["status"] == kind.http_status
    assert (document["code"], document["detail"]) == (kind.code, "It is so.")
    assert document["type"] == f"urn:parley:error:{kind.code}"
    assert re.match(r"[A-Z].+[^.]$", document["title"])
    assert "secret" not in json.dumps(document)


def test_what_is_not_ours_tells_little() -> None:
    assert refusal_of(RuntimeError("/secret")).error.code == "internal_error"
    assert refusal_of(OSError(errno.ENOSPC, "/secret")).error.code == "disk_full"
    assert refusal_of(OSError(errno.EIO, "/secret")).status == 500
    assert refusal_of(HTTPException(404)).error.code == "not_found"
    assert refusal_of(HTTPException(418)).status == 418


def test_headers_that_belong_to_a_status() -> None:
    assert problem_of(Refusal(ParleyError("x"), status=401)).headers["www-authenticate"].startswith("Bearer")
    assert int(problem_of(Refusal(ParleyError("x"), status=503)).headers["retry-after"]) > 0
    told = Refusal(ParleyError("x"), status=503, headers={"Retry-After": "77"})
    assert problem_of(told).headers["retry-after"] == "77"


@pytest.mark.parametrize(
    ("name", "plain"),
    [("talk.srt", "talk.srt"), ("会议.srt", "__.srt"), ('a"b\\c/d%e\r\nf.srt', "a_b_c_d_e__f.srt")],
)
def test_names_in_headers(name: str, plain: str) -> None:
    header = disposition("attachment", name)
    assert header.startswith(f"attachment; filename=\"{plain}\"; filename*=UTF-8''")
    assert header.isascii() and header.isprintable()


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("talk.m4a", "talk.srt"),
        ("a/b\\c.wav", "c.srt"),
        ("", "recording.srt"),
        ("../..", "recording.srt"),
        ("x", "x.srt"),
    ],
)
def test_a_result_is_named_after_its_recording(name: str, made: str) -> None:
    assert renamed(name, ".srt") == made


@pytest.mark.parametrize(
    ("head", "name", "kind"),
    [
        (b"RIFF....WAVEfmt ", "x.html", "audio/wav"),
        (b"RIFF....AVI LIST", "x", "video/x-msvideo"),
        (b"\0\0\0\x20ftypM4A ", "x", "audio/mp4"),
        (b"\0\0\0\x20ftypisom", "x.mp4", "video/mp4"),
        (b"\0\0\0\x20ftypisom", "x.m4a", "audio/mp4"),
        (b"OggS", "x", "audio/ogg"),
        (b"\xff\xfb\x90\x00", "x", "audio/mpeg"),
        (b"\xff\xf1\x50\x80", "x", "audio/aac"),
        (b"<html><script>", "x.mp3", UNKNOWN),
        (b"", "x.wav", UNKNOWN),
    ],
)
def test_the_type_of_a_recording_follows_its_bytes(head: bytes, name: str, kind: str) -> None:
    assert kind_of(head, name) == kind
