"""What clients of FunASR are answered."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Mode = Literal["2pass-online", "2pass-offline", "online", "offline"]


class StampedSentence(BaseModel):
    """A clause with the times of its words in milliseconds."""

    model_config = ConfigDict(frozen=True)

    text_seg: str = Field(description="Its words, or characters, with blanks between.")
    punc: str = Field(description="The sign after it.")
    start: int = Field(description="Of the clause.")
    end: int = Field(description="Of the clause.")
    ts_list: tuple[tuple[int, int], ...] = Field(description="Start and end of each of them.")


class Answer(BaseModel):
    """Text that was recognised."""

    model_config = ConfigDict(frozen=True)

    mode: Mode = Field(
        description="`2pass-online`, `online`: a piece to append; `2pass-offline`: the text of one "
        "utterance, in place of its pieces; `offline`: all text of the input."
    )
    text: str = Field(description="What was said; may be empty.")
    wav_name: str = Field(description="What the client called the input.")
    is_final: bool = Field(description="Whether it is the last answer to this input.")
    timestamp: str | None = Field(
        default=None,
        description="JSON: `[[start, end], ...]` in milliseconds from the start of the input, for each word, "
        "or character in Chinese. Left out where the profile has no word times.",
    )
    stamp_sents: tuple[StampedSentence, ...] | None = Field(
        default=None, description="The same by clauses; left out with `timestamp`."
    )
    error: str | None = Field(
        default=None, description="A code, where something went wrong; FunASR has no such field."
    )
    message: str | None = Field(default=None, description="What went wrong, and what to do.")
    ignored: tuple[str, ...] | None = Field(
        default=None, description="In the last answer: settings that the profile could not honour."
    )


class Acknowledgement(BaseModel):
    """The input that ended with `is_end: true` is dealt with."""

    model_config = ConfigDict(frozen=True)

    is_end: Literal[True] = Field(default=True, description="Always true.")
    is_final: bool = Field(description="False where something was lost; `error` says what.")
    wav_name: str = Field(description="What the client called the input.")
    error: str | None = Field(default=None, description="What went wrong, in a sentence.")
