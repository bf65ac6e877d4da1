"""What clients of FunASR send in text frames: settings, and the end of an input."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

LONGEST_NAME = 1000
LONGEST_HOTWORDS = 100_000


def _text(value: Any) -> Any:
    """Names are numbers, and even null, in some clients."""
    return value if isinstance(value, str) or value is None else str(value)


def _rate(value: Any) -> Any:
    """Clients in C++ write 16000.0, pages "16000"."""
    if isinstance(value, str):
        value = float(value)
    return round(value) if isinstance(value, float) and abs(value) < 1e9 else value


Text = Annotated[str, BeforeValidator(_text)]
Without = Annotated[Any, Field(default=None, description="Accepted, without effect.")]


class Frame(BaseModel):
    """Settings before an input, changes of them, or its end.

    All fields may be left out; null counts as left out, and what was said before on the line holds.
    Unknown fields are ignored.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    mode: Text | None = Field(
        default=None,
        max_length=50,
        description="`offline`: one answer with all text; `online`: text while somebody speaks; `2pass`: the "
        "same, and when an utterance ends its text by the second recogniser.",
    )
    wav_name: Text | None = Field(
        default=None, max_length=LONGEST_NAME, description="Comes back in every answer."
    )
    wav_format: Text | None = Field(
        default=None,
        max_length=50,
        description="`pcm` or `wav`; in mode `offline` any other format that `parley transcribe` opens.",
    )
    audio_fs: Annotated[int, BeforeValidator(_rate)] | None = Field(
        default=None,
        description="Sample rate in Hz, 8000 to 48000, at first 16000. A RIFF header at the beginning wins.",
    )
    is_speaking: bool | None = Field(
        default=None,
        description="False ends the input: what was said is dealt with to its last sample and answered.",
    )
    is_finished: bool | None = Field(
        default=None, description="True is another word for `is_speaking: false`."
    )
    is_end: bool | None = Field(
        default=None,
        description="True ends the input too, and asks for an acknowledgement after its last answer.",
    )
    hotwords: Any = Field(
        default=None,
        description='A string: a JSON object of phrases and weights (`{"阿里巴巴": 20}`), phrases with '
        "blanks or commas between, or a phrase and its weight on each line. The object itself and lists are "
        "taken too.",
    )
    svs_lang: Text | None = Field(
        default=None,
        max_length=50,
        description="Language, as ISO 639-1, where the profile lets one choose; `auto` leaves it open.",
    )
    itn: Without
    svs_itn: Without
    chunk_size: Without
    chunk_interval: Without
    encoder_chunk_look_back: Without
    decoder_chunk_look_back: Without

    @property
    def ends(self) -> bool:
        """Whether the input ends with this frame."""
        return self.is_speaking is False or bool(self.is_finished) or bool(self.is_end)
