"""Opens an address in a window of its own: a browser of the Chromium family in its `--app` mode."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

_NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "microsoft-edge-stable",
    "chrome",
    "msedge",
    "brave-browser",
)
_MAC = (
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Chromium.app/Contents/MacOS/Chromium",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
_WINDOWS = (r"Google\Chrome\Application\chrome.exe", r"Microsoft\Edge\Application\msedge.exe")
_FLAGS = ("--no-first-run", "--no-default-browser-check", "--window-size=1200,880")
_FAILS_WITHIN_S = 3.0
"""A browser that ends so soon could not open a window: there is no display, or it refuses this user."""

_CLOSES_WITHIN_S = 5.0


def browsers() -> Iterator[str]:
    """Programs that can open a window of its own for a page, as far as they are found here."""
    for name in _NAMES:
        if found := shutil.which(name):
            yield found
    for path in _elsewhere():
        if path.is_file():
            yield str(path)


def open_window(browser: str, url: str, data_dir: Path) -> subprocess.Popen[bytes] | None:
    """The process of the window, which ends when it is closed; None where the program cannot be started."""
    profile = _profile(browser, data_dir)
    try:
        profile.mkdir(parents=True, exist_ok=True)
        # Its own session: Ctrl-C is for us, and we close the window.
        return subprocess.Popen(
            [browser, f"--app={url}", f"--user-data-dir={profile}", *_FLAGS],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return None


def stays_open(window: subprocess.Popen[bytes]) -> bool:
    """Whether there is a window, or was one that has been closed since."""
    until = time.monotonic() + _FAILS_WITHIN_S
    while time.monotonic() < until and window.poll() is None:
        time.sleep(0.05)
    return not window.returncode


def close_window(window: subprocess.Popen[bytes]) -> None:
    """Close it, gently first."""
    window.terminate()
    try:
        window.wait(_CLOSES_WITHIN_S)
    except subprocess.TimeoutExpired:
        window.kill()
        window.wait()


def _profile(browser: str, data_dir: Path) -> Path:
    """With a profile of its own the process lives as long as the window; the usual one would hand the
    address to a browser that runs already.
    """
    if os.path.realpath(browser) == "/usr/bin/snap":
        # A snap sees no hidden folders, and the data directory is usually in one.
        return Path.home() / "snap" / Path(browser).name / "common" / "parley"
    return data_dir / "window"


def _elsewhere() -> Iterator[Path]:
    if sys.platform == "darwin":
        for folder in (Path("/Applications"), Path.home() / "Applications"):
            yield from (folder / name for name in _MAC)
    elif sys.platform == "win32":
        for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
            if folder := os.environ.get(variable):
                yield from (Path(folder) / name for name in _WINDOWS)
