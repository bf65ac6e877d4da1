"""What all messages share: the envelope, and how values look on the wire."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

MAX_FRAME_BYTES = 64 * 1024 * 1024
"""Of a frame in; a larger one closes the line with 1009."""

MAX_FRAME_BYTES_BEFORE_AUTH = 16 * 1024
"""What a stranger may send."""

TaskId = Annotated[str, Field(min_length=1, max_length=64, description="Identifies a task, and its upload.")]


class Data(BaseModel):
    """The `data` of a message. Unknown fields are ignored; an optional field that is null is sent as null."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    TYPE: ClassVar[str]
    """The `type` of the message that carries it."""

    @property
    def may_be_large(self) -> bool:
        """Whether it may take long to write down, as a whole transcript does."""
        return False


def now() -> str:
    """This moment as it stands in `timestamp`: ISO 8601 with the offset of UTC."""
    return datetime.now(UTC).isoformat()


def _is_moment(text: str) -> str:
    datetime.fromisoformat(text)
    return text


Timestamp = Annotated[str, AfterValidator(_is_moment), Field(description="ISO 8601.")]


class Envelope(BaseModel):
    """What the server sends: `type`, `data`, `timestamp`."""

    model_config = ConfigDict(frozen=True)

    type: str
    data: dict[str, Any]
    timestamp: Timestamp


def envelope(data: Data, timestamp: str | None = None) -> Envelope:
    """Put data into its envelope."""
    return Envelope(type=data.TYPE, data=data.model_dump(mode="json"), timestamp=timestamp or now())
