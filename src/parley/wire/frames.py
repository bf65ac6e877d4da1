"""The frames between a parent and its workers; `framing` puts them on the pipe.

A worker speaks first (`Hello`); a short read means a dead peer, never half a message. Audio goes
by reference (`Clip`); only what is small or live travels in frames.
"""

from __future__ import annotations

import msgspec

from parley.speech.device import DeviceFound, Placement
from parley.speech.media import Clip, DecodedMedia, DecodeOptions
from parley.speech.recognition import Recognition, RecognitionOptions, SpeakerCount
from parley.speech.span import Span, SpeakerTurn
from parley.speech.stream import StreamHeard
from parley.speech.transcript import Word
from parley.wire.frame import Frame
from parley.wire.speaking import LearnVoice, Speak, Spoken, VoiceLearned

FRAME_VERSION = 5
"""Raised when a frame changes its meaning; a worker with another number is refused."""

MAX_STREAMS = 256
"""Streams that one worker holds; one more is refused."""


class DecodeMedia(Frame, frozen=True, kw_only=True):
    """Decode the file `source` into PCM files in `folder`.

    `source` is bytes (`os.fsencode`), because a recording may have any name; `folder` is ours.
    """

    source: bytes
    folder: str
    options: DecodeOptions


class CompactMedia(Frame, frozen=True, kw_only=True):
    """Write a small copy of the file `source` (see DecodeMedia) to the new file `target`, which is ours."""

    source: bytes
    target: str
    options: DecodeOptions
    max_bytes: int


class FindSpeech(Frame, frozen=True, kw_only=True):
    """Find islands of speech; times are relative to the clip's first sample."""

    clip: Clip


