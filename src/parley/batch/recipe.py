"""A recording becomes a transcript: the order of the stages, and what survives their failures."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from parley.batch.assemble import HeardTrack, assemble
from parley.batch.decode import decode
from parley.batch.doubt import doubt
from parley.batch.events import Waiting
from parley.batch.find_speech import SpeechFinder
from parley.batch.keys import Keys, keys_for, of_track
from parley.batch.options import Outcome, RecipeOptions, Recording
from parley.batch.recognise import Hearing, Recogniser
from parley.batch.refine import refine
from parley.batch.together import together
from parley.batch.units import Tools
from parley.batch.voices import VoiceListener
from parley.engines.contract import Role
from parley.engines.profiles import Profile
from parley.errors import ParleyError, StorageError
from parley.signal.packing import pack
from parley.speech.media import DecodedMedia, PcmTrack
from parley.speech.recognition import SpeakerCount
from parley.speech.span import Span, SpeakerTurn
from parley.speech.transcript import Transcript

NO_SPEECH = "No speech was found in this recording."


async def transcribe(tools: Tools, recording: Recording, options: RecipeOptions, profile: Profile) -> Outcome:
    """The transcript of a recording: remembered, continued or made.

    Two runs over the same audio at the same time take turns by a lease; the second one finds
    what the first has done. (A run whose lease was taken because it stood still goes on: at worst
    both do a unit, with the same result.) Raises ParleyError.
    """
    keys = keys_for(recording, options, profile)
    if (known := await _recall(tools, keys, profile)) is not None:
        return Outcome(transcript=known, cached=True)

    def waiting() -> None:
        tools.publish(Waiting("Another process is transcribing this recording; waiting for it."))

    async with tools.store.leases.hold(keys.decode, on_wait=waiting):
        if (known := await _recall(tools, keys, profile)) is not None:
            return Outcome(transcript=known, cached=True)
        transcript, complete = await _Recipe(tools, recording, options, profile, keys).run()
        if complete:
            transcript = await _remember(tools, keys, transcript)
        else:
            # What failed may succeed next time: its good units are remembered, the whole is not.
            await tools.store.transcripts.forget(keys.transcript)
    return Outcome(transcript=transcript, cached=False, stages=dict(tools.costs))


async def _recall(tools: Tools, keys: Keys, profile: Profile) -> Transcript | None:
    known = await tools.store.transcripts.get(keys.transcript) if tools.reuse else None
    # Two profiles with the same engines share their transcripts.
    return known and replace(known, profile=profile.name)


async def _remember(tools: Tools, keys: Keys, transcript: Transcript) -> Transcript:
    """A transcript that is made is delivered, even when it cannot be kept."""
    try:
        await tools.store.transcripts.put(keys.transcript, transcript)
    except StorageError as error:
        warning = f"The transcript could not be remembered: {error.message}"
        return replace(transcript, warnings=(*transcript.warnings, warning))
    return transcript


_ONE = SpeakerCount(minimum=1, maximum=1)

_Told = tuple[tuple[SpeakerTurn, ...] | None, Mapping[int, str], str]
"""Turns (None: nobody is told apart), names by speaker, and a warning."""


@dataclass(slots=True)
class _Recipe:
    tools: Tools
    recording: Recording
    options: RecipeOptions
    profile: Profile
    keys: Keys

    async def run(self) -> tuple[Transcript, bool]:
        """The transcript, and whether nothing in it failed."""
        media_engine = self.profile.engines[Role.MEDIA]
        async with self.tools.store.pcm.holding(self.keys.decode):
            media, _ = await together(
                decode(self.tools, media_engine, self.keys.decode, self.recording, self.options),
                self._warm(),
            )
            tracks = list(enumerate(media.tracks))
            found = await together(*(self._find_speech(index, track) for index, track in tracks))
            heard: list[HeardTrack] = await together(
                *(
                    self._hear(index, track, finder, media)
                    for (index, track), finder in zip(tracks, found, strict=True)
                )
            )
        heard_of = (note for track in heard for note in track.hearing.notices)
        warnings = list(dict.fromkeys((*media.warnings, *heard_of, *self.tools.notices)))
        transcript = await asyncio.to_thread(
            assemble, heard, media, profile=self.profile.name, warnings=warnings
        )
        if not (transcript.segments or transcript.failed):
            transcript = replace(transcript, warnings=(*transcript.warnings, NO_SPEECH))
        if (doubtful := doubt(transcript, self.profile)) is not None:
            transcript = replace(transcript, warnings=(*transcript.warnings, doubtful))
        return transcript, not (transcript.failed or any(track.hearing.incomplete for track in heard))

    async def _warm(self) -> None:
        """Let the speech workers load the recogniser while another process decodes."""
        # Whatever is wrong with it, the call that needs the recogniser says so.
        with suppress(ParleyError):
            await self.tools.fleet.warm(self.profile.engines[Role.ASR].name, keep=False)

    async def _find_speech(self, index: int, track: PcmTrack) -> tuple[SpeechFinder, list[Span]]:
        finder = SpeechFinder(
            tools=self.tools,
            engine=self.profile.engines[Role.VAD],
            work=of_track(self.keys.find_speech, index),
            track=track,
            strict=self.options.fail_on_lost_speech,
        )
        return finder, await finder.run()

    async def _hear(
        self, index: int, track: PcmTrack, found: tuple[SpeechFinder, list[Span]], media: DecodedMedia
    ) -> HeardTrack:
        finder, islands = found
        hearing, told = await together(
            self._recognise(index, track, islands, media), self._tell_apart(index, track, islands)
        )
        turns, names, lost = told
        hearing.failed.extend(finder.failed)
        if lost:
            hearing.incomplete = True
            hearing.notices.append(lost)
        return HeardTrack(track=track, islands=islands, hearing=hearing, turns=turns, names=names)

    async def _recognise(
        self, index: int, track: PcmTrack, islands: Sequence[Span], media: DecodedMedia
    ) -> Hearing:
        engine = self.profile.engines[Role.ASR]
        work = of_track(self.keys.recognise, index)
        recogniser = Recogniser(
            tools=self.tools,
            engine=engine,
            work=work,
            track=track,
            options=self.options,
            origin=media.origin,
        )
        hearing = await recogniser.run(pack(islands, engine.max_stretch_s))
        return await refine(self.tools, self.profile, work, track, hearing, self.options)

    async def _tell_apart(self, index: int, track: PcmTrack, islands: Sequence[Span]) -> _Told:
        """Who speaks when and what they are called; a failure here never costs the text."""
        count = self.options.speakers
        engine = self.profile.engine(Role.SPEAKERS)
        if count is None:
            return None, {}, ""
        speaker = index if self.options.decode.channel == "split" else 0
        alone = count if self.options.decode.channel != "split" else _ONE
        if engine is None or (alone == _ONE and not self.options.known):
            return _one_voice(islands, speaker), {}, ""
        work = of_track(self.keys.embed, index)
        listener = VoiceListener(self.tools, engine, work, track, self.options.known)
        try:
            turns = await listener.run(islands, alone)
        except StorageError:
            raise
        except ParleyError as error:
            return None, {}, f"Speakers could not be told apart: {error.message}"
        warning = "A part of the voices could not be heard." if listener.incomplete else ""
        if alone == _ONE:
            names = {speaker: listener.names[0]} if 0 in listener.names else {}
            return _one_voice(islands, speaker), names, warning
        return turns, listener.names, warning


def _one_voice(islands: Sequence[Span], speaker: int) -> tuple[SpeakerTurn, ...]:
    return tuple(SpeakerTurn(island.start, island.end, speaker) for island in islands)
