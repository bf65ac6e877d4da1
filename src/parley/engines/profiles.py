"""A profile names an engine for each role; what its engines cannot do is refused here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from parley.engines.contract import Capability, EngineSpec, Role
from parley.engines.shipped import EMBEDDED, SHIPPED
from parley.errors import (
    InvalidOption,
    InvalidSettings,
    ProfileUnknown,
    UnsupportedOption,
)
from parley.speech.placing import is_wanted
from parley.speech.recognition import RecognitionOptions

REQUIRED_ROLES = (Role.MEDIA, Role.VAD, Role.ASR)

LIVE_ROLES = (Role.VAD, Role.TURN, Role.ASR, Role.PUNCTUATION)
"""What live speech may ask, beside the streaming recogniser."""

STREAMING = "streaming"
"""The key of the streaming recogniser, which is no role of its own: its engine is an `asr` engine."""

TTS = Role.TTS.value
"""The key of the voice: a profile is whole without, and nothing of recognition depends on it."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Engines by role; `devices` names what computes for a role where the user said so.

    `streaming` is the recogniser of live speech in progress, where there is one: when an utterance
    ends, what `asr` says of it replaces the text, unless both are the same. It computes on what `devices`
    says of `asr`. Nothing that is remembered of recordings depends on it, nor on the `turn` engine.
    `tts` speaks where this profile listens, unless somebody asks for a voice of another engine.
    """

    name: str
    engines: Mapping[Role, EngineSpec]
    devices: Mapping[Role, str] = field(default_factory=dict[Role, str])
    streaming: EngineSpec | None = None
    tts: EngineSpec | None = None

    def engine(self, role: Role) -> EngineSpec | None:
        """The engine of a role, or None where the profile has none."""
        return self.engines.get(role)

    @property
    def for_recordings(self) -> Mapping[Role, EngineSpec]:
        """What the recipe of recordings asks: everything but `turn`."""
        return {role: spec for role, spec in self.engines.items() if role != Role.TURN}

    @property
    def for_live(self) -> tuple[EngineSpec, ...]:
        """What live speech asks, each engine once."""
        own = (self.engines[role] for role in LIVE_ROLES if role in self.engines)
        return _each_once(*own, self.streaming)

    @property
    def everything(self) -> tuple[EngineSpec, ...]:
        """Every engine it names, each once."""
        return _each_once(*self.engines.values(), self.streaming)

    def streams_in(self, language: str | None) -> EngineSpec | None:
        """The streaming recogniser, unless it does not know the language that was asked for."""
        known = self.streaming.languages if self.streaming else None
        return None if language and known is not None and language not in known else self.streaming

    @property
    def languages(self) -> frozenset[str] | None:
        """ISO 639-1 codes the recogniser knows, None meaning any."""
        return self.engines[Role.ASR].languages

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What the profile can honour; an `align` engine adds word times."""
        own = self.engines[Role.ASR].capabilities
        return own | {Capability.WORDS} if Role.ALIGN in self.engines else own


def _each_once(*specs: EngineSpec | None) -> tuple[EngineSpec, ...]:
    return tuple({spec.name: spec for spec in specs if spec is not None}.values())


Declared = Mapping[str, str | Mapping[str, str]]
"""What a user writes of a profile: engines by role, under `streaming` the recogniser of live speech in
progress, and under `devices` what computes, by role."""


def build_profiles(
    specs: Mapping[str, EngineSpec], declared: Mapping[str, Declared]
) -> Mapping[str, Profile]:
    """The shipped profiles and the user's; raises InvalidSettings for an unknown role or engine."""
    wanted: Mapping[str, Declared] = {**SHIPPED, **declared}
    return {name: _build(name, said, specs) for name, said in wanted.items()}


