"""Moonshine's token table: what bytes a token stands for.

It is Llama's: pieces of words with U+2581 for a space, and single bytes for letters it has no piece of.
It comes as `tokenizer.bin`, byte strings behind their lengths, or as `tokenizer.json` of Hugging Face.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from parley.signal.tokens import is_unspaced

SPACE = "\u2581".encode()

_CJK_LEADS = range(0xE3, 0xEA)
"""First bytes in UTF-8 of kana and Chinese characters; Hangul begins behind them."""


def read_tokens(path: Path) -> list[bytes]:
    """The bytes of every token, by number."""
    data = path.read_bytes()
    return list(_strings(data)) if path.suffix == ".bin" else _from_json(json.loads(data))


def may_start_word(token: bytes) -> bool:
    """Whether a word may begin with a token: behind a space, or with a letter that needs none."""
    if token.startswith(SPACE):
        return True
    try:
        return is_unspaced(token.decode("utf-8")[:1])
    except UnicodeDecodeError:
        return token[0] in _CJK_LEADS


def _strings(table: bytes) -> Iterator[bytes]:
    """Byte strings, each behind its length: one byte below 128, else two (low seven bits, then 128s)."""
    position = 0
    while position < len(table):
        length = table[position]
        position += 1
        if length >= 128:
            length += (table[position] - 1) * 128
            position += 1
        yield table[position : position + length]
        position += length


def _from_json(table: dict[str, Any]) -> list[bytes]:
    numbered: dict[int, bytes] = {number: _bytes(text) for text, number in table["model"]["vocab"].items()}
    for added in table.get("added_tokens", ()):
        numbered[added["id"]] = b"" if added.get("special") else added["content"].encode()
    return [numbered.get(number, b"") for number in range(max(numbered) + 1)]


def _bytes(text: str) -> bytes:
    single = re.fullmatch(r"<0x([0-9A-F]{2})>", text)
    return bytes([int(single[1], 16)]) if single else text.encode()
