"""The Transcribe view in Chromium, against a real server."""

from __future__ import annotations

import json
import shutil
import wave
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.browser import looking
from tests.e2e.command import Parley, wait_until
from tests.e2e.serving import Served, serve

CHOOSER = "input[type=file][multiple]"


@pytest.fixture
def spoken(audio: Path, tmp_path: Path) -> Path:
    """Some seconds of real speech, under a name of its own."""
    found = min((audio / "librispeech" / "test-other").rglob("*.flac"), key=lambda path: path.stat().st_size)
    return Path(shutil.copyfile(found, tmp_path / "会议 one.flac"))


@pytest.fixture
def quick(parley: Parley) -> Parley:
    """A server whose recogniser takes no time."""
    return parley.with_profile(asr="level", vad="whole", speakers="none")


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Several chunks of sound."""
    samples = np.random.default_rng(1).integers(-3000, 3000, 16000 * 100).astype("<i2")
    with wave.open(str(tmp_path / "large.wav"), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
    return tmp_path / "large.wav"


def jobs(served: Served) -> list[dict[str, Any]]:
    return served.get("/v1/jobs").json()["items"]


def drop(page: Page, path: Path) -> None:
    """Let a file go over the page, as from a desktop."""
    handle = page.evaluate_handle(
        """async ([name, bytes]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], name));
            return transfer;
        }""",
        [path.name, list(path.read_bytes())],
    )
    zone = page.locator(".zone")
    zone.dispatch_event("dragover", {"dataTransfer": handle})
    expect(page.locator(".view.transcribe.aimed")).to_be_visible()
    zone.dispatch_event("drop", {"dataTransfer": handle})


def test_a_file_becomes_a_transcript_that_is_corrected_and_saved(parley: Parley, spoken: Path) -> None:
    served = serve(parley, "--workers", "1")
    with looking(served.url, view="transcribe") as seen:
        page = seen.page
        drop(page, spoken)
        # The page of the recording opens by itself; at its end stands the transcript.
        expect(page.locator("h1", has_text="会议 one.flac")).to_be_visible()
        row = page.locator(".reading .segment").first
        expect(row).to_be_visible()
        page.locator(".person").first.click()
        page.keyboard.type("王芳")
        page.keyboard.press("Enter")
        expect(row.locator(".who")).to_have_text("王芳")
        row.locator(".text").dblclick()
        page.locator("textarea.correcting").fill("Corrected by hand, 手动修改。")
        page.keyboard.press("Enter")
        expect(row.locator(".text")).to_have_text("Corrected by hand, 手动修改。")
        wait_until(lambda: "Corrected" in _srt(served), 60)

        page.reload()
        expect(row.locator(".text")).to_have_text("Corrected by hand, 手动修改。")
        expect(row.locator(".who")).to_have_text("王芳")
        page.locator(".menu summary").click()
        with page.expect_download() as download:
            page.locator("[data-format=srt]").click()
        assert download.value.suggested_filename == "会议 one.srt"
        saved = Path(download.value.path()).read_text("utf-8")
        assert "王芳" in saved and "手动修改" in saved

        row.locator(".time").click()
        wait_until(lambda: page.evaluate("document.querySelector('video').currentTime") > 0.05, 60)
        expect(row).to_have_attribute("aria-current", "true")
        row.focus()
        page.keyboard.press("Space")
        wait_until(lambda: page.evaluate("document.querySelector('video').paused"), 60)


def _srt(served: Served) -> str:
    return served.get(f"/v1/jobs/{jobs(served)[0]['task_id']}/result?format=srt").text


class Held:
    """Keeps chunks from the server from the second on, until it is told to let them go."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[str] = []
        self.kept: list[Route] = []
        self.holds = True
        page.route("**/v1/uploads**", self)
        page.route("**/v1/uploads/**", self)

    def __call__(self, route: Route) -> None:
        method = route.request.method
        self.asked.append(method)
        if self.holds and method == "PATCH" and self.asked.count("PATCH") > 1:
            self.kept.append(route)
        else:
            route.continue_()

    def wait(self) -> None:
        while not self.kept:
            self.page.wait_for_timeout(50)