def _build(name: str, said: Declared, specs: Mapping[str, EngineSpec]) -> Profile:
    engines: dict[Role, EngineSpec] = {}
    # A user's profile that has a shipped one's name changes that one.
    roles = {**EMBEDDED, **SHIPPED.get(name, {}), **said}
    devices = roles.pop("devices", {})
    streaming = roles.pop(STREAMING, None)
    voice = roles.pop(TTS, "none")
    for role_name, engine in roles.items():
        role = _role(name, role_name)
        if engine == "none" and role not in REQUIRED_ROLES:
            continue
        spec = specs.get(engine) if isinstance(engine, str) else None
        if spec is None or spec.role != role:
            raise InvalidSettings(
                f"Profile '{name}' wants the {role} engine '{engine}', which does not exist."
            )
        engines[role] = spec
    if not isinstance(devices, Mapping):
        raise InvalidSettings(f"The devices of profile '{name}' are a table of devices by role.")
    for device in devices.values():
        if not is_wanted(device):
            raise InvalidSettings(
                f"Profile '{name}' names the device '{device}'; there are auto, cpu, mps, cuda:0 ..."
            )
    return Profile(
        name,
        engines,
        {_role(name, role): device for role, device in devices.items()},
        _streaming(name, streaming, engines[Role.ASR], specs),
        _tts(name, voice, specs),
    )


def _tts(profile: str, said: object, specs: Mapping[str, EngineSpec]) -> EngineSpec | None:
    if said == "none":
        return None
    spec = specs.get(said) if isinstance(said, str) else None
    if spec is None or spec.role != Role.TTS:
        raise InvalidSettings(f"Profile '{profile}' wants the tts engine '{said}', which does not exist.")
    return spec


def _streaming(
    profile: str, said: object, asr: EngineSpec, specs: Mapping[str, EngineSpec]
) -> EngineSpec | None:
    """What was said; where nothing was, the recogniser itself if it streams."""
    if said is None:
        return asr if asr.streams else None
    if said == "none":
        return None
    spec = specs.get(said) if isinstance(said, str) else None
    if spec is None or spec.role != Role.ASR or not spec.streams:
        able = sorted(each.name for each in specs.values() if each.role == Role.ASR and each.streams)
        raise InvalidSettings(
            f"Profile '{profile}' wants '{said}' for streaming, which is no streaming recogniser; "
            f"there are: {', '.join(able)}; none turns it off."
        )
    return spec


def _role(profile: str, name: str) -> Role:
    if name not in {role.value for role in Role}:
        raise InvalidSettings(f"Profile '{profile}' names the role '{name}', which does not exist.")
    return Role(name)


def choose(profiles: Mapping[str, Profile], name: str) -> Profile:
    """The profile of that name; raises ProfileUnknown, naming those there are."""
    if name not in profiles:
        raise ProfileUnknown(f"There is no profile '{name}'; there are: {', '.join(sorted(profiles))}.")
    return profiles[name]


def check_options(profile: Profile, options: RecognitionOptions, profiles: Iterable[Profile]) -> None:
    """Refuse what the profile cannot honour, naming the profiles that can; raises UnsupportedOption."""
    if options.task not in ("transcribe", "translate"):
        raise InvalidOption(f"The task '{options.task}' does not exist; use transcribe or translate.")
    asked = {
        Capability.WORDS: options.words,
        Capability.HOTWORDS: bool(options.hotwords),
        Capability.HOTWORD_WEIGHTS: any(weight != 1.0 for _, weight in options.hotwords),
        Capability.PROMPT: bool(options.prompt),
        Capability.TRANSLATE: options.task == "translate",
        Capability.LANGUAGE: _is_choice(options.language, profile.languages),
    }
    for capability, wanted in asked.items():
        if wanted and capability not in profile.capabilities:
            able = [other.name for other in profiles if capability in other.capabilities]
            raise UnsupportedOption(_refusal(profile, f"has no {_SAID[capability]}", able))
    language = options.language
    if language and profile.languages is not None and language not in profile.languages:
        able = [other.name for other in profiles if other.languages is None or language in other.languages]
        known = ", ".join(sorted(profile.languages))
        raise UnsupportedOption(_refusal(profile, f"recognises {known} but not '{language}'", able))


def _is_choice(language: str | None, known: frozenset[str] | None) -> bool:
    """Whether naming the language asks for anything: a recogniser of one language need not be told which."""
    return language is not None and (known is None or (language in known and len(known) > 1))


_SAID = {
    Capability.WORDS: "word times",
    Capability.HOTWORDS: "hotwords",
    Capability.HOTWORD_WEIGHTS: "weights of hotwords",
    Capability.PROMPT: "prompt",
    Capability.TRANSLATE: "translation",
    Capability.LANGUAGE: "choice of language",
}


def _any_of(names: list[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def _refusal(profile: Profile, lack: str, able: list[str]) -> str:
    way_out = f"use --profile {_any_of(able)}" if able else "no profile known here can; see 'parley profiles'"
    return f"Profile '{profile.name}' {lack}; {way_out}."
