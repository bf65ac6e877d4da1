"""How a client wants to be served: what its frames said so far, one after the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, cast

import msgspec
from pydantic import ValidationError

from parley.engines.contract import Capability, EngineSpec, Role
from parley.engines.profiles import Profile
from parley.errors import InvalidJson, InvalidOption
from parley.live.options import LiveWish
from parley.server.funasr.hotwords import Hotwords, read_hotwords
from parley.server.funasr.riff import WaveFormat
from parley.speech.recognition import language_of
from parley.wire.funasr.client import LONGEST_HOTWORDS, Frame

Mode = Literal["offline", "online", "2pass"]

_SAMPLES = frozenset({"", "pcm", "wav", "wave", "raw", "s16le", "pcm16"})
_NO_SPEECH = "nospeech"

_FIELDS = frozenset(Frame.model_fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """What holds for the next input. `mode` is None until a frame names one."""

    mode_said: Mode | None = None
    wav_name: str = "wav-default-id"
    wav_format: str | None = None
    says_interval: bool = False
    sample_rate_hz: int = 16000
    hotwords: Hotwords = ()
    language: str | None = None

    @property
    def mode(self) -> Mode:
        """FunASR has a server for files, whose own client names no mode, and one for live speech.

        That client says the format and the interval of chunks; no client of live speech says both and
        leaves out the mode.
        """
        return self.mode_said or ("offline" if self._is_for_files else "2pass")

    @property
    def ends_with_true(self) -> bool:
        """What `is_final` says in the one answer of mode `offline`.

        The server for files says false, and FunASR's page closes its line on that; the server for live
        speech says true, and its clients wait for that. Those that work with both say the interval too.
        """
        return self.mode != "offline" or not self._is_for_files

    @property
    def _is_for_files(self) -> bool:
        return self.wav_format is not None and self.says_interval

    @property
    def is_samples(self) -> bool:
        """Whether samples are announced, and not a file of another format."""
        return (self.wav_format or "").lower() in _SAMPLES

    def after(self, frame: Frame) -> Manner:
        """The same with what a frame changes; raises InvalidOption."""
        changes: dict[str, Any] = {
            "mode_said": _mode(frame.mode) if frame.mode else None,
            "wav_name": frame.wav_name,
            "wav_format": frame.wav_format,
            "says_interval": True if frame.chunk_interval is not None else None,
            "sample_rate_hz": frame.audio_fs,
            "hotwords": None if frame.hotwords is None else read_hotwords(frame.hotwords),
            "language": frame.svs_lang,
        }
        return replace(self, **{name: value for name, value in changes.items() if value is not None})

    def wish(self, profile: Profile, header: WaveFormat | None) -> LiveWish:
        """What to ask of a session: of the settings those that the profile can honour."""
        can = self._last_word(profile).capabilities
        weighs = Capability.HOTWORD_WEIGHTS in can
        hotwords = tuple((phrase, weight if weighs else 1.0) for phrase, weight in self.hotwords)
        return LiveWish(
            sample_rate_hz=header.sample_rate_hz if header else self.sample_rate_hz,
            encoding=header.encoding if header else "pcm16",
            channels=header.channels if header else 1,
            language=self.spoken if Capability.LANGUAGE in can and self._is_known(profile) else None,
            profile=profile.name,
            hotwords=hotwords if Capability.HOTWORDS in can else (),
            partials=self.mode != "offline",
            words=self.mode != "online" and Capability.WORDS in can,
            second_pass=self.mode != "online",
        )

    def ignored(self, profile: Profile) -> tuple[str, ...]:
        """Settings that the profile cannot honour. Clients send them unasked, so they are not refused."""
        cannot = {
            "hotwords": bool(self.hotwords)
            and Capability.HOTWORDS not in self._last_word(profile).capabilities,
            "svs_lang": self.spoken is not None and not self._is_known(profile),
        }
        return tuple(name for name, is_so in cannot.items() if is_so)

    @property
    def spoken(self) -> str | None:
        """The language, None where it is left open."""
        language = language_of(self.language)
        return None if language == _NO_SPEECH else language

    def _last_word(self, profile: Profile) -> EngineSpec:
        """The recogniser whose text counts in this mode."""
        alone = profile.streaming if self.mode == "online" else None
        return alone or profile.engines[Role.ASR]

    def _is_known(self, profile: Profile) -> bool:
        languages = self._last_word(profile).languages
        return languages is None or self.spoken in languages


def read_frame(text: str) -> Frame:
    """What a text frame says; raises InvalidJson and InvalidOption."""
    try:
        told = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise InvalidJson("The frame is not a JSON object; FunASR's clients send one before their audio.")
    given = {name: value for name, value in cast("dict[str, Any]", told).items() if value is not None}
    if "hotwords" not in given and "hotword" in given:
        given["hotwords"] = given["hotword"]
    if len(str(given.get("hotwords", ""))) > LONGEST_HOTWORDS:
        raise InvalidOption(f"The hotwords are longer than {LONGEST_HOTWORDS} characters; send fewer.")
    try:
        return Frame.model_validate({name: value for name, value in given.items() if name in _FIELDS})
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise InvalidOption(f"The field '{first['loc'][0]}' is wrong: {first['msg']}.") from None


def _mode(said: str) -> Mode:
    """`2pass-offline` and the like stand for 2pass in FunASR's server too."""
    mode = said.strip().lower()
    if mode.startswith("2pass"):
        return "2pass"
    if mode in ("offline", "online"):
        return cast("Mode", mode)
    raise InvalidOption("The mode does not exist; there are offline, online and 2pass.")
