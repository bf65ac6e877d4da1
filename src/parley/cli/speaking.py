"""Runs `parley speak`: text goes in, speech goes where it is wanted, Ctrl-C ends both."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from parley.cli import tell
from parley.cli.delivery import ReaderLeft
from parley.cli.files import run_to_end, stop_on_terminate
from parley.cli.remote import Server
from parley.cli.voiced import Destination
from parley.client.speaking import SpeakOptions, Text
from parley.formats.clock import clock, to_ms
from parley.formats.wav import SAMPLE_BYTES
from parley.settings import Settings
from parley.speech.speaking import SpeechBegun, SpeechEvent, Spoken, SpokenAudio


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How to speak, wherever that is done."""

    voice: str | None = None
    language: str | None = None
    engine: str | None = None
    speed: float = 1.0
    instruct: str = ""
    sample_rate_hz: int | None = None


Place = Callable[[Text, Wanted], AsyncGenerator[SpeechEvent, None]]
"""Where a text is spoken: at a server, or in this process."""


def place_there(settings: Settings, server: Server) -> Place:
    """At a server."""

    def speak_there(text: Text, wanted: Wanted) -> AsyncGenerator[SpeechEvent, None]:
        options = SpeakOptions(
            voice=wanted.voice,
            language=wanted.language,
            engine=wanted.engine,
            speed=wanted.speed,
            instruct=wanted.instruct,
            sample_rate=wanted.sample_rate_hz,
        )
        return server.client(settings).speak(text, **options)

    return speak_there


def place_here(settings: Settings) -> Place:
    """In this process, its engines in workers."""

    def speak_here(text: Text, wanted: Wanted) -> AsyncGenerator[SpeechEvent, None]:
        from parley.app.speaking import speak as spoken
        from parley.synthesis.options import SpeakingWish

        wish = SpeakingWish(
            voice=wanted.voice,
            language=wanted.language,
            engine=wanted.engine,
            speed=wanted.speed,
            instruct=wanted.instruct,
            sample_rate_hz=wanted.sample_rate_hz,
        )
        return spoken(settings, text, wish, tell.line)

    return speak_here


def speak(place: Place, text: Text, wanted: Wanted, destination: Destination) -> None:
    """Speak to the end; exits with 130 when interrupted."""
    progress = Progress()
    run_to_end(
        _run(place, text, wanted, destination, progress), progress, lambda: tell.interrupted("interrupted.")
    )


async def _run(place: Place, text: Text, wanted: Wanted, destination: Destination, progress: Progress) -> int:
    stop_on_terminate()
    # Whoever reads the audio has enough: that is no failure.
    with contextlib.suppress(ReaderLeft):
        async with destination:
            rate_hz = wanted.sample_rate_hz or destination.wanted_rate_hz()
            fitting = replace(wanted, sample_rate_hz=rate_hz)
            async with aclosing(place(text, fitting)) as events:
                async for event in events:
                    await _deliver(event, destination, progress)
            await destination.finish()
            progress.close()
            tell.line(progress.summary(destination.name))
    return 0


async def _deliver(event: SpeechEvent, destination: Destination, progress: Progress) -> None:
    match event:
        case SpeechBegun():
            progress.begin(event)
            await destination.begin(event.sample_rate_hz)
        case SpokenAudio():
            await destination.take(event.pcm)
            progress.move(len(event.pcm))
        case Spoken():
            progress.end(event)
        case _:
            pass


@dataclass
class Progress:
    """How far it is: rewritten in place on a terminal, and one sentence in the end."""

    voice: str = ""
    rate_hz: int = 1
    heard_bytes: int = 0
    done: Spoken | None = None
    _shown: str = field(default="", init=False)

    def begin(self, begun: SpeechBegun) -> None:
        """Who speaks."""
        self.voice, self.rate_hz = begun.voice, begun.sample_rate_hz

    def move(self, more_bytes: int) -> None:
        """More was taken."""
        self.heard_bytes += more_bytes
        if tell.can_rewrite(sys.stderr):
            shown = f"{clock(to_ms(self._seconds))} {tell.printable(self.voice)}"
            if shown != self._shown:
                self._shown = shown
                sys.stderr.write(f"\r{shown}")
                sys.stderr.flush()

    def end(self, spoken: Spoken) -> None:
        """All of it was made."""
        self.done = spoken

    def close(self) -> None:
        """Leave the terminal as it was; may be called twice."""
        if self._shown and sys.stderr:
            sys.stderr.write("\r" + " " * len(self._shown) + "\r")
            sys.stderr.flush()
        self._shown = ""

    def summary(self, place: str) -> str:
        """What was done."""
        rtf = f", RTF {self.done.rtf:.3f}" if self.done is not None and self.done.samples else ""
        return (
            f"{tell.printable(place)}: {clock(to_ms(self._seconds))} by {tell.printable(self.voice)}, "
            f"{self.rate_hz} Hz, 16 bits, mono{rtf}"
        )

    @property
    def _seconds(self) -> float:
        return self.heard_bytes / SAMPLE_BYTES / self.rate_hz