class StretchRef(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch by reference; `islands` are relative to the clip's first sample."""

    clip: Clip
    islands: tuple[Span, ...]


class Recognise(Frame, frozen=True, kw_only=True):
    """Recognise stretches one after another."""

    stretches: tuple[StretchRef, ...]
    options: RecognitionOptions


class Align(Frame, frozen=True, kw_only=True):
    """Find the times of the words of `text` in a clip."""

    clip: Clip
    text: str
    language: str | None


class Punctuate(Frame, frozen=True, kw_only=True):
    """Punctuate texts, one for one."""

    texts: tuple[str, ...]
    language: str | None


class EmbedVoices(Frame, frozen=True, kw_only=True):
    """Take the voices of the islands in a clip."""

    clip: Clip
    islands: tuple[Span, ...]


class VoiceVectors(Frame, frozen=True, kw_only=True):
    """Voices on the wire: windows as float64 pairs, vectors as float16, both row by row."""

    windows: bytes
    vectors: bytes
    dimension: int


class ClusterVoices(Frame, frozen=True, kw_only=True):
    """Say who speaks when; `batches` hold the windows of the whole recording in order of time."""

    batches: tuple[VoiceVectors, ...]
    count: SpeakerCount


class OpenStream(Frame, frozen=True, kw_only=True):
    """Open a stream of this name in the worker; answered by StreamFed. A worker holds MAX_STREAMS at most."""

    stream: str
    options: RecognitionOptions


class FeedStream(Frame, frozen=True, kw_only=True):
    """Give a stream 16 kHz mono s16le; the last feed closes it."""

    stream: str
    pcm: bytes
    is_last: bool = False


class CloseStream(Frame, frozen=True, kw_only=True):
    """Drop a stream, if it is still there."""

    stream: str


class FeedStreams(Frame, frozen=True, kw_only=True):
    """Feed several streams of one engine, each once; answered by StreamsFed, one for one."""

    feeds: tuple[FeedStream, ...]


class LiveStretch(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch of live speech, 16 kHz mono s16le; `islands` are relative to its first sample."""

    pcm: bytes
    islands: tuple[Span, ...]


class RecogniseLive(Frame, frozen=True, kw_only=True):
    """Recognise stretches that came with the call; answered by Recognised, one for one.

    Several only where the engine's batches change nothing (`batch_invariant`).
    """

    stretches: tuple[LiveStretch, ...]
    options: RecognitionOptions


class JudgePause(Frame, frozen=True, kw_only=True):
    """Somebody stopped speaking: say after how much silence the turn is over.

    `pcm` is the last of the turn's audio, 16 kHz mono s16le, up to the pause, as much as the engine's
    `context_s` says; `wanted_s` is the silence the client asked for.
    """

    pcm: bytes
    wanted_s: float
    language: str | None


class Decoded(Frame, frozen=True, kw_only=True):
    """Answer to DecodeMedia."""

    media: DecodedMedia


class Compacted(Frame, frozen=True, kw_only=True):
    """Answer to CompactMedia; the copy has so many seconds and bytes."""

    duration: float
    size_bytes: int


class SpeechFound(Frame, frozen=True, kw_only=True):
    """Answer to FindSpeech."""

    islands: tuple[Span, ...]


class Recognised(Frame, frozen=True, kw_only=True):
    """Answer to Recognise, one for one."""

    recognitions: tuple[Recognition, ...]


class Aligned(Frame, frozen=True, kw_only=True):
    """Answer to Align."""

    words: tuple[Word, ...]


class Punctuated(Frame, frozen=True, kw_only=True):
    """Answer to Punctuate."""

    texts: tuple[str, ...]


class Clustered(Frame, frozen=True, kw_only=True):
    """Answer to ClusterVoices."""

    turns: tuple[SpeakerTurn, ...]


class StreamFed(Frame, frozen=True, kw_only=True):
    """Answer to OpenStream, FeedStream and CloseStream."""

    heard: StreamHeard


class StreamEnded(msgspec.Struct, frozen=True, kw_only=True):
    """A stream that could not be fed, and is gone: the code and message of its error."""

    code: str
    message: str


class StreamsFed(Frame, frozen=True, kw_only=True):
    """Answer to FeedStreams, one for one: None in `heard` where `ended` has the reason, and the other way."""

    heard: tuple[StreamHeard | None, ...]
    ended: tuple[StreamEnded | None, ...]


class PauseJudged(Frame, frozen=True, kw_only=True):
    """Answer to JudgePause: seconds of silence, from the end of speech, that end the turn."""

    silence_s: float


Request = (
    DecodeMedia
    | CompactMedia
    | FindSpeech
    | Recognise
    | Align
    | Punctuate
    | EmbedVoices
    | ClusterVoices
    | OpenStream
    | FeedStream
    | FeedStreams
    | CloseStream
    | RecogniseLive
    | JudgePause
    | Speak
    | LearnVoice
)
Reply = (
    Decoded
    | Compacted
    | SpeechFound
    | Recognised
    | Aligned
    | Punctuated
    | VoiceVectors
    | Clustered
    | StreamFed
    | StreamsFed
    | PauseJudged
    | Spoken
    | VoiceLearned
)


class Hello(Frame, frozen=True, kw_only=True):
    """The first frame of a worker."""

    package_version: str
    frame_version: int
    pid: int


class Load(Frame, frozen=True, kw_only=True):
    """Load an engine; answered by Loaded or Failure with the same `call_id`.

    With `takes_setup` the factory gets a Setup: the device that `placement` and `backend` lead to,
    `threads`, and the folders of `models` by name.
    """

    call_id: int
    engine: str
    factory: str
    takes_setup: bool = False
    backend: str = ""
    placement: Placement = Placement()
    threads: int = 1
    models: dict[str, str] = msgspec.field(default_factory=dict[str, str])


class Trying(Frame, frozen=True, kw_only=True):
    """A device is about to be tried for a Load or a Probe; told before, because trying may end the worker."""

    call_id: int
    device: str


class Loaded(Frame, frozen=True, kw_only=True):
    """The engine is ready on `device`; `seconds` is how long that took, `notices` are for the user.

    `memory_mib` is what the process holds there more than before, 0 where unknown.
    """

    call_id: int
    seconds: float
    device: str = "cpu"
    memory_mib: int = 0
    notices: tuple[str, ...] = ()


class Probe(Frame, frozen=True, kw_only=True):
    """Say what devices a backend sees and which of them work; answered by Probed or Failure.

    Those to `avoid` are named without being tried.
    """

    call_id: int
    backend: str
    avoid: tuple[str, ...] = ()


class Probed(Frame, frozen=True, kw_only=True):
    """Answer to Probe."""

    call_id: int
    devices: tuple[DeviceFound, ...]


class Call(Frame, frozen=True, kw_only=True):
    """Let a loaded engine do something; answered by Result or Failure with the same `call_id`."""

    call_id: int
    engine: str
    request: Request


class Progress(Frame, frozen=True, kw_only=True):
    """`done_s` seconds of audio of the call are done."""

    call_id: int
    done_s: float


class Result(Frame, frozen=True, kw_only=True):
    """The call succeeded and cost `cpu_s` processor seconds."""

    call_id: int
    reply: Reply
    cpu_s: float


class Failure(Frame, frozen=True, kw_only=True):
    """The call failed; the worker lives on. `detail` is for the log."""

    call_id: int
    code: str
    message: str
    detail: str


class Heartbeat(Frame, frozen=True, kw_only=True):
    """The worker's interpreter runs; `rss_bytes` is its resident memory, 0 where unknown."""

    rss_bytes: int


class Stop(Frame, frozen=True, kw_only=True):
    """End after the call in progress."""


ToWorker = Load | Call | Probe | Stop
FromWorker = Hello | Trying | Loaded | Probed | Progress | Result | Failure | Heartbeat
