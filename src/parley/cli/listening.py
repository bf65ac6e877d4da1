"""Runs `parley listen`: audio goes in, events come out, Ctrl-C ends the input and then the command."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass

from parley.cli import tell
from parley.cli.captions import Captions, NoCaptions, View
from parley.cli.delivery import ReaderLeft
from parley.cli.files import run_to_end
from parley.cli.live_results import Nowhere, Results, open_results
from parley.cli.sounds import Sound
from parley.client.feeding import Listening, feed
from parley.formats.clock import clock, to_ms
from parley.settings import Settings
from parley.speech.live import Done, Received
from parley.telemetry.log import configure

OpenSound = Callable[[], AbstractAsyncContextManager[Sound]]
OpenHearing = Callable[[Sound], AbstractAsyncContextManager[Listening]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """The form of the text, and the file it goes to; None is standard output."""

    form: str
    path: str | None

    @property
    def is_captions(self) -> bool:
        """Whether the captions are all that is wanted."""
        return self.form == "text" and self.path is None and tell.can_rewrite(sys.stdout)

    def view(self) -> View:
        """Captions on the terminal that there is."""
        if self.is_captions:
            return Captions(sys.stdout)
        return Captions(sys.stderr) if tell.can_rewrite(sys.stderr) else NoCaptions()

    def results(self) -> AbstractAsyncContextManager[Results]:
        """Where the text goes."""
        if self.is_captions:
            return contextlib.nullcontext(Nowhere())
        return open_results(self.form, self.path)


def listen(
    settings: Settings, view: View, open_sound: OpenSound, open_hearing: OpenHearing, output: Output
) -> None:
    """Listen to the end, or until Ctrl-C; exits with 130 when interrupted twice."""
    configure(settings.log_level, view.log, settings.log_format)
    run_to_end(_run(view, open_sound, open_hearing, output), view, lambda: tell.interrupted("interrupted."))


async def _run(view: View, open_sound: OpenSound, open_hearing: OpenHearing, output: Output) -> int:
    interruptions = Interruptions(view)
    # Whoever reads the result has enough: that is no failure.
    with contextlib.suppress(ReaderLeft):
        async with AsyncExitStack() as stack:
            sound = await stack.enter_async_context(open_sound())
            hearing = await stack.enter_async_context(open_hearing(sound))
            results = await stack.enter_async_context(output.results())
            feeding = asyncio.create_task(feed(hearing, sound.pieces))
            stack.push_async_callback(_end, feeding)
            interruptions.soften(feeding)
            await _show_all(hearing, view, results, sound)
            if not feeding.cancelled():
                await feeding
    return 0


async def _show_all(hearing: Listening, view: View, results: Results, sound: Sound) -> None:
    async for event in hearing:
        if sound.is_paced or not isinstance(event, Received):
            view.show(event)
        await results.take(event)
        if isinstance(event, Done):
            view.close()
            view.notice(_summary(sound.name, event))


async def _end(feeding: asyncio.Task[None]) -> None:
    feeding.cancel()
    await asyncio.gather(feeding, return_exceptions=True)


def _summary(name: str, done: Done) -> str:
    kept = f"; the recording is task {done.task_id}" if done.task_id else ""
    count = "1 utterance" if done.utterances == 1 else f"{done.utterances} utterances"
    return f"{tell.printable(name)}: {clock(to_ms(done.audio_seconds))} of audio, {count}{kept}"


class Interruptions:
    """Ctrl-C and SIGTERM end the command; once there is input, the first one ends that only."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._command = asyncio.current_task()
        self._feeding: asyncio.Task[None] | None = None
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._interrupt)

    def soften(self, feeding: asyncio.Task[None]) -> None:
        """From now on the first one cancels this."""
        self._feeding = feeding

    def _interrupt(self) -> None:
        feeding, self._feeding = self._feeding, None
        if feeding is not None:
            feeding.cancel()
            self._view.notice("The last words are being recognised; Ctrl-C again ends at once.")
        elif self._command is not None:
            self._command.cancel()
