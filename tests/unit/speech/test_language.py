"""What somebody says of a language."""

from __future__ import annotations

import pytest

from parley.speech.recognition import language_of


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (None, None), ("", None), (" ", None), ("auto", None), ("AUTO", None),
        ("zh", "zh"), ("zh-CN", "zh"), ("zh_Hans_CN", "zh"), ("EN-us", "en"), (" de ", "de"), ("yue", "yue"),
    ],
)  # fmt: skip
def test_the_code_of_a_language(said: str | None, code: str | None) -> None:
    assert language_of(said) == code
