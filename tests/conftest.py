"""Fixtures that every kind of test may need."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples everywhere, so that only a change makes a test fail; `make fuzz` looks for new ones.
settings.register_profile("known", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, max_examples=1000, print_blob=True)
settings.load_profile("search" if os.environ.get("HYPOTHESIS_SEARCH") else "known")

_BESIDE = Path(__file__).parents[2] / "shared" / "audio"

# A shell that runs the tests in the background leaves SIGINT ignored, and every child would inherit it.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def audio() -> Path:
    """The folder of real recordings: PARLEY_TEST_AUDIO, or shared/audio beside the checkout."""
    folder = Path(os.environ.get("PARLEY_TEST_AUDIO") or _BESIDE)
    if not (folder / "manifest.jsonl").is_file():
        pytest.skip("no recordings: name their folder in PARLEY_TEST_AUDIO")
    return folder


_REAL_TIME = ("integration", "e2e")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs real processes gets a second try: on a loaded machine the system itself may come too late.

    Whoever needed it is named at the end (`RERUN`), and is a defect to be mended.
    """
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here) and item.path.relative_to(here).parts[0] in _REAL_TIME:
            item.add_marker(pytest.mark.flaky(reruns=1, reruns_delay=2))