def test_an_upload_goes_on_after_a_pause_a_reload_and_a_killed_server(quick: Parley, large: Path) -> None:
    served = serve(quick, "--workers", "1")
    forgiven = ("ERR_CONNECTION", "ERR_EMPTY", "status of 503")
    with looking(served.url, view="transcribe", forgiven=forgiven) as seen:
        page = seen.page
        held = Held(page)
        page.set_input_files(CHOOSER, large)
        held.wait()
        page.get_by_role("button", name="Pause large.wav").click()
        expect(page.locator(".upload .state")).to_contain_text("Paused at 1.0 MB of 3.2 MB")

        page.unroute_all(behavior="ignoreErrors")
        page.reload()
        expect(page.locator(".unfinished")).to_contain_text("32 % of 3.2 MB are here")
        held = Held(page)
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Choose the file").click()
        chooser.value.set_files(large)
        held.wait()

        served.kill()
        held.holds = False
        held.kept[0].continue_()
        expect(page.locator(".upload .state")).to_contain_text("The line is gone")
        revived = serve(quick, "--workers", "1", "--port", served.url.rpartition(":")[2])
        expect(page.locator(".reading .segment").first).to_be_visible()
        assert "POST" not in held.asked and "HEAD" in held.asked
        [job] = jobs(revived)
        assert (job["status"], job["file_size"]) == ("completed", large.stat().st_size)


@pytest.mark.slow
def test_who_is_logged_in_corrects_and_loses_nothing_of_others(quick: Parley, large: Path) -> None:
    served = serve(quick, "--workers", "1", "--auth")
    token = quick("token", "create", "--subject", "anna", "--expires", "1h").out.strip()
    anna = httpx.Client(
        base_url=served.url, headers={"Authorization": f"Bearer {token}"}, timeout=60, trust_env=False
    )
    forgiven = ("401", "409")
    with looking(served.url, view="transcribe", language="zh-CN", theme="dark", forgiven=forgiven) as seen:
        page = seen.page
        page.locator("dialog input").fill(token)
        page.keyboard.press("Enter")
        expect(page.locator("dialog")).to_have_count(0)
        page.set_input_files(CHOOSER, large)
        text = page.locator(".reading .segment .text").first
        expect(text).to_be_visible()
        original = text.inner_text()
        page.locator(".segment .time").first.click()
        wait_until(lambda: page.evaluate("document.querySelector('video').currentTime") > 0.05, 60)

        def correct(words: str) -> None:
            text.dblclick()
            page.locator("textarea.correcting").fill(words)
            page.keyboard.press("Enter")

        correct("mine")
        expect(text).to_have_text("mine")
        page.get_by_role("button", name="撤销").click()
        expect(text).to_have_text(original)

        edits = f"/v1/jobs/{anna.get('/v1/jobs').json()['items'][0]['task_id']}/edits"
        assert anna.patch(edits, json={"texts": {"0": "theirs"}}).status_code == 200
        correct("mine again")
        expect(page.locator(".notice.error")).to_contain_text("其间有人改动")
        assert anna.get(edits).json()["texts"] == {"0": "theirs"}
        # What was typed is still in the field, and stands when it is saved again.
        expect(page.locator("textarea.correcting")).to_have_value("mine again")
        page.keyboard.press("Enter")
        expect(text).to_have_text("mine again")
        wait_until(lambda: anna.get(edits).json()["texts"] == {"0": "mine again"}, 60)
        page.goto(f"{served.url}/#system")
        expect(page.locator(".tile").first).to_be_visible()


