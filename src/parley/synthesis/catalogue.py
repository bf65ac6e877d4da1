"""Which voices there are, and which of them a wish means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from parley.engines.contract import Capability, EngineSpec
from parley.engines.shipped import voices_by_preference
from parley.errors import UnsupportedOption, VoicesNotInstalled, VoiceUnknown
from parley.speech.voice import PresetVoice, VoiceFacts
from parley.synthesis.options import SpeakingWish
from parley.synthesis.wishes import in_words, needs, wanted_language

_MOST_NAMED = 5
"""Voices in a sentence."""

_MOST_LANGUAGES = 30


class Catalogue:
    """The voices of `engines`, which are installed, best first. `default` is the id or the name of one."""

    def __init__(self, engines: Mapping[str, EngineSpec], default: str = "") -> None:
        self.engines = engines
        self._default = default
        self.presets = tuple(_facts(spec, preset) for spec in engines.values() for preset in spec.presets)

    @property
    def longest_clause(self) -> int:
        """Characters that every engine takes at once."""
        return min(spec.max_text_chars for spec in self.engines.values())

    def able(self, capability: Capability, wanted: str | None = None) -> EngineSpec | None:
        """The best engine that can do that, `wanted` if it can."""
        able = [spec for spec in self.engines.values() if capability in spec.capabilities]
        return next((spec for spec in able if spec.name == wanted), able[0] if able else None)

    def find(self, said: str, voices: Sequence[VoiceFacts]) -> VoiceFacts:
        """The voice of an id, or of a name that no other has; raises VoiceUnknown."""
        for voice in voices:
            if voice.voice_id == said:
                return voice
        named = [voice for voice in voices if voice.name.casefold() == said.casefold()]
        if len(named) == 1:
            return named[0]
        if named:
            raise VoiceUnknown(f"Several voices are called that: {_ids(named)}; name one of them.")
        raise VoiceUnknown("There is no such voice here; the list of voices has those that there are.")

    def choose(self, wish: SpeakingWish, voices: Sequence[VoiceFacts], language: str | None) -> VoiceFacts:
        """Who does what is wished, in a language where that is known.

        Raises VoicesNotInstalled, VoiceUnknown, or UnsupportedOption, which names voices that can.
        """
        self.require_any()
        if wish.voice is None:
            return self._best(wish, voices, language)
        if wish.voice in self.engines:
            of_engine = [voice for voice in self.presets if voice.engine == wish.voice]
            return self._best(wish, of_engine, language)
        voice = self.find(wish.voice, voices)
        if lacking := needs(wish) - self.engines[voice.engine].capabilities:
            raise self._unable(f"This voice cannot {in_words(lacking)}", wish, voices, language)
        if wanted_language(wish.language) is not None and not speaks(voice, language):
            raise self._unable(f"This voice does not speak '{language}'", wish, voices, language)
        return voice

    def require_any(self) -> None:
        """Raises VoicesNotInstalled."""
        if not self.engines:
            raise VoicesNotInstalled(
                "No voice is installed; install one with: pip install 'parley[espeak]' and start again."
            )

    def _best(self, wish: SpeakingWish, voices: Sequence[VoiceFacts], language: str | None) -> VoiceFacts:
        """Of the engine that is preferred, then the default, then the best. Nobody speaks in a voice of the
        library unasked."""
        able = [voice for voice in voices if needs(wish) <= self.engines[voice.engine].capabilities]
        fit = [voice for voice in able if speaks(voice, language)]
        if not able:
            raise UnsupportedOption(f"No voice here can {in_words(needs(wish))}; leave that out.")
        if not fit:
            known = sorted({language for voice in able for language in voice.languages})
            more = " and others" if len(known) > _MOST_LANGUAGES else ""
            raise UnsupportedOption(
                f"No voice here speaks '{language}'; there are voices for: "
                f"{', '.join(known[:_MOST_LANGUAGES])}{more}."
            )
        own = [voice for voice in fit if voice.engine == wish.engine and voice.kind == "preset"]
        chosen = (
            [voice for voice in fit if self._default in (voice.voice_id, voice.name)] if self._default else []
        )
        # Of one engine the voice whose own language it is, in the engine's order.
        presets = [voice for voice in fit if voice.kind == "preset"]
        able_engines = (self.engines[voice.engine] for voice in presets)
        first = next(iter(voices_by_preference(able_engines, language)), "")
        ranked = [voice for voice in presets if voice.engine == first]
        for group in (own, chosen, ranked):
            if group:
                return next((voice for voice in group if voice.languages[:1] == (language,)), group[0])
        return fit[0]

    def _unable(
        self, what: str, wish: SpeakingWish, voices: Sequence[VoiceFacts], language: str | None
    ) -> UnsupportedOption:
        able = [
            voice
            for voice in voices
            if needs(wish) <= self.engines[voice.engine].capabilities and speaks(voice, language)
        ]
        way_out = f"these can: {_ids(able)}" if able else "no voice here can"
        return UnsupportedOption(f"{what}; {way_out}.")


def speaks(voice: VoiceFacts, language: str | None) -> bool:
    """Whether a voice speaks a language; one that declares none speaks any."""
    return language is None or not voice.languages or language in voice.languages


def model_of(spec: EngineSpec) -> str:
    """The name of the weights that an engine speaks with, "" where it has none."""
    return spec.models[0].name if spec.models else ""


def _facts(spec: EngineSpec, preset: PresetVoice) -> VoiceFacts:
    return VoiceFacts(
        voice_id=f"{spec.name}/{preset.name}",
        name=preset.name,
        kind="preset",
        engine=spec.name,
        model=model_of(spec),
        languages=preset.languages,
        summary=preset.summary,
    )


def _ids(voices: Sequence[VoiceFacts]) -> str:
    more = " and others" if len(voices) > _MOST_NAMED else ""
    return ", ".join(voice.voice_id for voice in voices[:_MOST_NAMED]) + more
