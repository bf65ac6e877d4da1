"""What streaming engines give: each stream is an object of its own that shares nothing but weights.

An engine whose spec says `streams` has `open_stream`. One worker holds many streams and feeds them
in turns, so everything that changes while audio comes in lives in the stream.
"""

from __future__ import annotations

from typing import Protocol

from parley.engines.contract import Samples
from parley.speech.recognition import RecognitionOptions
from parley.speech.stream import StreamHeard


class Stream(Protocol):
    """One live input; used by one call at a time."""

    def feed(self, samples: Samples, *, is_last: bool) -> StreamHeard:
        """Take any number of samples; with `is_last` settle everything that is open."""
        ...


class StreamingEngine(Protocol):
    """What a `vad` or `asr` engine may be able to do besides."""

    def open_stream(self, options: RecognitionOptions) -> Stream:
        """A new stream; dropping it frees what it holds.

        Of options that it was said to honour it leaves out what it cannot do, and says so in `notices`:
        an error here would end somebody's session in the middle of a word.
        """
        ...
