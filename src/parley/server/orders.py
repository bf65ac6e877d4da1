"""A request's options as an order, the same for every door."""

from __future__ import annotations

from typing import Literal

from parley.batch.wish import Wish
from parley.errors import InvalidOption
from parley.jobs.task import Order, Priority
from parley.speech.media import DecodeOptions
from parley.speech.recognition import RecognitionOptions, SpeakerCount, language_of
from parley.wire.native.client import JobOptions


def order_of(options: JobOptions, file_name: str, default_profile: str) -> Order:
    """What is asked for; raises InvalidOption for options that contradict each other."""
    wish = Wish(
        decode=_decode(options),
        recognition=RecognitionOptions(
            language=language_of(options.language),
            task=options.task,
            prompt=options.prompt or None,
            hotwords=_hotwords(options.hotwords),
            words=bool(options.word_align),
        ),
        speakers=_speakers(options),
        use_cache=not options.force_refresh,
    )
    return Order(
        file_name=file_name,
        profile=options.engine or default_profile,
        wish=wish,
        output_format=options.output_format,
        segments=options.segments,
        priority=Priority(options.priority),
        callback_url=options.callback_url,
    )


def _decode(options: JobOptions) -> DecodeOptions:
    if options.end is not None and options.end <= options.start:
        raise InvalidOption("'to' must lie after 'from'; both are seconds of the recording.")
    return DecodeOptions(channel=str(options.channel), start=options.start, end=options.end)


def _hotwords(asked: list[str] | dict[str, float] | None) -> tuple[tuple[str, float], ...]:
    if isinstance(asked, dict):
        return tuple(asked.items())
    return tuple((word, 1.0) for word in asked or [])


def _speakers(options: JobOptions) -> SpeakerCount | Literal["auto"] | None:
    exact, least, most = options.num_speakers, options.min_speakers, options.max_speakers
    counted = (exact, least, most) != (None, None, None)
    if not options.diarize:
        if counted:
            raise InvalidOption(
                "A number of speakers means nothing with 'diarize' off; leave one of them out."
            )
        return None
    if exact is not None:
        if (least, most) != (None, None):
            raise InvalidOption("Give 'num_speakers', or 'min_speakers' and 'max_speakers', not both.")
        return SpeakerCount(minimum=exact, maximum=exact)
    return SpeakerCount(minimum=least or 1, maximum=most) if counted else "auto"
