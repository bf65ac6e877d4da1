"""Text that was written, by a language model above all, becomes text to be spoken.

Markdown loses its signs, code blocks and addresses are left out, links are spoken by their text. The text
may come in pieces of any size: every character is looked at as if it came alone, so that what comes out
does not depend on how it is cut.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping

from parley.synthesis import marks
from parley.synthesis.emphasis import Emphasis
from parley.synthesis.holding import Holding
from parley.synthesis.marks import spoken_character

_MOST_HELD = 500
"""Characters that may wait for what follows; then they are words."""

_MOST_TAG = 2000
"""The same for a tag and a comment."""

_MOST_NESTED = 3
"""Brackets inside brackets of a link."""

_TRAILING = ".,;:!?'\"*_~)]}"
_NOT_ADDRESS = re.compile(
    r"[\s<>\"`{}|\\^。，、；：！？（）《》【】「」『』“”‘’]|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)
_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_CLOSING_FENCE = re.compile(r"[ \t>]*(?:`{3,}|~{3,})[ \t]*\n")
_CLOSING_FENCE_BEGUN = re.compile(r"[ \t>]*(?:`*|~*)[ \t]*")


class Speakable(Holding):
    """Takes pieces of one text, gives what of it is to be spoken.

    Line breaks inside a paragraph come as one, the border of two blocks (headings, items of a list, rows of
    a table, paragraphs) as an empty line.
    """

    def __init__(self) -> None:
        super().__init__()
        self._is_row = False
        self._is_block = False
        self._fence = ""
        self._emphasis = Emphasis()
        self._mode: Callable[[bool], bool] = self._line
        self._inline: Mapping[str, Callable[[bool], bool]] = {
            "\n": self._end_of_line,
            "\\": self._escape,
            "`": self._ticks,
            "*": self._stars,
            "_": self._stars,
            "~": self._stars,
            "!": self._picture,
            "[": self._link,
            "<": self._angle,
            "&": self._entity,
            "|": self._cell,
            **dict.fromkeys("hHwW", self._address),
        }

    def feed(self, text: str) -> str:
        """What this piece lets out."""
        for character in text:
            for known in spoken_character(character):
                self._held += known
                while self._held and self._mode(False):
                    pass
        return self._take()

    def flush(self) -> str:
        """What waited for more; a block of code goes on being left out."""
        while self._held and self._mode(True):
            pass
        self._held = ""
        return self._take()

    # The begin of a line.

    def _line(self, last: bool) -> bool:
        held = self._held
        if not last and len(held) < _MOST_HELD and marks.UNDECIDED.fullmatch(held):
            return False
        if blank := marks.DECORATION.match(held) or marks.TABLE_RULE.match(held):
            self._break(2)
            self._drop(blank.end())
            self._emphasis.forget()
            return True
        return self._opened(held) or self._begin_words()

    def _opened(self, held: str) -> bool:
        """Take away the sign that opens a block; False where there is none."""
        if quote := marks.QUOTE.match(held):
            self._drop(quote.end())
            return True
        if fence := marks.FENCE.match(held):
            self._break(2)
            self._drop(fence.end())
            self._fence, self._mode = fence[1], self._info
            return True
        for sign in (marks.HEADING, marks.BULLET, marks.ROW):
            if found := sign.match(held):
                self._break(2)
                self._drop(found.end())
                self._is_block, self._is_row = True, sign is marks.ROW
                self._before = "\n"
                self._mode = self._task if sign is marks.BULLET else self._words
                return True
        return False

    def _begin_words(self) -> bool:
        self._mode = self._words
        self._drop(len(self._held) - len(self._held.lstrip(" ")))
        self._before = "\n"
        return True

    def _task(self, last: bool) -> bool:
        """The box of an item that may be ticked off."""
        if not last and marks.TASK_BEGUN.fullmatch(self._held):
            return False
        if box := marks.TASK.match(self._held):
            self._drop(box.end())
        self._before = "\n"
        self._mode = self._words
        return True

    # Inside a line.

    def _words(self, last: bool) -> bool:
        first = self._held[0]
        special = self._inline.get(first)
        return special(last) if special is not None else self._pass(1)

    def _end_of_line(self, last: bool) -> bool:
        self._break(2 if self._is_block else 1)
        self._drop(1)
        self._is_block = self._is_row = False
        self._mode = self._line
        return True

    def _escape(self, last: bool) -> bool:
        if len(self._held) < 2 and not last:
            return False
        if self._held[1:2] in _PUNCTUATION and len(self._held) > 1:
            self._drop(1)
        return self._pass(1)

    def _ticks(self, last: bool) -> bool:
        """Code in a line is spoken, unless it is fenced as a block is."""
        count = len(self._held) - len(self._held.lstrip("`"))
        if count == len(self._held) and not last and count < _MOST_HELD:
            return False
        before = self._before
        self._drop(count)
        self._before = before
        if count >= 3:
            self._mode = self._code
        return True

    def _stars(self, last: bool) -> bool:
        sign = self._held[0]
        count = len(self._held) - len(self._held.lstrip(sign))
        if count == len(self._held) and not last and count < _MOST_HELD:
            return False
        after = self._held[count : count + 1] or "\n"
        if not self._emphasis.is_sign(sign, count, self._before, after):
            return self._pass(count)
        before = self._before
        self._drop(count)
        self._before = before
        return True

    def _picture(self, last: bool) -> bool:
        """The sign before a picture, which is spoken by its description."""
        if len(self._held) < 2 and not last:
            return False
        if self._held[1:2] != "[":
            return self._pass(1)
        return self._bracket(1, last)

    def _link(self, last: bool) -> bool:
        return self._bracket(0, last)

    def _bracket(self, first: int, last: bool) -> bool:
        """A link or a picture whose bracket stands at `first` becomes its text; anything else is words."""
        closing = _closing(self._held, first, "[", "]")
        if closing is None:
            return self._pass(first + 1) if last or self._is_no_link(0, "[]") else False
        follows = self._held[closing + 1 : closing + 2]
        if not follows and not last:
            return False
        pair = {"(": "()", "[": "[]"}.get(follows)
        if pair is None:
            return self._pass(first + 1)
        end = _closing(self._held, closing + 1, *pair)
        if end is None:
            return self._pass(first + 1) if last or self._is_no_link(closing, pair) else False
        self._held = self._held[first + 1 : closing] + self._held[end + 1 :]
        return True

    def _is_no_link(self, begin: int, pair: str) -> bool:
        """Whether brackets that are not closed yet will not be those of a link."""
        opened = self._held.count(pair[0], begin) - self._held.count(pair[1], begin)
        return "\n" in self._held or len(self._held) >= _MOST_HELD or opened > _MOST_NESTED

    def _angle(self, last: bool) -> bool:
        """A tag of HTML, a comment or an address."""
        held = self._held
        for whole in (marks.COMMENT, marks.AUTOLINK, marks.TAG):
            if found := whole.match(held):
                return self._tag(found, found[1].lower() if whole is marks.TAG else "a")
        begun = (marks.COMMENT_BEGUN, marks.AUTOLINK_BEGUN, marks.TAG_BEGUN)
        if not last and len(held) < _MOST_TAG and any(sign.fullmatch(held) for sign in begun):
            return False
        return self._pass(1)

    def _tag(self, found: re.Match[str], name: str) -> bool:
        if name not in marks.TAGS:
            return self._pass(1)
        before = self._before
        self._drop(found.end())
        self._before = before
        if name in marks.BREAKING_TAGS:
            self._break(1 if name == "br" else 2)
        return True

    def _entity(self, last: bool) -> bool:
        if found := marks.ENTITY.match(self._held):
            said = html.unescape(found[0])
            if said != found[0]:
                self._drop(found.end())
                self._before = said[-1]
                self._say("".join(map(spoken_character, said)))
                return True
        elif not last and marks.ENTITY_BEGUN.fullmatch(self._held):
            return False
        return self._pass(1)

    def _cell(self, last: bool) -> bool:
        """The border of two cells of a table is a pause, its end is none."""
        if not self._is_row:
            return self._pass(1)
        rest = self._held[1:].lstrip(" ")
        if not rest and not last:
            return False
        self._drop(len(self._held) - len(rest))
        self._before = "\n"
        if rest[:1] not in ("", "\n", "|"):
            self._say(", ")
        return True

    def _address(self, last: bool) -> bool:
        lower = self._held.lower()
        begin = next((each for each in marks.URL_BEGINS if lower.startswith(each)), None)
        if _is_latin(self._before) or (begin is None and not _may_begin(lower)):
            return self._pass(1)
        if begin is None or len(self._held) == len(begin):
            return self._pass(1) if last else False
        if _NOT_ADDRESS.match(self._held, len(begin)):
            return self._pass(1)
        self._drop(len(begin))
        self._mode = self._inside_address
        return True

    # What is left out.

    def _inside_address(self, last: bool) -> bool:
        """Up to its end; a sign that may end the sentence is not the address's."""
        rest = self._held.lstrip(_TRAILING)
        if not rest and not last and len(self._held) < _MOST_HELD:
            return False
        if last or _NOT_ADDRESS.match(rest):
            self._mode = self._words
            return True
        self._drop(len(self._held) - len(rest) + 1)
        return True

    def _info(self, last: bool) -> bool:
        """The first line of a block of code; a fence that closes in it was no block."""
        if self._held[0] == "\n":
            self._drop(1)
            self._mode = self._fenced
            return True
        if self._held[0] == "`" and self._fence[0] == "`":
            return self._close_code(last)
        self._drop(1)
        return True

    def _fenced(self, last: bool) -> bool:
        """A line of a block of code, maybe the one that closes it."""
        found = _CLOSING_FENCE.match(self._held + "\n" if last else self._held)
        if found is not None and self._fence in found[0]:
            self._drop(min(found.end(), len(self._held)))
            self._break(2)
            self._is_block, self._mode = False, self._line
            return True
        if not last and len(self._held) < _MOST_HELD and _CLOSING_FENCE_BEGUN.fullmatch(self._held):
            return False
        self._mode = self._fenced_rest
        return True

    def _fenced_rest(self, last: bool) -> bool:
        if self._held[0] == "\n":
            self._mode = self._fenced
        self._drop(1)
        return True

    def _code(self, last: bool) -> bool:
        """Fenced code inside a line."""
        if self._held[0] == "`":
            return self._close_code(last)
        self._drop(1)
        return True

    def _close_code(self, last: bool) -> bool:
        count = len(self._held) - len(self._held.lstrip("`"))
        if count == len(self._held) and not last and count < _MOST_HELD:
            return False
        self._drop(count)
        if count >= 3:
            self._mode = self._words
            self._before = " "
        return True


def _is_latin(character: str) -> bool:
    """A letter or digit of which an address may be a part; 网址https://... is one beside Chinese."""
    return character.isalnum() and ord(character) < 0x2E80


def _may_begin(lower: str) -> bool:
    return any(each.startswith(lower) for each in marks.URL_BEGINS)


def _closing(text: str, first: int, opens: str, closes: str) -> int | None:
    """Where the bracket at `first` is closed, in the same line."""
    if text.find(closes, first) < 0:
        return None
    depth = 0
    for at in range(first, len(text)):
        if text[at] == "\n":
            return None
        depth += (text[at] == opens) - (text[at] == closes)
        if depth == 0:
            return at
    return None
