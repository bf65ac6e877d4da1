"""What a conversation remembers: the words that were heard, and as many of them as a language model takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from parley.assistant.contract import Message
from parley.signal.tokens import is_unspaced, join_texts, spread_tokens

LATIN_CHARS_PER_TOKEN = 4
"""The rule of thumb of tokenisers for English; a Chinese character is a token of its own, about."""

TOKENS_PER_MESSAGE = 4
"""What the frame around a message costs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A part of an answer as it is spoken; `first_sample` counts from the turn's first."""

    text: str
    first_sample: int
    samples: int

    @property
    def end(self) -> int:
        """The sample behind its last."""
        return self.first_sample + self.samples


def heard_text(clauses: Sequence[Clause], played: int) -> str:
    """The words of which the loudspeaker has played at least half, when it has played so many samples."""
    return join_texts([_heard_of(clause, played) for clause in clauses if clause.first_sample < played])


def _heard_of(clause: Clause, played: int) -> str:
    if played >= clause.end:
        return clause.text
    tokens = spread_tokens(clause.text, clause.first_sample, clause.end)
    return "".join(token.text for token in tokens if token.middle <= played).strip()


def around(clauses: Sequence[Clause], played: int, before: int, after: int) -> str:
    """The text of the clauses of which something sounds near a sample."""
    near = [each for each in clauses if each.end > played - before and each.first_sample < played + after]
    return join_texts([clause.text for clause in near])


def tokens_of(text: str) -> int:
    """How many tokens a text costs, about."""
    dense = sum(1 for char in text if is_unspaced(char))
    return dense + -(-(len(text) - dense) // LATIN_CHARS_PER_TOKEN) + TOKENS_PER_MESSAGE


def fitting(history: Sequence[Message], budget: int) -> tuple[Message, ...]:
    """The newest messages that cost no more than `budget` tokens, beginning with one of the user's.

    The last message is always there; of one that is too long by itself the end is kept.
    """
    kept: list[Message] = []
    for message in reversed(history):
        cost = tokens_of(message.text)
        if cost > budget:
            if not kept:
                kept.append(replace(message, text=_end_of(message.text, budget)))
            break
        budget -= cost
        kept.append(message)
    while kept and kept[-1].role == "assistant":
        kept.pop()
    return tuple(reversed(kept))


def _end_of(text: str, budget: int) -> str:
    """The longest end of a text that costs no more."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high) // 2
        if tokens_of(text[middle:]) <= budget:
            high = middle
        else:
            low = middle + 1
    return text[low:]
