"""The public functions: recordings and live speech become text from Python, and text becomes speech.

import parley

transcript = parley.transcribe("meeting.mp4", speakers="2-4")
for segment in transcript.segments:
    print(segment.start, segment.speaker, segment.text)
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, aclosing
from pathlib import Path
from typing import Literal, TypedDict, Unpack

from parley.app import nobody_listens, open_workshop, speaking
from parley.app.hearing import LocalSession, hear
from parley.batch.events import Event, Heard
from parley.batch.wish import Wish
from parley.client.feeding import converse
from parley.client.journey import events_of
from parley.live.options import Encoding, LiveWish
from parley.settings import Settings, load_settings
from parley.speech.live import LiveEvent
from parley.speech.media import SAMPLE_RATE_HZ, DecodeOptions, RawFormat
from parley.speech.recognition import RecognitionOptions, SpeakerCount, parse_speaker_count
from parley.speech.speaking import SpeechEvent
from parley.speech.transcript import Segment, Transcript
from parley.synthesis.options import SpeakingWish


class Asked(TypedDict, total=False):
    """Options of `transcribe`, `transcribe_async` and `stream`.

    `speakers` is "auto", "off" or None (not told apart), a number, (minimum, maximum), or text such
    as "2-4"; `channel` is "mix", "split" or a number as text; `start` and `end` are seconds of the
    recording; `raw` describes headerless PCM.
    """

    profile: str
    language: str
    speakers: str | int | tuple[int, int | None] | None
    words: bool
    task: str
    prompt: str
    hotwords: dict[str, float]
    channel: str
    start: float
    end: float
    raw: RawFormat
    strict: bool
    use_cache: bool
    workers: int
    data_dir: str | Path


class AskedLive(TypedDict, total=False):
    """Options of `listen` and `transcribe_live`: how the audio comes (16 kHz, 16 bits, mono unless said
    otherwise), and what is wanted. `endpoint_silence_ms` is the silence that ends an utterance.
    """

    sample_rate: int
    encoding: Encoding
    channels: int
    profile: str
    language: str
    prompt: str
    hotwords: dict[str, float]
    partials: bool
    endpoint_silence_ms: int
    words: bool
    levels: bool
    data_dir: str | Path


class AskedSpeech(TypedDict, total=False):
    """Options of `speak`. `voice` is an id or a name as `parley voices list` shows it; without one `language`
    decides, and without that the text; `engine` is preferred then. `instruct` says in words how to speak.
    """

    voice: str
    language: str
    engine: str
    speed: float
    sample_rate: int
    instruct: str
    paced: bool
    data_dir: str | Path


async def transcribe_async(path: str | Path, **asked: Unpack[Asked]) -> Transcript:
    """The transcript of an audio or video file; raises parley.ParleyError."""
    async with open_workshop(_settings(asked), language=asked.get("language")) as workshop:
        outcome = await workshop.transcribe(Path(path), _wish(asked), nobody_listens)
    return outcome.transcript


def transcribe(path: str | Path, **asked: Unpack[Asked]) -> Transcript:
    """The same for a caller without an event loop; raises parley.ParleyError."""
    return asyncio.run(transcribe_async(path, **asked))


class Transcription:
    """Iterate over the segments as they are recognised, then read `transcript`.

    The segments iterated are provisional, without speakers and not in order of time; those of
    `transcript` are final. Iterating raises parley.ParleyError; leaving the loop early stops the work.
    """

    def __init__(self, path: Path, settings: Settings, wish: Wish) -> None:
        self._path = path
        self._settings = settings
        self._wish = wish
        self.transcript: Transcript | None = None

    async def __aiter__(self) -> AsyncIterator[Segment]:
        # At most one entry per piece of speech; the limit on duration bounds it.
        heard: asyncio.Queue[Segment | None] = asyncio.Queue()
        work = asyncio.create_task(self._transcribe(heard))
        work.add_done_callback(lambda _: heard.put_nowait(None))
        try:
            while (segment := await heard.get()) is not None:
                yield segment
            self.transcript = await work
        finally:
            work.cancel()
            await asyncio.wait([work])

    async def _transcribe(self, heard: asyncio.Queue[Segment | None]) -> Transcript:
        """All in one task: what opens the workshop must be what closes it, whoever ends the iteration."""

        def publish(event: Event) -> None:
            if isinstance(event, Heard):
                heard.put_nowait(event.segment)

        async with open_workshop(self._settings, language=self._wish.recognition.language) as workshop:
            return (await workshop.transcribe(self._path, self._wish, publish)).transcript


def stream(path: str | Path, **asked: Unpack[Asked]) -> Transcription:
    """Segments of a file while they are recognised: `async for segment in parley.stream("a.mp3")`."""
    return Transcription(Path(path), _settings(asked), _wish(asked))


def listen(**asked: Unpack[AskedLive]) -> AbstractAsyncContextManager[LocalSession]:
    """A live session, which ends with the `async with` block: send audio, and iterate over what was heard.

    Entering it raises parley.ParleyError.
    """
    settings = load_settings(profile=asked.get("profile"), data_dir=asked.get("data_dir"))
    return hear(settings, _live_wish(asked))


async def transcribe_live(
    chunks: AsyncIterable[bytes] | Iterable[bytes], **asked: Unpack[AskedLive]
) -> AsyncGenerator[LiveEvent, None]:
    """What is heard in audio as it comes: `async for event in parley.transcribe_live(microphone)`.

    The last event is `Done`. Raises parley.ParleyError, and in the end what iterating over `chunks` raised.
    """

    async def work(tell: Callable[[LiveEvent], Awaitable[None]]) -> None:
        async with listen(**asked) as session, aclosing(converse(session, chunks)) as events:
            async for event in events:
                await tell(event)

    async with aclosing(events_of(work)) as events:
        async for event in events:
            yield event


async def speak(
    text: str | AsyncIterable[str] | Iterable[str], **asked: Unpack[AskedSpeech]
) -> AsyncGenerator[SpeechEvent, None]:
    """A text, whole or in pieces as they are written, becomes speech: `async for event in speak("Hi.")`.

    `SpeechBegun` comes first, then a `Sentence` before the `SpokenAudio` of each clause, `Spoken` last.
    Leaving the iterator stops the voice. Raises parley.ParleyError, and what iterating over `text` raised.
    """
    wish = SpeakingWish(
        voice=asked.get("voice"),
        language=asked.get("language"),
        engine=asked.get("engine"),
        speed=asked.get("speed", 1.0),
        sample_rate_hz=asked.get("sample_rate"),
        instruct=asked.get("instruct", ""),
        paced=asked.get("paced", False),
    )
    settings = load_settings(data_dir=asked.get("data_dir"))
    async with aclosing(speaking.speak(settings, text, wish)) as events:
        async for event in events:
            yield event


def _settings(asked: Asked) -> Settings:
    return load_settings(
        profile=asked.get("profile"), workers=asked.get("workers"), data_dir=asked.get("data_dir")
    )


def _live_wish(asked: AskedLive) -> LiveWish:
    silence_ms = asked.get("endpoint_silence_ms")
    return LiveWish(
        sample_rate_hz=asked.get("sample_rate", SAMPLE_RATE_HZ),
        encoding=asked.get("encoding", "pcm16"),
        channels=asked.get("channels", 1),
        language=asked.get("language"),
        hotwords=tuple(asked.get("hotwords", {}).items()),
        prompt=asked.get("prompt"),
        partials=asked.get("partials", True),
        endpoint_silence_s=None if silence_ms is None else silence_ms / 1000,
        words=asked.get("words", False),
        levels=asked.get("levels", False),
    )


def _wish(asked: Asked) -> Wish:
    return Wish(
        decode=DecodeOptions(
            channel=asked.get("channel", "mix"),
            start=float(asked.get("start", 0.0)),
            end=None if (end := asked.get("end")) is None else float(end),
            raw=asked.get("raw"),
        ),
        recognition=RecognitionOptions(
            language=asked.get("language"),
            task=asked.get("task", "transcribe"),
            prompt=asked.get("prompt"),
            hotwords=tuple(asked.get("hotwords", {}).items()),
            words=asked.get("words", False),
        ),
        speakers=_count(asked.get("speakers", "auto")),
        use_cache=asked.get("use_cache", True),
        strict=asked.get("strict", False),
    )


def _count(speakers: str | int | tuple[int, int | None] | None) -> SpeakerCount | Literal["auto"] | None:
    if isinstance(speakers, str):
        return parse_speaker_count(speakers)
    if isinstance(speakers, int):
        return SpeakerCount(minimum=speakers, maximum=speakers)
    return speakers and SpeakerCount(minimum=speakers[0], maximum=speakers[1])
