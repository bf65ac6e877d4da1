"""Which final tells of which words said, and how long after them it and the partials came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from parley.bench.live.journal import HeardFinal, HeardPartial, Journal
from parley.bench.live.script import Said
from parley.bench.words import normalise

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

_DIGIT_WORDS = {str(number): word for number, word in enumerate(DIGITS)} | {"oh": "zero", "o": "zero"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """Seconds after the end of speech, or of a word; negative for a word known before it was over.

    `without_final` were said and no final tells of them; of the words, `only_final` were in no partial and
    `misheard` in no text at all.
    """

    finals: tuple[float, ...] = ()
    without_final: int = 0
    words: tuple[float, ...] = ()
    only_final: int = 0
    misheard: int = 0


def together(found: Iterable[Waits]) -> Waits:
    """Those of several sessions."""
    every = list(found)
    return Waits(
        finals=tuple(value for each in every for value in each.finals),
        without_final=sum(each.without_final for each in every),
        words=tuple(value for each in every for value in each.words),
        only_final=sum(each.only_final for each in every),
        misheard=sum(each.misheard for each in every),
    )


def waits(said: Sequence[Said], journal: Journal) -> Waits:
    """How long everything that was said had to be waited for."""
    return together(_waits(each, journal) for each in said)


def beyond(journal: Journal, silence_s: float, since: float, until: float) -> list[float]:
    """Seconds by which finals came later than the silence that ends an utterance, of those that came in time.

    One that was cut for its length, before speech went on at once, ended for another reason and is left out.
    """
    found: list[float] = []
    for final, after in zip_longest(journal.finals, journal.finals[1:]):
        was_cut = after is not None and after.start - final.end < silence_s
        if since <= final.at < until and not was_cut:
            found.append(max(0.0, final.at - journal.began - final.end - silence_s))
    return found


def _waits(said: Said, journal: Journal) -> Waits:
    finals = [final for final in journal.finals if _overlaps(said, final)]
    last = max(finals, key=lambda final: final.end, default=None)
    told = [word for final in finals for word in spoken(final.text)]
    numbers = {final.utterance for final in finals}
    partials = [partial for partial in journal.partials if partial.utterance in numbers]
    seen = _first_seen([word.text for word in said.words], partials)
    in_finals = _found([normalise(word.text) for word in said.words], told)
    delays = tuple(seen[i] - journal.began - said.words[i].end for i in sorted(seen))
    return Waits(
        finals=(last.at - journal.began - said.speech.end,) if last else (),
        without_final=int(last is None),
        words=delays,
        only_final=len(in_finals - set(seen)),
        misheard=len(said.words) - len(in_finals | set(seen)),
    )


def _overlaps(said: Said, final: HeardFinal) -> bool:
    return final.start < said.speech.end and final.end > said.speech.start


def _first_seen(words: Sequence[str], partials: Sequence[HeardPartial]) -> Mapping[int, float]:
    """When each word, by its number, was first in a partial in its place among the others."""
    wanted = [normalise(word) for word in words]
    shown: dict[int, list[str]] = {}
    first: dict[int, float] = {}
    for partial in sorted(partials, key=lambda partial: partial.at):
        # Utterances that ended inside what was said go before.
        shown[partial.utterance] = spoken(partial.text)
        text = [word for number in sorted(shown) for word in shown[number]]
        for index in _found(wanted, text):
            first.setdefault(index, partial.at)
    return first


def _found(wanted: Sequence[str], text: Sequence[str]) -> set[int]:
    """The numbers of the words that are in a text in their order."""
    matcher = SequenceMatcher(None, wanted, text, autojunk=False)
    return {match.a + step for match in matcher.get_matching_blocks() for step in range(match.size)}


def spoken(text: str) -> list[str]:
    """The words of a text as they are said: digits by their names."""
    found: list[str] = []
    for word in normalise(text).split():
        parts = list(word) if word.isdecimal() else [word]
        found += [_DIGIT_WORDS.get(part, part) for part in parts]
    return found
