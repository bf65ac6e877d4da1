"""A voice becomes what its engine is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from parley.engines.contract import Capability, EngineSpec
from parley.errors import UnsupportedOption, VoiceUnknown
from parley.speech.voice import SpeakOptions, VoiceFacts
from parley.storage.voice_library import KeptVoice
from parley.synthesis.catalogue import Catalogue, speaks
from parley.synthesis.languages import language_of_text
from parley.synthesis.library import VoiceLibrary
from parley.synthesis.options import SpeakingWish
from parley.synthesis.request import Speaker
from parley.synthesis.wishes import wanted_language


class Casting:
    """Knows the presets and asks for the voices of users."""

    def __init__(self, catalogue: Catalogue, library: VoiceLibrary | None) -> None:
        self._catalogue = catalogue
        self._library = library

    async def voices(self, user: str) -> Sequence[VoiceFacts]:
        """Those that can be chosen. Voices whose engine is gone are kept, and wait for it."""
        return (*self._catalogue.presets, *map(self.facts, await self._kept(user)))

    async def chosen(self, user: str, wish: SpeakingWish) -> VoiceFacts:
        """Who speaks, as far as that is known before the text; see Catalogue.choose."""
        return self._catalogue.choose(wish, await self.voices(user), wanted_language(wish.language))

    async def cast(self, user: str, wish: SpeakingWish, voice: VoiceFacts, clause: str) -> Speaker:
        """Who says a text that begins with this clause."""
        language = wanted_language(wish.language)
        if language is None:
            language = language_of_text(clause)
            if wish.voice is None or wish.voice in self._catalogue.engines:
                voice = await self._speaker_of(user, wish, voice, language)
        engine = self._catalogue.engines[voice.engine]
        told = language if speaks(voice, language) else voice.languages[0]
        options = SpeakOptions(language=told, speed=wish.speed, instruct=wish.instruct)
        if voice.kind == "preset":
            options = replace(options, voice=voice.name)
        else:
            options = await self._of_library(user, voice, engine, options)
        return Speaker(facts=voice, engine=engine, options=options)

    def facts(self, kept: KeptVoice) -> VoiceFacts:
        """A voice of the library as one that can be chosen."""
        engine = self._catalogue.engines[kept.engine]
        others = sorted((engine.languages or frozenset()) - {kept.language})
        own = (kept.language,) if kept.language else ()
        return VoiceFacts(
            voice_id=kept.voice_id,
            name=kept.name,
            kind="cloned" if kept.kind == "cloned" else "designed",
            engine=kept.engine,
            model=kept.model,
            languages=(*own, *others) if engine.languages else (),
            summary=kept.design,
            created_at=kept.created_at,
        )

    async def _kept(self, user: str) -> list[KeptVoice]:
        kept = await self._library.voices(user) if self._library else ()
        return [voice for voice in kept if self._is_able(voice)]

    def _is_able(self, kept: KeptVoice) -> bool:
        engine = self._catalogue.engines.get(kept.engine)
        wanted = Capability.DESIGN if kept.design else Capability.CLONE
        return engine is not None and wanted in engine.capabilities

    async def _of_library(
        self, user: str, voice: VoiceFacts, engine: EngineSpec, options: SpeakOptions
    ) -> SpeakOptions:
        """Raises VoiceUnknown for a voice that was removed meanwhile, and what learning it anew raises."""
        for kept in await self._kept(user):
            if kept.voice_id == voice.voice_id and self._library is not None:
                if kept.design:
                    return replace(options, design=kept.design)
                return replace(options, prompt=await self._library.prompt(kept, engine))
        raise VoiceUnknown("The voice was removed; choose another one.")

    async def _speaker_of(
        self, user: str, wish: SpeakingWish, voice: VoiceFacts, language: str
    ) -> VoiceFacts:
        """Who was found before the text, unless another one speaks its language."""
        try:
            return self._catalogue.choose(wish, await self.voices(user), language)
        except UnsupportedOption:
            return voice