def test_what_cannot_be_transcribed_is_said_and_it_fits_a_phone(quick: Parley, tmp_path: Path) -> None:
    (tmp_path / "nonsense.wav").write_bytes(b"RIFF0000WAVE" + bytes(range(256)) * 40)
    (tmp_path / "empty.wav").write_bytes(b"")
    served = serve(quick, "--workers", "1")
    with looking(served.url, view="transcribe", width=390, height=844, forgiven=("404",)) as seen:
        page = seen.page

        def fits() -> bool:
            return page.evaluate("document.documentElement.scrollWidth <= innerWidth")

        page.set_input_files(CHOOSER, tmp_path / "empty.wav")
        expect(page.locator(".notice.error")).to_contain_text("empty.wav is empty.")
        page.set_input_files(CHOOSER, tmp_path / "nonsense.wav")
        expect(page.locator(".recording .callout.bad")).to_be_visible()
        assert fits()
        page.get_by_role("link", name="All recordings").click()
        row = page.locator(".job[data-status=failed]")
        expect(row).to_contain_text("Failed")
        expect(row.locator(".why")).not_to_be_empty()
        assert fits()
        # Its recording is still on the server, so it need not be chosen again.
        row.get_by_role("button", name="Transcribe again").click()
        wait_until(lambda: [job["status"] for job in jobs(served)] == ["failed", "failed"], 60)
        page.goto(f"{served.url}/#transcribe/nobody")
        expect(page.locator(".recording .callout.bad")).to_contain_text("not there")
        page.goto(f"{served.url}/#system")
        expect(page.locator(".tile").first).to_be_visible()
        assert fits()


def test_every_recording_that_is_shown_moves_on(quick: Parley) -> None:
    """Also those that newer ones have pushed down; and none of their names is run."""
    served = serve(quick, "--workers", "1")
    state = {"status": "processing", "progress": 0}
    name = "<img src=x onerror='window.harmed=1'>.wav"

    def answer(route: Route) -> None:
        query = dict(parse_qsl(urlsplit(route.request.url).query))
        first = int(query.get("cursor", 0))
        following = first + int(query["limit"])
        items = [_recording(f"{number:02}", name, **state) for number in range(first, min(25, following))]
        body = json.dumps({"items": items, "next_cursor": str(following) if following < 25 else None})
        route.fulfill(status=200, content_type="application/json", body=body)

    with looking(served.url, view="transcribe", theme="dark") as seen:
        page = seen.page
        page.route("**/v1/jobs?*", answer)
        page.reload()
        expect(page.locator(".job")).to_have_count(20)
        page.get_by_role("button", name="Show older ones").click()
        expect(page.locator(".job[data-status=processing]")).to_have_count(25)
        state |= {"status": "completed", "progress": 100}
        expect(page.locator(".job[data-status=completed]")).to_have_count(25)
        expect(page.locator(".job .name").first).to_have_text(name)
        assert page.evaluate("[window.harmed, document.querySelectorAll('main img').length]") == [None, 0]


def test_a_transcript_that_was_watched_begins_at_its_beginning(quick: Parley) -> None:
    served = serve(quick, "--workers", "1")
    segments = [
        {"index": n, "start": n * 4.0, "end": n * 4.0 + 3, "text": f"Sentence {n}."} for n in range(60)
    ]
    told = [("task_segment", {"data": each}) for each in segments] + [("task_complete", {"data": {}})]
    events = "".join(f"event: {kind}\ndata: {json.dumps(data)}\n\n" for kind, data in told)
    asked: list[str] = []

    def answer(route: Route) -> None:
        path = route.request.url.partition("/v1/jobs/seen")[2].partition("?")[0]
        asked.append(path)
        status = "completed" if "/events" in asked else "processing"
        bodies = {
            "": _recording("1", "seen.wav", status=status, progress=50) | {"has_media": False},
            "/transcript": {"duration": 240.0, "speakers": [], "segments": segments},
            "/edits": {"speakers": {}, "texts": {}},
        }
        if path == "/events":
            route.fulfill(status=200, content_type="text/event-stream", body=events)
        else:
            route.fulfill(status=200, content_type="application/json", body=json.dumps(bodies[path]))

    with looking(served.url, view="transcribe", height=600) as seen:
        page = seen.page
        page.evaluate(
            "window.scrolled = 0; onscroll = () => { window.scrolled = Math.max(scrolled, scrollY) }"
        )
        page.route("**/v1/jobs/seen**", answer)
        page.evaluate("location.hash = 'transcribe/seen'")
        expect(page.locator(".reading .segment")).to_have_count(60)
        expect(page.locator(".reading .segment").first).to_be_in_viewport()
        page.wait_for_function("window.scrolled > 0 && scrollY === 0")


