"""After a task the server keeps a compact copy to listen to, and a kill in the middle loses nothing."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.e2e.command import Parley, is_alive, wait_until, workers_of
from tests.e2e.serving import Served, serve


@pytest.fixture
def quick(parley: Parley) -> Parley:
    return parley.with_profile(asr="level", vad="whole", speakers="none")


def transcribe(served: Served, name: str, content: bytes) -> str:
    """Hand in a recording and wait until its task is over."""
    answer = httpx.post(served.url + "/v1/jobs", files={"file": (name, content)}, timeout=60)
    assert answer.status_code in (200, 201, 202), answer.text
    task = str(answer.json()["task_id"])
    wait_until(lambda: served.get(f"/v1/jobs/{task}").json()["status"] == "completed", 60)
    return task


def media(served: Served, task: str, **headers: str) -> httpx.Response:
    return served.get(f"/v1/jobs/{task}/media", headers=headers)


def test_the_copy_is_served_in_ranges(quick: Parley, audio: Path) -> None:
    content = (audio / "joined" / "en_2spk.flac").read_bytes()
    served = serve(quick)
    task = transcribe(served, "talk.flac", content)
    before = media(served, task)
    wait_until(lambda: media(served, task).headers["content-type"] == "audio/ogg", 60)
    whole = media(served, task)
    assert whole.content[:4] == b"OggS"
    assert len(whole.content) < len(content) / 4
    assert 'filename="talk.ogg"' in whole.headers["content-disposition"]
    tag = whole.headers["etag"]
    if before.headers["content-type"] != "audio/ogg":
        assert before.content == content
        assert before.headers["etag"] != tag
    piece = media(served, task, Range="bytes=100-299", **{"If-Range": tag})
    assert (piece.status_code, piece.content) == (206, whole.content[100:300])
    assert piece.headers["content-range"] == f"bytes 100-299/{len(whole.content)}"
    tail = media(served, task, Range="bytes=-50")
    assert (tail.status_code, tail.content) == (206, whole.content[-50:])
    stale = media(served, task, Range="bytes=0-9", **{"If-Range": '"another"'})
    assert (stale.status_code, stale.content) == (200, whole.content)
    assert media(served, task, **{"If-None-Match": tag}).status_code == 304
    assert media(served, task, Range=f"bytes={len(whole.content)}-").status_code == 416
    folder = quick.data_dir / "recordings"
    wait_until(lambda: [path.suffix for path in folder.iterdir()] == [".ogg"], 60)
    [kept] = folder.iterdir()
    # The same recording for another purpose: sent again, it is there again for as long as it is needed.
    again = httpx.post(
        served.url + "/v1/jobs",
        files={"file": ("talk.flac", content)},
        data={"force_refresh": "true"},
        timeout=60,
    ).json()["task_id"]
    wait_until(lambda: served.get(f"/v1/jobs/{again}").json()["status"] == "completed", 60)
    wait_until(lambda: [path.name for path in folder.iterdir()] == [kept.name], 90)
    assert media(served, again).content == whole.content
    assert served.stop() == 0


def test_killed_while_it_is_made(quick: Parley, audio: Path) -> None:
    content = (audio / "joined" / "en_2spk.flac").read_bytes()
    served = serve(quick)
    task = transcribe(served, "talk.flac", content)
    folder = quick.data_dir / "recordings"
    wait_until(lambda: any(path.name.startswith(".copy-") for path in folder.iterdir()) or _done(folder), 60)
    orphans = workers_of(served.process.pid)
    served.kill()
    wait_until(lambda: not any(map(is_alive, orphans)))
    served = serve(quick)
    assert media(served, task).status_code == 200
    wait_until(lambda: [path.suffix for path in folder.iterdir()] == [".ogg"], 90)
    assert media(served, task).headers["content-type"] == "audio/ogg"
    assert served.stop() == 0


def test_stopping_does_not_wait_for_it(quick: Parley, audio: Path) -> None:
    content = (audio / "joined" / "en_long_10spk.flac").read_bytes()
    served = serve(quick)
    task = transcribe(served, "talk.flac", content)
    folder = quick.data_dir / "recordings"
    wait_until(lambda: any(path.name.startswith(".copy-") for path in folder.iterdir()) or _done(folder), 60)
    workers = workers_of(served.process.pid)
    assert served.stop() == 0
    assert not any(map(is_alive, workers))
    assert not any("Traceback" in said for said in served.lines)
    served = serve(quick)
    assert media(served, task).status_code == 200
    assert served.stop() == 0


@pytest.mark.parametrize(("keep", "left"), [("original", 1), ("none", 0)])
def test_other_settings(keep: str, left: int, quick: Parley, audio: Path) -> None:
    content = (audio / "formats" / "speechbrain_example5.wav").read_bytes()
    quick.settings["PARLEY_UPLOADS__KEEP_MEDIA"] = keep
    served = serve(quick)
    task = transcribe(served, "talk.wav", content)
    served.stop()
    # The first sweep of a server comes with its start.
    served = serve(quick)
    folder = quick.data_dir / "recordings"
    wait_until(lambda: len(list(folder.iterdir())) == left, 60)
    answer = media(served, task)
    assert answer.status_code == (200 if left else 404)
    if left:
        assert answer.content == content
    assert served.stop() == 0


def _done(folder: Path) -> bool:
    return any(path.suffix == ".ogg" for path in folder.iterdir())
