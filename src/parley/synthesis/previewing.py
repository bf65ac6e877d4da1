"""How a voice sounds: one sentence in its language, as a WAV file."""

from __future__ import annotations

import hashlib
import io
import wave

from parley.engines.contract import EngineSpec
from parley.synthesis.calling import AHEAD, Caller, say
from parley.synthesis.request import Speaker
from parley.wire.speaking import Spoken

_SENTENCES = {
    "ar": "مرحبا، هكذا أتكلم عندما أقرأ لك شيئا.",
    "de": "Guten Tag, so klinge ich, wenn ich Ihnen etwas vorlese.",
    "es": "Hola, así sueno cuando te leo algo en voz alta.",
    "fr": "Bonjour, voici ma voix quand je vous lis quelque chose.",
    "it": "Buongiorno, questa è la mia voce quando leggo qualcosa.",
    "ja": "こんにちは。文章を読み上げると、このような声になります。",
    "ko": "안녕하세요. 제가 글을 읽으면 이런 목소리로 들립니다.",
    "pt": "Olá, é assim que eu falo quando leio alguma coisa.",
    "ru": "Здравствуйте, так звучит мой голос, когда я читаю вслух.",
    "zh": "你好，这就是我朗读文字时的声音。",
}
_ENGLISH = "Hello, this is how I sound when I read something to you."


def sentence_in(language: str | None) -> str:
    """What a voice of that language says of itself."""
    return _SENTENCES.get(language or "en", _ENGLISH)


def key_of_preview(voice_id: str, engine: EngineSpec) -> str:
    """What a preview is filed under: another one is made when the engine has changed."""
    return hashlib.sha256(f"{voice_id}\n{engine.revision}".encode()).hexdigest()[:32]


async def make_preview(fleet: Caller, speaker: Speaker, sentence: str) -> bytes:
    """A WAV file; raises what speaking raises."""
    spoken, _ = await say(fleet, speaker.engine, sentence, speaker.options, AHEAD)
    return wav_of(spoken)


def wav_of(spoken: Spoken) -> bytes:
    """Speech as a file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(spoken.sample_rate_hz)
        writer.writeframes(spoken.pcm)
    return file.getvalue()
