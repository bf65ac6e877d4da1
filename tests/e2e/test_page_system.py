"""The System view in Chromium, against a real server."""

from __future__ import annotations

import re

import httpx
from playwright.sync_api import expect

from tests.e2e.browser import looking
from tests.e2e.command import Parley
from tests.e2e.serving import serve


def test_it_shows_how_the_server_is(parley: Parley) -> None:
    served = serve(parley, "--workers", "1")
    served.wait_ready()
    with looking(served.url, view="system", forgiven=("ERR_CONNECTION", "ERR_EMPTY")) as seen:
        page = seen.page
        expect(page.locator(".system .head")).to_contain_text("Ready")
        expect(page.locator("[data-card=profiles]")).to_contain_text("embedded")
        expect(page.locator("[data-card=workers] tbody tr").first).to_contain_text(re.compile(r"speech \d+"))
        expect(page.locator("[data-card=devices]")).to_contain_text("cores")
        page.locator("[data-card=profiles] summary").click()
        expect(page.locator(".command").first).to_have_text(re.compile("^parley pull "))
        # What goes wrong shows up by itself, and what was opened stays open.
        broken = {"file": ("a.wav", b"RIFF0000WAVE" + bytes(4000))}
        httpx.post(f"{served.url}/v1/jobs", files=broken, timeout=60).raise_for_status()
        expect(page.locator("[data-card=troubles] .pill", has_text="undecodable_media")).to_be_visible()
        expect(page.locator("[data-card=now]")).to_contain_text(re.compile("Failed\\s*1"))
        expect(page.locator(".command").first).to_be_visible()
        page.get_by_role("button", name="中文").click()
        expect(page.locator("h1")).to_have_text("服务器状态")

        served.kill()
        expect(page.locator(".system .callout.bad")).to_contain_text("服务器没有响应")
        expect(page.locator(".tile").first).to_be_visible()
        serve(parley, "--workers", "1", "--port", served.url.rpartition(":")[2])
        expect(page.locator(".system .callout.bad")).to_be_hidden()

        page.goto(f"{served.url}/#transcribe")
        expect(page.locator(".zone")).to_be_visible()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if "/v1/system" in request.url else None)
        page.wait_for_timeout(4000)
        assert len(asked) <= 1, "one may have been under way; nobody looks any more"
