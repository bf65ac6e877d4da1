"""`/v1/voices` and `/v1/audio/speech` in front of scripted voices."""

from __future__ import annotations

import asyncio
import io
import json
import wave
from pathlib import Path
from typing import Any

import httpx
import pytest

from parley.errors import (
    ConsentMissing,
    SpeakingError,
    TextTooLong,
    UnsupportedOption,
    VoiceRefused,
    VoicesBusy,
    VoiceUnknown,
)
from parley.speech.speaking import Sentence, SpeakingCancelled, SpeakingFailed
from parley.speech.voice import VoiceFacts
from parley.synthesis.options import NewVoice, SpeakingWish
from tests.unit.server.tts.scripted import ANNA, SAMPLES_PER_CHAR, ScriptedRoom, ScriptedSpeaking

from .behind import Scene, calling, served, until

FORM = {"name": "Anna", "transcript": "Good morning.", "consent": "true"}


class Spoken(Scene):
    """The doors with scripted voices behind them."""

    def __init__(self, users: tuple[str, ...] = (), **options: Any) -> None:
        self.voices = ScriptedRoom()
        super().__init__(users, synthesis=self.voices, **options)

    async def ask(self, method: str, path: str, **how: Any) -> httpx.Response:
        headers = how.pop("headers", {})
        async with self.client() as client:
            return await client.request(method, path, headers=headers, **how)


def asked(scene: Scene, method: str, path: str, **how: Any) -> httpx.Response:
    async def main() -> httpx.Response:
        async with scene.client() as client:
            return await client.request(method, path, **how)

    return asyncio.run(main())


