"""Makes text ready for espeak-ng: nothing of it is a command, and each language has a voice of its own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from parley.engines.tts.chinese_numbers import spell_numbers
from parley.engines.tts.espeak_voices import AMERICAN, CHINESE, MANDARIN

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_MARKS = "，。！？；：、）】》」』”"

_CHINESE = re.compile(
    # What has no letters is said in Chinese too, between Chinese characters, as a number before them, and
    # where the text ends with it.
    rf"(?:(?<!\w)\d[\d.,:%]*)?[{_HAN}](?:[\W\d_]*[{_HAN}])*(?:[\W\d_]*\Z|[{_MARKS}]*)"
)
_LATIN = re.compile(
    # From the first letter to the last letter or digit before what is Chinese, "GPT-4" and "C++" included.
    rf"[A-Za-zÀ-ɏ](?:[^{_HAN}{_MARKS}\n]*[A-Za-zÀ-ɏ\d])?(?:[+#]+|[.,;:!?]+(?=\s|\Z))*"
)
_SILENT = frozenset({"Cc", "Cs", "Co", "Cn"})


@dataclass(frozen=True, slots=True)
class Run:
    """Text for one voice; with `pauses` it ends as a clause does."""

    voice: str
    text: str
    pauses: bool = True


def spoken_runs(text: str, voice: str) -> list[Run]:
    """The text in pieces, each with the voice that says it.

    What is Chinese among other words is said in Mandarin, because the other voices only say that it
    is Chinese; Latin words among Chinese are said in American English, of which the embedded recogniser
    mistakes half as many as of the English of the Chinese voices.
    """
    runs = [(who, what) for who, what in _parted(without_commands(text), voice) if _is_there(what)]
    return [
        Run(who, spell_numbers(what) if who in CHINESE else what, number == len(runs) or _ends(what))
        for number, (who, what) in enumerate(runs, 1)
    ]


def _parted(text: str, voice: str) -> Iterable[tuple[str, str]]:
    other, foreign = (AMERICAN, _LATIN) if voice in CHINESE else (MANDARIN, _CHINESE)
    at = 0
    for found in foreign.finditer(text):
        yield voice, text[at : found.start()]
        yield other, found[0]
        at = found.end()
    yield voice, text[at:]


def _is_there(text: str) -> bool:
    return bool(text) and not text.isspace()


def _ends(text: str) -> bool:
    return text.rstrip()[-1] in ".,:;!?，。！？；：、\n"


def without_commands(text: str) -> str:
    """Without what stands for no character. A control character begins a command of espeak-ng, and the
    first NUL would end the text; half a surrogate pair cannot be written at all."""
    return "".join(_bare(char) for char in text)


def _bare(char: str) -> str:
    if char == "\n" or unicodedata.category(char) not in _SILENT:
        return char
    return " "
