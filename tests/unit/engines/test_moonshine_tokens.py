"""Moonshine's token table in both of its forms."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from parley.engines.asr.moonshine_tokens import may_start_word, read_tokens


def carried() -> Path:
    package = find_spec("moonshine_voice")
    assert package and package.submodule_search_locations
    return Path(package.submodule_search_locations[0], "assets", "tiny-en", "tokenizer.bin")


def as_json(tokens: list[bytes]) -> dict[str, object]:
    """The table as Hugging Face writes it: single bytes by their number."""
    vocabulary = {}
    for number, token in enumerate(tokens[3:], start=3):
        text = token.decode("utf-8", errors="ignore")
        single = len(token) == 1 and number < 3 + 256
        vocabulary[f"<0x{token[0]:02X}>" if single else text] = number
    special = [{"id": number, "content": f"<s{number}>", "special": True} for number in range(3)]
    return {"model": {"vocab": vocabulary}, "added_tokens": special}


def test_both_forms_hold_the_same_text(tmp_path: Path) -> None:
    tokens = read_tokens(carried())
    assert len(tokens) == 32_768
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(as_json(tokens)), "utf-8")
    again = read_tokens(path)
    assert again[3:] == [token if again[3 + index] else b"" for index, token in enumerate(tokens[3:])]
    assert sum(map(bool, again)) > 32_000
    assert again[:3] == [b"", b"", b""]


@pytest.mark.parametrize(
    ("token", "may"),
    [
        ("\u2581the".encode(), True),
        (b"ing", False),
        ("你".encode(), True),
        ("の".encode(), True),
        ("あ".encode()[:1], True),
        ("你".encode()[1:2], False),
        ("한".encode()[:1], False),
        ("д".encode()[:1], False),
        (b".", False),
        (b"", False),
    ],
)
def test_words_begin_behind_spaces_and_with_letters_that_need_none(token: bytes, may: bool) -> None:
    assert may_start_word(token) is may
