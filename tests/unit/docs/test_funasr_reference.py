"""The references of FunASR's protocol say everything that can be on the wire."""

from __future__ import annotations

import pytest
from docs.generating.funasr import funasr_page, funasr_page_in_chinese

from parley.wire.funasr.catalogue import CATALOGUE
from parley.wire.funasr.server import StampedSentence


@pytest.mark.parametrize("page", [funasr_page(), funasr_page_in_chinese()])
def test_every_field_is_described(page: str):
    models = [*(entry.model for entry in CATALOGUE), StampedSentence]
    for name in {name for model in models for name in model.model_fields}:
        rows = [line for line in page.splitlines() if line.startswith(f"| `{name}` |")]
        assert rows, name
        assert not any(row.endswith("|  |") for row in rows), name


def test_examples_are_messages_of_the_protocol():
    for entry in CATALOGUE:
        for example in entry.examples:
            read = entry.model.model_validate(dict(example))
            assert read.model_dump(exclude_unset=True, mode="json").keys() == example.keys()
