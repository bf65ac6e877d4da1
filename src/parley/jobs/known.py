"""What is remembered already: the very transcript, or one with more in it than was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from parley.batch.keys import keys_for
from parley.batch.options import RecipeOptions, Recording
from parley.batch.wish import HouseLimits, Wish, plan
from parley.engines.profiles import Profile, choose
from parley.errors import ParleyError
from parley.jobs.task import Order
from parley.speech.recognition import RecognitionOptions, SpeakerCount
from parley.speech.transcript import Transcript
from parley.storage.store import Store

_NOWHERE = Path()


class Received(Protocol):
    """A recording whose bytes are here."""

    @property
    def sha256(self) -> str:
        """Digest of its bytes as hex."""
        ...

    @property
    def md5(self) -> str:
        """What clients of the first generation call it by."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A transcript that answers an order. `key` is what it is remembered under; `projected` says that
    it holds more than was asked for, which `projection` takes away. `processing_s` is what making it took."""

    transcript: Transcript
    key: str
    projected: bool = False
    processing_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Planner:
    """Turns orders into what the recipe understands."""

    profiles: Mapping[str, Profile]
    limits: HouseLimits

    def profile(self, order: Order) -> Profile:
        """The profile of an order; raises ProfileUnknown."""
        return choose(self.profiles, order.profile)

    def options(self, order: Order) -> RecipeOptions:
        """The wish as the profile can fulfil it; raises ProfileUnknown, UnsupportedOption, InvalidOption."""
        return plan(order.wish, self.profile(order), self.profiles, self.limits)

    def key(self, order: Order, sha256: str) -> str:
        """What the transcript of an order is remembered under; raises like `options`."""
        recording = Recording(path=_NOWHERE, sha256=sha256)
        return keys_for(recording, self.options(order), self.profile(order)).transcript

    def richer(self, order: Order, sha256: str) -> list[str]:
        """Keys of transcripts that hold what is wanted and more, the nearest first."""
        exact = self.key(order, sha256)
        keys = (self._tried(replace(order, wish=wish), sha256) for wish in _richer(order.wish))
        return [key for key in dict.fromkeys(keys) if key is not None and key != exact]

    def _tried(self, order: Order, sha256: str) -> str | None:
        try:
            return self.key(order, sha256)
        except ParleyError:
            return None


def _richer(wish: Wish) -> list[Wish]:
    worded = replace(wish.recognition, words=True)
    wishes: list[Wish] = []
    if wish.speakers is None:
        wishes.append(replace(wish, speakers="auto"))
    if not wish.recognition.words:
        wishes.append(replace(wish, recognition=worded))
    if len(wishes) == 2:
        wishes.append(replace(wish, speakers="auto", recognition=worded))
    return wishes


async def find(store: Store, planner: Planner, user: str, order: Order, recording: Received) -> Hit | None:
    """What is remembered for an order; None for one that does not want the cache read."""
    if not order.wish.use_cache:
        return None
    exact = planner.key(order, recording.sha256)
    for key in (exact, *planner.richer(order, recording.sha256)):
        transcript = await store.transcripts.get(key)
        if transcript is not None:
            # Two profiles with the same engines share their transcripts.
            named = replace(transcript, profile=order.profile)
            return Hit(transcript=named, key=key, projected=key != exact)
    return await _imported(store, planner, user, order, recording)


async def _imported(
    store: Store, planner: Planner, user: str, order: Order, recording: Received
) -> Hit | None:
    """What a first-generation server made of the same bytes, where it was asked for no more than
    such a server could do."""
    if not _is_plain(order.wish):
        return None
    found = await store.imports.find(recording.md5, order.profile) or await store.imports.find(recording.md5)
    if found is None or not _answers(found.transcript, order, planner):
        return None
    # An MD5 names content only to who has sent it, and only while one content has it.
    named = await store.recordings.named(recording.md5, user, by_anybody=False)
    if named is None or named.sha256 != recording.sha256:
        return None
    return Hit(
        transcript=replace(found.transcript, profile=found.profile),
        key=f"import {found.md5}",
        projected=order.wish.speakers is None and found.transcript.diarized,
        processing_s=found.processing_s,
    )


def _is_plain(wish: Wish) -> bool:
    plain = Wish(recognition=RecognitionOptions(language=wish.recognition.language), speakers=wish.speakers)
    return replace(wish, known=()) == plain and not isinstance(wish.speakers, SpeakerCount)


def _answers(transcript: Transcript, order: Order, planner: Planner) -> bool:
    language, wanted = transcript.language, order.wish.recognition.language
    if language and wanted and language != wanted:
        return False
    return transcript.diarized or planner.options(order).speakers is None


def projection(transcript: Transcript, wish: Wish) -> Transcript:
    """The transcript without what was not asked for."""
    diarize, words = wish.speakers is not None, wish.recognition.words
    if not words:
        # What lays out subtitles goes on knowing when each part was said.
        segments = tuple(
            replace(segment, words=None, phrases=segment.phrases or segment.words)
            for segment in transcript.segments
        )
        transcript = replace(transcript, segments=segments)
    if not diarize:
        segments = tuple(replace(segment, speaker=None) for segment in transcript.segments)
        transcript = replace(transcript, segments=segments, speakers=(), diarized=False)
    return transcript