def code_of(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json"
    return response.status_code, response.json()["code"]


def test_voices_are_listed_as_over_the_line():
    scene = Spoken()
    answer = asked(scene, "GET", "/v1/voices")
    assert answer.status_code == 200
    assert answer.json()["default"] == "tone/anna"
    assert answer.json()["voices"][0] == {
        "id": "tone/anna",
        "name": "anna",
        "kind": "preset",
        "engine": "tone",
        "model": "tone",
        "languages": ["en"],
        "summary": "",
        "created_at": None,
    }
    scene.voices.known = ()
    assert asked(scene, "GET", "/v1/voices").json() == {"voices": [], "default": None}


def test_a_server_without_voices_says_so():
    scene = Scene()
    assert asked(scene, "GET", "/v1/voices").json() == {"voices": [], "default": None}
    assert code_of(asked(scene, "POST", "/v1/voices", data=FORM)) == (409, "voices_not_installed")
    assert code_of(asked(scene, "DELETE", "/v1/voices/a")) == (404, "voice_unknown")
    assert code_of(asked(scene, "GET", "/v1/voices/a/preview")) == (404, "voice_unknown")
    speech = asked(scene, "POST", "/v1/audio/speech", json={"input": "one"})
    assert code_of(speech) == (409, "voices_not_installed")


def test_everything_wants_a_token_where_tokens_are_asked_for():
    scene = Spoken(("anna",))
    for method, path in (
        ("GET", "/v1/voices"),
        ("POST", "/v1/voices"),
        ("DELETE", "/v1/voices/a"),
        ("GET", "/v1/voices/a/preview"),
        ("POST", "/v1/audio/speech"),
    ):
        assert code_of(asked(scene, method, path)) == (401, "auth_failed")
    bearer = {"Authorization": "Bearer anna"}
    answer = asked(scene, "POST", "/v1/voices", data=FORM, files={"audio": b"RIFF"}, headers=bearer)
    assert answer.status_code == 201
    assert scene.voices.kept[0][0] == "anna"


@pytest.mark.parametrize("is_behind", [False, True], ids=["options first", "options behind the file"])
def test_a_voice_is_added_and_its_recording_is_gone_afterwards(is_behind: bool):
    scene = Spoken()
    recording = b"RIFF" + bytes(300_000)
    fields = {**FORM, "language": "zh-CN", "engine": "tone", "of_a_later_version": "x"}
    parts = [(name, (None, value)) for name, value in fields.items()]
    file = ("audio", ("me.wav", recording))
    answer = asked(scene, "POST", "/v1/voices", files=[file, *parts] if is_behind else [*parts, file])
    assert answer.status_code == 201
    assert answer.json()["id"] == "voice-1"
    [(user, voice, heard)] = scene.voices.kept
    assert (user, heard) == ("anybody", recording)
    assert voice.reference is not None
    # Where the house sweeps, should the server be killed in between.
    assert voice.reference.parent == scene.voices.workspaces[0]
    assert not voice.reference.parent.exists()
    assert voice == NewVoice(
        name="Anna",
        transcript="Good morning.",
        reference=voice.reference,
        language="zh",
        engine="tone",
        has_consent=True,
    )


def test_a_voice_is_made_from_words():
    scene = Spoken()
    answer = asked(scene, "POST", "/v1/voices", files={"name": (None, "Bär"), "design": (None, "deep")})
    assert (answer.status_code, answer.json()["kind"]) == (201, "designed")
    assert scene.voices.kept[0][1] == NewVoice(name="Bär", design="deep")


@pytest.mark.parametrize(
    ("fields", "files", "status", "code"),
    [
        ({"transcript": "x"}, {"audio": b"x"}, 400, "invalid_option"),
        ({"name": "a"}, {}, 400, "invalid_option"),
        ({"name": "a", "design": "deep"}, {"audio": b"x"}, 400, "invalid_option"),
        ({"name": "a", "consent": "maybe"}, {"audio": b"x"}, 400, "invalid_option"),
        ({"name": "a" * 101}, {"audio": b"x"}, 400, "invalid_option"),
        ({"name": "a", "transcript": "x" * 2001}, {"audio": b"x"}, 400, "invalid_option"),
        ({"name": "a"}, {"picture": b"x"}, 400, "upload_error"),
    ],
)
def test_a_form_that_means_nothing_is_refused(fields: Any, files: Any, status: int, code: str):
    scene = Spoken()
    parts = [(name, (None, value)) for name, value in fields.items()]
    parts += [(name, ("me.wav", data)) for name, data in files.items()]
    answer = asked(scene, "POST", "/v1/voices", files=parts)
    assert code_of(answer) == (status, code)
    assert scene.voices.kept == []


def test_what_is_no_form_is_refused():
    scene = Spoken()
    assert asked(scene, "POST", "/v1/voices", json={}).status_code == 415
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    broken = asked(scene, "POST", "/v1/voices", content=b"--x\r\nnonsense", headers=headers)
    assert broken.status_code == 400


def test_a_recording_has_a_bound():
    scene = Spoken()
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Content-Length": "100000000"}
    answer = asked(scene, "POST", "/v1/voices", content=b"--x\r\n", headers=headers)
    assert code_of(answer) == (413, "file_too_large")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ConsentMissing("Say that the speaker agrees."), 400),
        (VoiceRefused("The recording has two speakers."), 422),
        (UnsupportedOption("No engine here can clone."), 400),
    ],
)
def test_what_the_room_refuses_is_told(error: Exception, status: int):
    scene = Spoken()
    scene.voices.refusal = error
    answer = asked(scene, "POST", "/v1/voices", data=FORM, files={"audio": b"x"})
    assert answer.status_code == status
    assert answer.json()["detail"] == str(error)


def preset(voice_id: str) -> VoiceFacts:
    return VoiceFacts(
        voice_id=voice_id, name=voice_id, kind="preset", engine="tone", model="tone", languages=()
    )