def _recording(name: str, file_name: str, **facts: Any) -> dict[str, Any]:
    nothing = dict.fromkeys(("finished_at", "duration", "queue_position", "estimated_wait_seconds", "error"))
    created = f"2026-01-01T12:{59 - int(name)}:00Z"
    known = {"task_id": name, "file_name": file_name, "engine": "embedded", "created_at": created}
    return {**nothing, **known, "edited": False, "has_media": True, **facts}


SENTENCES = 10_000


def _answer_of_a_long_one(route: Route) -> None:
    """As the server would answer of a recording of eleven hours."""
    path = route.request.url.partition("/v1/jobs/long")[2].partition("?")[0]
    segments = [
        {
            "start": n * 4.0,
            "end": n * 4.0 + 3.5,
            "speaker": f"Speaker{n % 3 + 1}",
            "text": f"Sentence {n}, 第{n}句。",
        }
        for n in range(SENTENCES)
    ]
    names = [f"Speaker{n}" for n in (1, 2, 3)]
    nothing = dict.fromkeys(("queue_position", "estimated_wait_seconds", "error"))
    job: dict[str, Any] = {
        "task_id": "long",
        "status": "completed",
        "progress": 100,
        "file_name": "long.wav",
        "engine": "embedded",
        "created_at": "2026-01-01T12:00:00Z",
        "finished_at": "2026-01-01T12:00:00Z",
        "duration": SENTENCES * 4.0,
        "edited": False,
        "has_media": False,
        **nothing,
    }
    transcript = {"duration": SENTENCES * 4.0, "speakers": names, "segments": segments, "schema_version": 1}
    edits: dict[str, Any] = {"speakers": {}, "texts": {}}
    found = {"": job, "/transcript": transcript, "/edits": edits}[path]
    route.fulfill(
        status=200, content_type="application/json", headers={"ETag": '"1"'}, body=json.dumps(found)
    )


# Counts how often the page could answer while the rows were written.
_COUNT_TURNS = f"""
window.turns = window.first = 0;
setInterval(() => {{
  const rows = document.querySelectorAll(".segment").length;
  if (rows && !window.first) window.first = rows;
  if (rows && rows < {SENTENCES}) window.turns++;
}}, 0);
"""


@pytest.mark.slow
def test_ten_thousand_sentences_can_be_read_searched_and_walked_through(quick: Parley) -> None:
    served = serve(quick, "--workers", "1")
    with looking(served.url, view="transcribe", before=_COUNT_TURNS) as seen:
        page = seen.page
        page.route("**/v1/jobs/long**", _answer_of_a_long_one)
        page.goto(f"{served.url}/#transcribe/long")
        expect(page.locator(".segment")).to_have_count(SENTENCES)
        first, turns = page.evaluate("[window.first, window.turns]")
        print(f"{first} rows came first; the page had {turns} turns before the last")
        assert first < SENTENCES and turns >= 5
        page.locator("input[type=search]").fill("sentence 9999")
        expect(page.locator(".count")).to_have_text("1 of 1")
        last = page.locator(f".segment[data-index='{SENTENCES - 1}']")
        expect(last.locator("mark")).to_have_text("Sentence 9999")
        expect(last).to_be_in_viewport()
        last.focus()
        page.keyboard.press("ArrowUp")
        expect(page.locator(f".segment[data-index='{SENTENCES - 2}']")).to_be_focused()
