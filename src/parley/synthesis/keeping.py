"""The voice library: recordings become voices, and how voices sound is kept."""

from __future__ import annotations

import asyncio
import io
import os
import time
import unicodedata
import wave
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

from parley.batch.wish import HouseLimits
from parley.engines.contract import EngineSpec, Role
from parley.engines.profiles import Profile
from parley.errors import ConsentMissing, InvalidOption, SpeakingError, UnsupportedOption
from parley.speech.media import DecodedMedia, DecodeOptions
from parley.storage.store import Store
from parley.storage.voice_library import KeptVoice
from parley.synthesis.calling import Caller
from parley.synthesis.catalogue import model_of
from parley.synthesis.judging import LONGEST_S, judge
from parley.synthesis.languages import language_of_text, says_anything
from parley.synthesis.options import NewVoice
from parley.synthesis.previewing import wav_of
from parley.synthesis.wishes import MOST_WORDS, wanted_language
from parley.wire.frames import Decoded, DecodeMedia
from parley.wire.speaking import LearnVoice, Spoken, VoiceLearned

MOST_NAME_CHARS = 80

_BEYOND_S = 1.0
"""Decoded beyond the longest recording, so that one that is longer is known as such."""


class Library:
    """See library.VoiceLibrary. `profile` judges recordings; `most` voices may a user have."""

    def __init__(self, store: Store, fleet: Caller, profile: Profile, limits: HouseLimits, most: int) -> None:
        self._shelf = store.voice_shelf
        self._fleet = fleet
        self._profile = profile
        self._limits = limits
        self._most = most
        self._previewing = asyncio.Lock()

    async def voices(self, user: str) -> Sequence[KeptVoice]:
        """See VoiceLibrary."""
        return await self._shelf.list(user)

    def workspace(self) -> AbstractAsyncContextManager[Path]:
        """See VoiceLibrary."""
        return self._shelf.workspace()

    async def add(self, user: str, voice: NewVoice, engine: EngineSpec) -> KeptVoice:
        """See VoiceLibrary."""
        kept = _row(user, voice, engine)
        await self._shelf.require_place(user, kept.name, self._most)
        if voice.reference is None:
            return await self._shelf.add(kept, self._most)
        async with self._shelf.workspace() as folder:
            judged = await self._decode(voice.reference, folder, DecodeOptions())
            await judge(self._fleet, self._profile, judged.tracks[0])
            rate_hz = engine.sample_rate_hz
            media = await self._decode(voice.reference, folder, DecodeOptions(sample_rate_hz=rate_hz))
            pcm = await asyncio.to_thread(Path(media.tracks[0].path).read_bytes)
        speech = Spoken(pcm=pcm, sample_rate_hz=rate_hz)
        prompt = await self._learn(kept, engine, speech)
        return await self._shelf.add(kept, self._most, wav_of(speech), prompt, engine.revision)

    async def prompt(self, voice: KeptVoice, engine: EngineSpec) -> bytes:
        """See VoiceLibrary."""
        prompt, revision = await self._shelf.prompt(voice.voice_id)
        if prompt and revision == engine.revision:
            return prompt
        reference = await self._shelf.reference(voice.voice_id)
        if reference is None:
            raise SpeakingError("The recording of this voice is lost; remove the voice and add it again.")
        prompt = await self._learn(voice, engine, _speech_in(reference))
        await self._shelf.keep_prompt(voice.voice_id, prompt, engine.revision)
        return prompt

    async def remove(self, user: str, voice_id: str) -> bool:
        """See VoiceLibrary."""
        return await self._shelf.remove(user, voice_id)

    async def preview(self, key: str, voice_id: str | None, make: Callable[[], Awaitable[bytes]]) -> Path:
        """See VoiceLibrary."""
        path = self._shelf.preview_path(key, voice_id)
        if await self._shelf.find_preview(path):
            return path
        # One at a time: who asks twice gets the same, and nobody's speech waits for a page of previews.
        async with self._previewing:
            if not await self._shelf.find_preview(path):
                await self._shelf.keep_preview(path, await make())
        return path

    async def _decode(self, source: Path, folder: Path, options: DecodeOptions) -> DecodedMedia:
        """The begin of a recording, mixed to one channel; raises what decoding raises."""
        options = replace(
            options,
            end=LONGEST_S + _BEYOND_S,
            max_duration_s=self._limits.max_duration_s,
            max_channels=self._limits.max_channels,
        )
        # Absolute, because a worker may work elsewhere.
        path = await asyncio.to_thread(source.absolute)
        request = DecodeMedia(source=os.fsencode(path), folder=str(folder), options=options)
        answer = await self._fleet.call(self._profile.engines[Role.MEDIA].name, request, 0.0)
        if not isinstance(answer.reply, Decoded):
            raise TypeError(f"a media engine answered {type(answer.reply).__name__}")
        return answer.reply.media

    async def _learn(self, voice: KeptVoice, engine: EngineSpec, speech: Spoken) -> bytes:
        request = LearnVoice(
            pcm=speech.pcm,
            sample_rate_hz=speech.sample_rate_hz,
            transcript=voice.transcript,
            language=voice.language or None,
        )
        answer = await self._fleet.call(engine.name, request, LONGEST_S)
        if not isinstance(answer.reply, VoiceLearned):
            raise TypeError(f"a tts engine answered {type(answer.reply).__name__}")
        return answer.reply.prompt