@pytest.mark.parametrize(
    "voice_id", ["tone/anna", "a", "a/b/c", "小雨", "a b", "tone/preview", "preview", "a%2Fb"]
)
def test_a_voice_is_heard_whatever_its_id(voice_id: str, tmp_path: Path):
    scene = Spoken()
    scene.voices.known = (preset(voice_id),)
    scene.voices.preview_path = tmp_path / "made.wav"
    scene.voices.preview_path.write_bytes(b"RIFF\0\0\0\0WAVE" + bytes(100))
    path = f"/v1/voices/{voice_id.replace('%', '%25').replace(' ', '%20')}/preview"
    answer = asked(scene, "GET", path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/wav")
    assert answer.content == scene.voices.preview_path.read_bytes()
    again = asked(scene, "GET", path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    part = asked(scene, "GET", path, headers={"Range": "bytes=4-11"})
    assert (part.status_code, part.content) == (206, b"\0\0\0\0WAVE")
    assert asked(scene, "GET", path, headers={"Range": "bytes=1000-"}).status_code == 416
    assert asked(scene, "HEAD", path).content == b""


@pytest.mark.parametrize("voice_id", ["x", "..", "../../etc/passwd", "%00", "%0a", "x" * 200, "", "/"])
def test_an_unknown_voice_is_nobody(voice_id: str, tmp_path: Path):
    scene = Spoken()
    scene.voices.preview_path = tmp_path / "made.wav"
    for method, path in (("GET", f"/v1/voices/{voice_id}/preview"), ("DELETE", f"/v1/voices/{voice_id}")):
        assert asked(scene, method, path).status_code == 404, path


def test_ids_have_a_bound():
    assert code_of(asked(Spoken(), "DELETE", "/v1/voices/" + "x" * 201)) == (400, "invalid_option")


def test_a_voice_is_forgotten_once():
    scene = Spoken()
    asked(scene, "POST", "/v1/voices", data=FORM, files={"audio": b"x"})
    assert asked(scene, "DELETE", "/v1/voices/voice-1").status_code == 204
    assert code_of(asked(scene, "DELETE", "/v1/voices/tone/anna")) == (404, "voice_unknown")
    assert asked(scene, "POST", "/v1/voices/tone/anna").headers["allow"] == "DELETE"


def test_a_preview_waits_for_nobody_when_voices_are_busy():
    scene = Spoken()
    scene.voices.refusal = VoicesBusy("Later.")
    answer = asked(scene, "GET", "/v1/voices/tone/anna/preview")
    assert code_of(answer) == (503, "voices_busy")
    assert int(answer.headers["retry-after"]) > 0


# OpenAI's way


def pcm_of(scene: Spoken, text: str, number: int = 0) -> bytes:
    return (1000 + number).to_bytes(2, "little") * SAMPLES_PER_CHAR * len(text.replace("|", ""))


def test_speech_comes_as_wav():
    scene = Spoken()
    answer = asked(
        scene, "POST", "/v1/audio/speech", json={"model": "tts-1", "input": "one|two", "voice": "alloy"}
    )
    assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/wav")
    with wave.open(io.BytesIO(answer.content)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16000, 1, 2)
        assert file.readframes(10_000) == pcm_of(scene, "one|two")
    [speaking] = scene.voices.speaking
    assert (speaking.wish, speaking.is_over, speaking.calls) == (SpeakingWish(), True, ["left"])


def test_speech_comes_as_bare_pcm_at_the_rate_that_openai_has():
    scene = Spoken()
    given = {
        "model": "tone",
        "input": "早上好",
        "voice": "tone/anna",
        "response_format": "pcm",
        "speed": 1.5,
        "instructions": "wearily",
        "language": "zh-CN",
        "of_a_later_version": 1,
        "stream_format": None,
    }
    answer = asked(scene, "POST", "/v1/audio/speech", json=given)
    assert (answer.headers["content-type"], answer.content) == ("audio/pcm", pcm_of(scene, "早上好"))
    assert scene.voices.speaking[0].wish == SpeakingWish(
        voice="tone/anna", language="zh", engine="tone", speed=1.5, sample_rate_hz=24000, instruct="wearily"
    )


def test_a_voice_here_that_is_called_as_one_of_openai_is_meant():
    scene = Spoken()
    scene.voices.known = (ANNA, preset("alloy"))
    asked(scene, "POST", "/v1/audio/speech", json={"input": "one", "voice": "alloy"})
    asked(scene, "POST", "/v1/audio/speech", json={"input": "one", "voice": "nova"})
    assert [speaking.wish.voice for speaking in scene.voices.speaking] == ["alloy", None]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "invalid_option"),
        ({"input": ""}, "invalid_option"),
        ({"input": "one", "response_format": "mp3"}, "unsupported_option"),
        ({"input": "one", "stream_format": "sse"}, "unsupported_option"),
        ({"input": "one", "speed": 5}, "invalid_option"),
        ({"input": "one", "model": "gpt-9"}, "invalid_option"),
        ({"input": "one", "voice": {"id": "x"}}, "invalid_option"),
        ([], "invalid_json"),
    ],
)
def test_what_cannot_be_done_is_refused_clearly(given: Any, code: str):
    scene = Spoken()
    assert code_of(asked(scene, "POST", "/v1/audio/speech", json=given)) == (400, code)
    assert scene.voices.speaking == []


