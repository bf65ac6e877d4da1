"""What kind of border lies between two characters: none, a bad one, a good one.

Chinese and Japanese break between any two characters, except that no line begins with closing
punctuation or ends with opening punctuation (kinsoku, JIS X 4051; "Requirements for Chinese Text
Layout", W3C). Other scripts break at spaces.
"""

from __future__ import annotations

import re
from enum import IntEnum

from parley.formats.text import is_cjk
from parley.signal.sentences import ends_sentence


class Border(IntEnum):
    """How good a place for a break is, the best last."""

    NONE = 0
    CUT = 1
    SUFFIX = 2
    CLINGING = 3
    WORD = 4
    CLAUSE = 5
    SENTENCE = 6


CLOSING = frozenset("，。、．！？；：）】》〉」』〕〗〙〛｝］”’…,.;:!?)]}%％‰℃°")
_SMALL_KANA = frozenset("ー々〻ヽヾゝゞぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶ・～")
OPENING = frozenset("（【《〈「『〔〖〘〚｛［“‘([{$#@￥＄£€")
NO_BEGIN = CLOSING | _SMALL_KANA
_STRAIGHT_QUOTES = frozenset("\"'")
"""Opening or closing, nobody knows: never a break beside one that has no space."""

_SPACED_NO_BEGIN = CLOSING - frozenset("”’") | frozenset("»")
_SPACED_NO_END = OPENING - frozenset("“‘#@$") | frozenset("«")
"""Beside a space German quotes turn the other way round, so quotes that curl do not count."""

_QUOTES_AND_BRACKETS = "”’\"'）】》〉」』〕)]}»"
_SENTENCE_ENDS = frozenset("。．！？.!?؟।")
_CLAUSE_ENDS = frozenset("，、；：,;:—–…،؛")
_CLINGING = re.compile(
    "a|an|the|my|your|his|her|its|our|their|i|we|he|she|they"
    "|of|to|in|on|at|by|for|from|with|into|and|or|but|as|than",
    re.IGNORECASE,
)
"""English words that should not end a line: "after punctuation, before conjunctions, before
prepositions, not between article and noun" (Netflix Timed Text Style Guide)."""

_SUFFIXES = frozenset("的了着过们吗呢吧啊嘛么地得")
"""Chinese particles that belong to the word before them."""

_LAST_OF_WORD = frozenset("的了们吗呢吧啊嘛")
"""Those that seldom begin a word, so that after them one begins."""


def is_glued(left: str, right: str, space: bool, cjk: bool) -> bool:
    """Whether no line may end between these characters; `cjk`: one of them stands in such text."""
    if space:
        return right in _SPACED_NO_BEGIN or left in _SPACED_NO_END
    if right in NO_BEGIN or left in OPENING or {left, right} & _STRAIGHT_QUOTES:
        return True
    return not cjk and (left not in "—…" or not right.isalnum())


def quality(before: str, left: str, right: str, space: bool) -> Border:
    """How good the border is between the text `before`, which ends in `left`, and `right`."""
    stem = before.rstrip(_QUOTES_AND_BRACKETS)
    last = stem[-1:]
    if last in _SENTENCE_ENDS:
        return _after_full_stop(stem, right)
    if last in _CLAUSE_ENDS or (space and is_cjk(left) and is_cjk(right)):
        return Border.CLAUSE
    if _CLINGING.fullmatch(before):
        return Border.CLINGING
    return Border.WORD if space or not is_cjk(right) else _between_characters(left, right)


def _between_characters(left: str, right: str) -> Border:
    """Words have no borders in Chinese and Japanese; script and particles tell some."""
    if right in _SUFFIXES or (_is_hiragana(right) and not _is_hiragana(left) and is_cjk(left)):
        return Border.SUFFIX
    if left in _LAST_OF_WORD or (_is_hiragana(left) and not _is_hiragana(right)):
        return Border.WORD
    return Border.CLINGING if left.isalnum() else Border.WORD


def _is_hiragana(character: str) -> bool:
    return "\u3041" <= character <= "\u309f"


def _after_full_stop(stem: str, right: str) -> Border:
    if stem.endswith(".") and (right.islower() or not ends_sentence(stem)):
        return Border.WORD
    return Border.CLAUSE if right.islower() else Border.SENTENCE