def _row(user: str, voice: NewVoice, engine: EngineSpec) -> KeptVoice:
    """What is said of a voice, checked; raises ConsentMissing, InvalidOption, UnsupportedOption."""
    if (voice.reference is None) == (not voice.design):
        raise InvalidOption("A voice is made of a recording or of a description; give one of them.")
    if voice.reference is not None and not voice.has_consent:
        raise ConsentMissing(
            "A voice is kept only when its speaker agrees; ask, and say so with the option 'consent'."
        )
    transcript, design = _words(voice.transcript), _words(voice.design)
    if voice.reference is not None and not says_anything(transcript):
        raise InvalidOption("Say in the transcript what is said in the recording.")
    language = wanted_language(voice.language) or (language_of_text(transcript) if transcript else "")
    if language and engine.languages and language not in engine.languages:
        known = ", ".join(sorted(engine.languages))
        raise UnsupportedOption(
            f"The engine '{engine.name}' does not speak '{language}'; it speaks: {known}."
        )
    now = time.time()
    return KeptVoice(
        voice_id="",
        user=user,
        name=clean_name(voice.name),
        kind="cloned" if voice.reference is not None else "designed",
        engine=engine.name,
        model=model_of(engine),
        revision=engine.revision,
        language=language,
        transcript=transcript,
        design=design,
        consent_at=now if voice.has_consent else None,
        created_at=now,
    )


def clean_name(name: str) -> str:
    """The name of a voice without space around it; raises InvalidOption for one that cannot be shown."""
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not name or len(name) > MOST_NAME_CHARS or not name.isprintable():
        raise InvalidOption(f"The name of a voice has 1 to {MOST_NAME_CHARS} printable characters.")
    if "/" in name:
        raise InvalidOption("The name of a voice has no '/', which is for voices that come with engines.")
    return name


def _words(said: str) -> str:
    words = " ".join(said.split())
    if len(words) > MOST_WORDS:
        raise InvalidOption(f"Transcripts and descriptions of voices have {MOST_WORDS} characters at most.")
    return words


def _speech_in(wav: bytes) -> Spoken:
    try:
        with wave.open(io.BytesIO(wav)) as reader:
            return Spoken(pcm=reader.readframes(reader.getnframes()), sample_rate_hz=reader.getframerate())
    except (wave.Error, EOFError) as error:
        raise SpeakingError(
            "The recording of this voice is damaged; remove the voice and add it again."
        ) from error
