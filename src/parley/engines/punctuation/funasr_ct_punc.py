"""CT-Transformer punctuation through FunASR: commas, full stops and question marks for Chinese and English.

Model card: https://modelscope.cn/models/iic/punc_ct-transformer_cn-en-common-vocab471067-large. Only
the marks are taken from the model: they are put into the text as it was, so that no word can change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from parley.engines.contract import EngineSpec, Role
from parley.engines.funasr_models import (
    BACKEND,
    ENVIRONMENT,
    INSTALL,
    MODEL_LICENCE,
    REQUIRES,
    library,
    open_model,
)
from parley.engines.model import Hub, ModelSource, ModelSpec
from parley.engines.setup import Setup

_REPO = "iic/punc_ct-transformer_cn-en-common-vocab471067-large"
_FILES = ("config.yaml", "configuration.json", "model.pt", "tokens.json", "jieba*")

MODEL = ModelSpec(
    name="ct-punc",
    sources=(
        ModelSource(hub=Hub.MODELSCOPE, repo=_REPO, revision="v2.0.4", files=_FILES),
        # Without the list of words that ModelScope has: from here the model reads Chinese character by
        # character.
        ModelSource(
            hub=Hub.HUGGINGFACE,
            repo="funasr/ct-punc",
            revision="d0e55e2b8722a78b63705ff443d09c4f86e5d750",
            files=_FILES,
        ),
    ),
    needs=("config.yaml", "model.pt", "tokens.json"),
    size_mib=1080,
    licence=MODEL_LICENCE,
)

SPEC = EngineSpec(
    name="funasr-ct-punc",
    role=Role.PUNCTUATION,
    factory="parley.engines.punctuation.funasr_ct_punc:CtPunc",
    revision="ct-punc-funasr-1.4/1",
    summary="CT-Transformer through FunASR: punctuation for Chinese and English.",
    licence=f"MIT; {MODEL_LICENCE}",
    requires=(*REQUIRES, "jieba"),
    environment=ENVIRONMENT,
    install=INSTALL,
    languages=frozenset({"zh", "en"}),
    models=(MODEL,),
    backend=BACKEND,
    devices=("cpu", "cuda", "mps"),
    memory_mib=1500,
    public_names=("ct-punc", _REPO),
)

_ENGLISH_MARKS = {"，": ",", "。": ".", "？": "?", "、": ","}
_ENDS = "。？.?!！"
_MARKS = "，。？、,.?!！；;：:…"
_NO_MARKS = ("_", "<unk>")


class CtPunc:
    """Punctuates text."""

    def __init__(self, setup: Setup) -> None:
        self._opened = open_model(MODEL.name, setup)

    def punctuate(self, texts: Sequence[str], language: str | None) -> list[str]:
        """The same texts, one for one: read as one, because what follows tells how a sentence ends.

        Texts in which there are marks already are left as they are, and end what is read as one.
        """
        punctuated = list(texts)
        for first, after in _bare_runs(texts):
            punctuated[first:after] = self._run(texts[first:after])
        return punctuated

    def _run(self, texts: Sequence[str]) -> list[str]:
        whole = "\n".join(texts)
        marks = self._marks(whole)
        borders = [-1, *(at for at, char in enumerate(whole) if char == "\n"), len(whole)]
        found = [_insert(whole, marks, before + 1, after) for before, after in pairwise(borders)]
        return found if len(found) == len(texts) else list(texts)

    def _marks(self, text: str) -> dict[int, str]:
        """Marks by the place in the text behind which they stand."""
        split_words = library("funasr.models.ct_transformer.utils").split_words

        if not text.strip():
            return {}
        (answer,) = self._opened.infer([text])
        words = split_words(text, jieba_usr_dict=self._opened.model.jieba_usr_dict)
        places = _places(text, _one_by_one(words))
        numbers: list[int] = [] if answer["punc_array"] is None else answer["punc_array"].tolist()
        if places is None or len(places) != len(numbers):
            # Its words are not those of the text, so nobody knows where its marks belong.
            return {}
        known = self._opened.model.punc_list
        marks = {place: str(known[number]) for place, number in zip(places, numbers, strict=True)}
        return {place: mark for place, mark in marks.items() if mark not in _NO_MARKS}


def _bare_runs(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    first = 0
    for index in range(len(texts) + 1):
        if index == len(texts) or not _is_bare(texts[index]):
            if index > first:
                yield first, index
            first = index + 1


def _is_bare(text: str) -> bool:
    """Without marks; that keeps addresses out too, which FunASR would fetch."""
    return "\n" not in text and not any(char in _MARKS for char in re.sub(r"(?<=\w)[.:,](?=\w)", "", text))


def _one_by_one(words: Sequence[Any]) -> list[str]:
    """FunASR gives one number to each character of a Chinese word of its dictionary."""
    return [
        part
        for word in words
        for part in (list(word) if len(word) > 1 and "\u0e00" <= word[0] <= "\u9fa5" else [word])
    ]


def _places(text: str, words: Sequence[str]) -> list[int] | None:
    """Where each word ends in the text; None where they are not all its words."""
    places: list[int] = []
    at = 0
    for word in words:
        while at < len(text) and text[at].isspace():
            at += 1
        if text[at : at + len(word)].casefold() != word.casefold():
            return None
        at += len(word)
        places.append(at)
    return None if text[at:].strip() else places


def _insert(text: str, marks: dict[int, str], first: int, after: int) -> str:
    """A part of a text with its marks; English letters behind the end of a sentence become capitals."""
    parts: list[str] = []
    at = first
    for place in sorted(place for place in marks if first < place <= after):
        english = text[place - 1].isascii()
        mark = marks[place]
        parts += [text[at:place], _ENGLISH_MARKS.get(mark, mark) if english else mark]
        at = place
    return _capitalised("".join([*parts, text[at:after]]))


def _capitalised(text: str) -> str:
    """Only behind marks inside: whether a text begins a sentence, the one before would have to say."""
    return re.sub(rf"([{re.escape(_ENDS)}]\s*)([a-z])", lambda m: m[1] + m[2].upper(), text)