@pytest.mark.parametrize(
    ("error", "status"), [(VoiceUnknown("Nobody."), 404), (VoicesBusy("Later."), 503), (ValueError("x"), 500)]
)
def test_what_keeps_speech_from_beginning_is_a_problem(error: Exception, status: int):
    scene = Spoken()
    scene.voices.refusal = error
    answer = asked(scene, "POST", "/v1/audio/speech", json={"input": "one", "voice": "x"})
    assert code_of(answer)[0] == status


class FailsAtOnce(ScriptedSpeaking):
    def __init__(self, *given: Any, **how: Any) -> None:
        super().__init__(*given, **how)
        self.failure = SpeakingError("It could not be said.")


class FailsInTheMiddle(ScriptedSpeaking):
    async def listen(self) -> Any:
        async for event in super().listen():
            if isinstance(event, Sentence) and event.index == 1:
                yield SpeakingFailed(error=SpeakingError("It could not be said."))
                return
            yield event


class TakesNoMore(ScriptedSpeaking):
    """Finds the text too long, and says so to whoever writes it."""

    def __init__(self, *given: Any, **how: Any) -> None:
        super().__init__(*given, **how)
        self.refusal = TextTooLong("Too long.")
        self.cancelled = asyncio.Event()

    async def cancel(self) -> None:
        await super().cancel()
        self.cancelled.set()

    async def listen(self) -> Any:
        await self.cancelled.wait()
        yield SpeakingCancelled()


@pytest.mark.parametrize(("kind", "status"), [(FailsAtOnce, 500), (TakesNoMore, 413)])
def test_what_fails_before_the_first_audio_is_a_problem_too(kind: Any, status: int):
    scene = Spoken()
    scene.voices.kind = kind
    answer = asked(scene, "POST", "/v1/audio/speech", json={"input": "one"})
    assert code_of(answer)[0] == status
    assert "cancel" in scene.voices.speaking[0].calls


def test_a_long_text_in_escapes_passes():
    scene = Spoken()
    body = json.dumps({"input": "早" * 20_000}, ensure_ascii=True).encode()
    assert len(body) > 64 * 1024
    headers = {"Content-Type": "application/json"}
    answer = asked(scene, "POST", "/v1/audio/speech", content=body, headers=headers)
    assert len(answer.content) == 44 + 2 * 20_000 * SAMPLES_PER_CHAR


def test_speech_that_fails_in_the_middle_breaks_off_and_does_not_seem_whole():
    async def main() -> None:
        scene = Spoken()
        scene.voices.kind = FailsInTheMiddle
        async with served(scene) as (host, port), calling(host, port) as client:
            heard = b""
            with pytest.raises(httpx.RemoteProtocolError):
                async with client.stream("POST", "/v1/audio/speech", json={"input": "one|two"}) as answer:
                    assert answer.status_code == 200
                    async for piece in answer.aiter_bytes():
                        heard += piece
            assert heard[44:] == pcm_of(scene, "one")

    asyncio.run(main())


def test_a_client_that_leaves_stops_the_voice():
    async def main() -> None:
        scene = Spoken()
        scene.voices.kind = Holds
        async with served(scene) as (host, port), calling(host, port) as client:
            async with client.stream("POST", "/v1/audio/speech", json={"input": "one|two"}) as answer:
                await anext(answer.aiter_bytes())
            [speaking] = scene.voices.speaking
            await until(lambda: "cancel" in speaking.calls)

    asyncio.run(main())


class Holds(ScriptedSpeaking):
    """Says the first clause only."""

    async def listen(self) -> Any:
        async for event in super().listen():
            yield event
            self.gate.clear()
