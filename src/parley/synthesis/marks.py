"""What in a written text is not to be spoken: characters, tags, and signs that begin a line."""

from __future__ import annotations

import re
import unicodedata

_PICTURES = (
    (0x231A, 0x231B),
    (0x23CF, 0x23CF),
    (0x23E9, 0x23FA),
    (0x25AA, 0x25AB),
    (0x25FB, 0x25FE),
    (0x2600, 0x27BF),
    (0x2B00, 0x2BFF),
    (0xFE00, 0xFE0F),
    (0x1F000, 0x1FAFF),
    (0xE0000, 0xE0FFF),
)
"""Emoji, dingbats, the selectors and tags that dress them. Arrows, degrees and currencies are words."""

_JOINERS = frozenset("\u200b\u2060\u200d\u20e3\ufeff\u00ad")
"""Joins emoji, or is nothing at all. The zero width non-joiner is spelling (Persian), and stays."""

_UNSPOKEN = frozenset({"Cc", "Cs", "Co"})
_SPACES = {"\t": " ", "\v": " ", "\f": " ", "\r": "", "\x85": "\n", "\u2028": "\n", "\u2029": "\n"}


def spoken_character(character: str) -> str:
    """The character, a space or line break in its place, or nothing."""
    if character == "\n" or (character.isascii() and character.isprintable()):
        return character
    if character in _SPACES:
        return _SPACES[character]
    if character in _JOINERS or unicodedata.category(character) in _UNSPOKEN:
        return ""
    code = ord(character)
    return "" if any(first <= code <= last for first, last in _PICTURES) else character


BREAKING_TAGS = frozenset(
    """blockquote br dd div dt h1 h2 h3 h4 h5 h6 hr li ol p pre section summary table td th tr ul
    """.split()  # noqa: SIM905 - a list of words
)
"""Elements of HTML that part blocks."""

TAGS = BREAKING_TAGS | frozenset(
    """a abbr audio b big body button caption center cite code col del details dl em figcaption figure font
    footer form head header html i iframe img input ins kbd label link main mark meta nav option q s samp
    script select small source span strike strong style sub sup svg tbody tfoot thead title tt u var video wbr
    """.split()  # noqa: SIM905 - a list of words
)
"""All of them. Other words in angle brackets are words."""

TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)(?:[\s/][^<>\n]*)?>")
TAG_BEGUN = re.compile(r"</?(?:[a-zA-Z][a-zA-Z0-9]*(?:[\s/][^<>\n]*)?)?")
COMMENT_BEGUN = re.compile(r"<(?:!(?:-(?:-(?:[^-]|-(?!->))*)?)?)?", re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
AUTOLINK = re.compile(r"<(?:https?://|mailto:)[^<>\s]*>", re.IGNORECASE)
AUTOLINK_BEGUN = re.compile(
    r"<(?:h(?:t(?:t(?:ps?(?::(?:/(?:/[^<>\s]*)?)?)?)?)?)?|mailto:[^<>\s]*)", re.IGNORECASE
)
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,15});")
ENTITY_BEGUN = re.compile(r"&(?:#(?:\d{0,7}|[xX][0-9a-fA-F]{0,6})|[a-zA-Z][a-zA-Z0-9]{0,15})?")
URL_BEGINS = ("https://", "http://", "www.")

DECORATION = re.compile(r"[ \t]*(?:[-*_=][-*_= \t]*)?\n")
"""A rule, the underlining of a heading, or nothing."""

TABLE_RULE = re.compile(r"[ \t]*\|[-:|+ \t]*\n")
FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})(?=[^`~])")
HEADING = re.compile(r"[ \t]{0,3}#{1,6}(?:[ \t]+|(?=\n))")
BULLET = re.compile(r"[ \t]*(?:[-*+]|[•◦▪‣●○■])[ \t]+(?=\S)|[ \t]*[•◦▪‣●○■](?=\S)")
TASK = re.compile(r"\[[ xX]\][ \t]+")
TASK_BEGUN = re.compile(r"\[(?:[ xX](?:\][ \t]*)?)?")
QUOTE = re.compile(r"[ \t]*>[ \t]?")
ROW = re.compile(r"[ \t]*\|[ \t]*")
UNDECIDED = re.compile(r"[ \t]*(?:`*|~*|#{1,6}[ \t]*|[-*_=][-*_= \t]*|[+•◦▪‣●○■][ \t]*|\|[-:|+ \t]*)")
"""The begin of a line of which it is not clear yet what it is."""
