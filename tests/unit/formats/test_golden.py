"""Two transcripts in every format, as users get them; a difference here is one that they see."""

from pathlib import Path

import pytest

from parley.formats.json import load_json
from parley.formats.registry import FORMATS, render

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", FORMATS)
def test_the_file_is_the_golden_one(language: str, name: str) -> None:
    transcript = load_json((GOLDEN / f"{language}.json").read_text("utf-8"))
    assert render(transcript, name) == (GOLDEN / f"{language}.{name}").read_text("utf-8")
