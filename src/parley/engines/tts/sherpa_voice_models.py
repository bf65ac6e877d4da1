"""Voices of sherpa-onnx: what each consists of, who speaks in it, and how the library is told of it.

The weights are the ONNX exports of sherpa-onnx's maintainers. Every commit has been seen in public use;
where none could be verified, the branch is named (ADR 013). Since version 2 the library has no espeak-ng, and
takes the sounds of words from lexicons only: voices that come without one, like Piper's, cannot be used.
"""

from __future__ import annotations

from parley.engines.model import Hub, ModelSource, ModelSpec
from parley.speech.voice import PresetVoice

RULES = ("phone.fst", "date.fst", "number.fst")
RULES_VITS = (*RULES, "new_heteronym.fst")
RULES_KOKORO = ("phone-zh.fst", "date-zh.fst", "number-zh.fst")
"""What makes words of numbers in Mandarin."""


def _model(
    name: str, repo: str, revision: str, files: tuple[str, ...], size_mib: int, licence: str
) -> ModelSpec:
    source = ModelSource(hub=Hub.HUGGINGFACE, repo=repo, revision=revision, files=files)
    return ModelSpec(name=name, sources=(source,), needs=files, size_mib=size_mib, licence=licence)


_KOKORO = ("model.onnx", "voices.bin", "tokens.txt", "lexicon-us-en.txt", "lexicon-zh.txt", *RULES_KOKORO)

KOKORO = _model(
    "sherpa-kokoro-v1.0",
    "csukuangfj/kokoro-multi-lang-v1_0",
    "f7b96bb6bef5c5da4d3aa4f4e0498fbbf62dc78b",
    _KOKORO,
    345,
    "Apache-2.0",
)

KOKORO_ZH = _model(
    "sherpa-kokoro-v1.1-zh",
    "csukuangfj/kokoro-multi-lang-v1_1",
    "914313412b607d95400bcd12446233fbd1248801",
    _KOKORO,
    375,
    "Apache-2.0",
)

MATCHA_ZH = _model(
    "sherpa-matcha-zh-baker",
    "csukuangfj/matcha-icefall-zh-baker",
    "main",
    ("model-steps-3.onnx", "tokens.txt", "lexicon.txt", *RULES),
    73,
    "not for commercial use (the recordings of Baker)",
)

HIFIGAN = _model(
    "sherpa-hifigan-v2", "csukuangfj/sherpa-onnx-hifigan", "main", ("hifigan_v2.onnx",), 4, "MIT"
)
"""What makes a wave of the spectrum that Matcha writes."""

VITS_ZH = _model(
    "sherpa-vits-zh-aishell3",
    "csukuangfj/vits-zh-aishell3",
    "e3e808eaab2385b812286c6707323362251bba65",
    ("vits-aishell3.onnx", "tokens.txt", "lexicon.txt", *RULES_VITS),
    118,
    "not stated (the recordings of AISHELL-3 are Apache-2.0)",
)

VITS_MELO = _model(
    "sherpa-vits-melo-zh-en",
    "csukuangfj/vits-melo-tts-zh_en",
    "a0d5c6a264c0ef92d70d8661d8cc502d79627cd6",
    ("model.onnx", "tokens.txt", "lexicon.txt", *RULES_VITS),
    170,
    "MIT",
)

_KOKORO_SPEAKERS = (
    *("af_alloy", "af_aoede", "af_bella", "af_heart", "af_jessica", "af_kore", "af_nicole", "af_nova"),
    *("af_river", "af_sarah", "af_sky", "am_adam", "am_echo", "am_eric", "am_fenrir", "am_liam"),
    *("am_michael", "am_onyx", "am_puck", "am_santa", "bf_alice", "bf_emma", "bf_isabella", "bf_lily"),
    *("bm_daniel", "bm_fable", "bm_george", "bm_lewis", "ef_dora", "em_alex", "ff_siwis", "hf_alpha"),
    *("hf_beta", "hm_omega", "hm_psi", "if_sara", "im_nicola", "jf_alpha", "jf_gongitsune", "jf_nezumi"),
    *("jf_tebukuro", "jm_kumo", "pf_dora", "pm_alex", "pm_santa", "zf_xiaobei", "zf_xiaoni"),
    *("zf_xiaoxiao", "zf_xiaoyi", "zm_yunjian", "zm_yunxi", "zm_yunxia", "zm_yunyang"),
)
"""In the order of voices.bin: https://github.com/k2-fsa/sherpa-onnx/tree/master/scripts/kokoro/v1.0"""

_WOMEN_ZH = (
    "001 002 003 004 005 006 007 008 017 018 019 021 022 023 024 026 027 028 032 036 038 039 040 042 043 044 "
    "046 047 048 049 051 059 060 067 070 071 072 073 074 075 076 077 078 079 083 084 085 086 087 088 090 092 "
    "093 094 099"
)
_MEN_ZH = (
    "009 010 011 012 013 014 015 016 020 025 029 030 031 033 034 035 037 041 045 050 052 053 054 055 056 057 "
    "058 061 062 063 064 065 066 068 069 080 081 082 089 091 095 096 097 098 100"
)
_KOKORO_ZH_SPEAKERS = (
    *("af_maple", "af_sol", "bf_vale"),
    *(f"zf_{number}" for number in _WOMEN_ZH.split()),
    *(f"zm_{number}" for number in _MEN_ZH.split()),
)

_SAID_OF = {
    "af": (("en", "zh"), "American, female"),
    "am": (("en", "zh"), "American, male"),
    "bf": (("en", "zh"), "British, female"),
    "bm": (("en", "zh"), "British, male"),
    "zf": (("zh", "en"), "Mandarin, female"),
    "zm": (("zh", "en"), "Mandarin, male"),
}
"""Kokoro's names begin with the language and the sex. The library writes the sounds of English and Mandarin
only, so voices of other languages are left out."""


def _presets(speakers: tuple[str, ...], first: tuple[str, ...]) -> tuple[PresetVoice, ...]:
    """`first` are those that their publisher rates best."""
    order = (*first, *(name for name in speakers if name not in first and name[:2] in _SAID_OF))
    return tuple(
        PresetVoice(name=name, languages=_SAID_OF[name[:2]][0], summary=_SAID_OF[name[:2]][1])
        for name in order
    )


KOKORO_PRESETS = _presets(_KOKORO_SPEAKERS, ("af_heart", "af_bella", "bf_emma", "am_michael", "zf_xiaoxiao"))
KOKORO_ZH_PRESETS = _presets(_KOKORO_ZH_SPEAKERS, ("zf_001", "zm_009"))

KOKORO_NUMBERS = {name: number for number, name in enumerate(_KOKORO_SPEAKERS)}
KOKORO_ZH_NUMBERS = {name: number for number, name in enumerate(_KOKORO_ZH_SPEAKERS)}
"""What the library calls them."""


def numbered(languages: tuple[str, ...], count: int, summary: str) -> tuple[PresetVoice, ...]:
    """Speakers without names, called by their numbers."""
    return tuple(
        PresetVoice(name=str(number), languages=languages, summary=summary) for number in range(count)
    )
