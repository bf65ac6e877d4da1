"""The page in a real browser: Chromium, headless, its microphone fed from a file, its loudspeaker heard.

Whatever the browser complains of (an error in the console, a forbidden source, a script that failed) fails
the test that looked on.
"""

from __future__ import annotations

import base64
import os
import shutil
import wave
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import ConsoleMessage, Page, expect, sync_playwright

PATIENCE_MS = 120_000
"""A loaded machine of two cores recognises and speaks late, but it does."""

expect.set_options(timeout=PATIENCE_MS)

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # In containers /dev/shm may be too small for a page.
    "--disable-dev-shm-usage",
    # Headless pages count as hidden to nobody, but a loaded machine may think otherwise.
    "--disable-renderer-backgrounding",
    "--disable-background-timer-throttling",
)

_OVERHEAR = """
(() => {
  const heard = (window.__heard = { rate: 0, pieces: [], began: 0 });
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (target, ...rest) {
    if (target instanceof AudioDestinationNode && !this.__tapped) {
      this.__tapped = true;
      const tap = this.context.createScriptProcessor(4096, 1, 1);
      heard.rate = this.context.sampleRate;
      tap.onaudioprocess = (event) => {
        const piece = event.inputBuffer.getChannelData(0);
        if (!heard.began && piece.some((sample) => Math.abs(sample) > 1e-4)) heard.began = performance.now();
        heard.pieces.push(Float32Array.from(piece));
      };
      connect.call(this, tap);
      connect.call(tap, target);
    }
    return connect.call(this, target, ...rest);
  };
})();
"""
"""Runs before the page: what goes to the loudspeaker is kept. Its own node writes silence."""

_TAKE = """
() => {
  const { rate, pieces } = window.__heard;
  const all = new Int16Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    for (const sample of piece) all[at++] = Math.max(-1, Math.min(1, sample)) * 32767;
  }
  let text = "";
  const bytes = new Uint8Array(all.buffer);
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return { rate, pcm: btoa(text) };
}
"""


def chromium() -> str:
    """The browser's program; skips the test where there is none."""
    named = os.environ.get("PARLEY_TEST_BROWSER")
    found = named or next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium: install one, or name it in PARLEY_TEST_BROWSER")
    return found


@dataclass
class Looking:
    """A page that is looked at; `complaints` are what the browser found wrong with it."""

    page: Page
    complaints: list[str] = field(default_factory=list[str])
    forgiven: tuple[str, ...] = ()

    def check(self) -> None:
        """Nothing was wrong, apart from what the test provoked."""
        wrong = [each for each in self.complaints if not any(words in each for words in self.forgiven)]
        assert not wrong, wrong

    def heard(self) -> tuple[np.ndarray, int]:
        """What went to the loudspeaker, and its rate."""
        found: dict[str, Any] = self.page.evaluate(_TAKE)
        return np.frombuffer(base64.b64decode(found["pcm"]), "<i2"), int(found["rate"])


@contextmanager
def looking(
    url: str,
    *,
    view: str = "talk",
    theme: str = "light",
    language: str = "en-US",
    width: int = 1280,
    height: int = 860,
    microphone: Path | None = None,
    flags: Sequence[str] = (),
    forgiven: Sequence[str] = (),
    before: str = "",
) -> Iterator[Looking]:
    """A view of the page, in a browser of its own; `microphone` is a WAV that is heard once from the moment
    the microphone is opened, without one there is none. `before` is a script that runs before the page.
    """
    arguments = [*_FLAGS, *flags]
    if microphone is not None:
        arguments += ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
        arguments += [f"--use-file-for-fake-audio-capture={microphone}%noloop"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=arguments, headless=True)
        try:
            context = browser.new_context(
                color_scheme="dark" if theme == "dark" else "light",
                locale=language,
                viewport={"width": width, "height": height},
                ignore_https_errors=True,
                reduced_motion="no-preference",
            )
            context.set_default_timeout(PATIENCE_MS)
            page = context.new_page()
            seen = Looking(page, forgiven=tuple(forgiven))
            _listen(page, seen)
            page.add_init_script(_OVERHEAR + before)
            page.goto(f"{url}/#{view}")
            page.locator(f"section.view.{view} > *").first.wait_for(state="attached")
            yield seen
            seen.check()
        finally:
            browser.close()


def _listen(page: Page, seen: Looking) -> None:
    def console(message: ConsoleMessage) -> None:
        if message.type == "error":
            seen.complaints.append(f"{message.text} ({message.location.get('url', '')})")

    page.on("console", console)
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))


def write_microphone(path: Path, pieces: Sequence[np.ndarray], rate: int = 16000) -> Path:
    """A WAV for the fake microphone: pieces of int16 samples, one after the other, then silence."""
    samples = np.concatenate([*pieces, np.zeros(rate, np.int16)])
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def silence(seconds: float, rate: int = 16000) -> np.ndarray:
    """Samples of nothing."""
    return np.zeros(int(seconds * rate), np.int16)


_CONTRAST = """
() => {
  const channels = (text) => {
    const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
    return text.startsWith("color(srgb") ? [r * 255, g * 255, b * 255, a] : [r, g, b, a];
  };
  const over = ([r, g, b, a], below) => [r, g, b].map((channel, i) => channel * a + below[i] * (1 - a));
  const light = (rgb) => {
    const [r, g, b] = rgb.map((channel) => channel / 255)
      .map((channel) => (channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    const layers = [];
    for (let each = element; each; each = each.parentElement) {
      layers.unshift(channels(getComputedStyle(each).backgroundColor));
    }
    return layers.reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (!text || !element.checkVisibility({ checkVisibilityCSS: true })) continue;
    if (element.closest("[disabled], [aria-disabled=true], noscript, option, .unseen, .skip")) continue;
    const style = getComputedStyle(element);
    let opacity = 1;
    for (let each = element; each; each = each.parentElement) {
      opacity *= Number(getComputedStyle(each).opacity);
    }
    const below = ground(element);
    const [r, g, b, a] = channels(style.color);
    const [ours, theirs] = [light(over([r, g, b, a * opacity], below)), light(below)];
    const ratio = (Math.max(ours, theirs) + 0.05) / (Math.min(ours, theirs) + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) poor.push(`${ratio.toFixed(2)}: ${text.slice(0, 40)}`);
  }
  return poor;
}
"""

_NAMELESS = """
() => [...document.querySelectorAll("button, a[href], input, select, textarea, [role=meter]")]
  .filter((each) => each.checkVisibility({ checkVisibilityCSS: true }) && !each.closest("[hidden]"))
  .filter((each) => !(each.getAttribute("aria-label") || each.textContent.trim() || each.labels?.length))
  .map((each) => each.outerHTML.slice(0, 120))
"""

_TOO_WIDE = """
() => [...document.body.querySelectorAll("*")]
  .filter((each) => each.checkVisibility() && !each.closest(".unseen, .skip, svg, .rings"))
  .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
  .map((each) => each.outerHTML.slice(0, 120))
"""


def check_legible(page: Page) -> None:
    """Every text has the contrast that WCAG asks for (AA), every control a name, and nothing is cut off."""
    # Colours that change slowly are read when they have changed.
    page.wait_for_function(
        "() => document.getAnimations().every(({ playState, effect }) => "
        "playState !== 'running' || effect.getTiming().iterations === Infinity)"
    )
    assert page.evaluate(_CONTRAST) == []
    assert page.evaluate(_NAMELESS) == []
    assert page.evaluate(_TOO_WIDE) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
