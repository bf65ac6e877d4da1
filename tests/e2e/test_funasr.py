"""The protocol of FunASR through the installed server: its clients' messages with real recordings."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import jiwer
import soundfile
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.e2e.command import Parley
from tests.e2e.serving import Served, serve

PATIENCE_S = 120.0
SAID = "whisper/jfk.wav"
WORDS = (
    "and so my fellow americans ask not what your country can do for you ask what you can do for your country"
)

Message = dict[str, Any]


def first_frame(mode: str, **more: Any) -> Message:
    """What FunASR's Python client sends before a file."""
    return {
        "mode": mode,
        "chunk_size": [5, 10, 5],
        "chunk_interval": 10,
        "encoder_chunk_look_back": 4,
        "decoder_chunk_look_back": 0,
        "audio_fs": 16000,
        "wav_name": "demo",
        "wav_format": "pcm",
        "is_speaking": True,
        "hotwords": "",
        "itn": True,
        **more,
    }


async def said_by(
    line: ClientConnection, frame: Message, audio: bytes, *, size: int = 1920, speed: float | None = None
) -> list[Message]:
    """Everything that is answered to one input, the acknowledgement last."""
    await line.send(json.dumps(frame))
    for at in range(0, len(audio), size):
        await line.send(audio[at : at + size])
        if speed:
            await asyncio.sleep(size / 2 / 16000 / speed)
    await line.send(json.dumps({"is_speaking": False, "is_end": True}))
    answers: list[Message] = []
    async with asyncio.timeout(PATIENCE_S):
        while not (answers and answers[-1].get("is_end")):
            answers.append(json.loads(await line.recv()))
    return answers


def texts(answers: list[Message], mode: str) -> str:
    return "".join(answer["text"] for answer in answers if answer.get("mode") == mode)


def wrong(said: str) -> float:
    return jiwer.wer(WORDS, re.sub(r"[^a-z ]", "", said.lower()))


def funasr_port(served: Served) -> str:
    found = [re.search(r"/funasr is also at (\S+?)\.?$", line) for line in served.lines]
    return next(match[1] for match in found if match)


def test_three_modes_two_inputs_and_a_port_of_its_own(parley: Parley, audio: Path) -> None:
    served = serve(parley, "--funasr-port", "0")
    wav = (audio / SAID).read_bytes()
    samples, rate = soundfile.read(audio / SAID, dtype="int16")
    assert rate == 16000
    pcm = samples.astype("<i2").tobytes()

    async def main() -> tuple[list[Message], ...]:
        address = funasr_port(served)
        async with connect(address, subprotocols=["binary"], max_size=None) as line:  # type: ignore[list-item]
            assert line.subprotocol == "binary"
            both = await said_by(line, first_frame("2pass"), pcm, speed=4.0)
            online = await said_by(line, first_frame("online", wav_name="second"), pcm, speed=4.0)
        async with connect(f"{served.socket_url}/funasr", max_size=None) as line:
            assert line.subprotocol is None
            # As FunASR's page does: the file with its header, as fast as it can.
            page = first_frame("offline", wav_format="PCM", itn=False, audio_fs=8000)
            offline = await said_by(line, page, wav, size=960)
        return both, online, offline

    both, online, offline = asyncio.run(main())
    for answers in (both, online, offline):
        assert answers[-1] == {"is_end": True, "is_final": True, "wav_name": answers[0]["wav_name"]}
    # A loaded machine may leave pieces out, but no utterance.
    assert {answer.get("mode") for answer in both[:-1]} <= {"2pass-online", "2pass-offline"}
    assert [answer["is_final"] for answer in both[:-1]] == [False] * (len(both) - 2) + [True]
    assert wrong(texts(both, "2pass-offline")) < 0.2, both
    assert {answer["wav_name"] for answer in online} == {"second"}
    # Pieces that are only ever appended give the same text.
    assert wrong(texts(online, "online")) < 0.2, online
    # One for each utterance at least; how many more depends on load.
    utterances = [answer for answer in both if answer.get("mode") == "2pass-offline" and answer["text"]]
    assert sum(bool(answer.get("text")) for answer in online) >= len(utterances)
    assert [answer["is_final"] for answer in offline[:-1]] == [False]
    assert wrong(texts(offline, "offline")) < 0.2, offline
    served.stop()


def test_a_file_of_another_format_and_a_stranger(parley: Parley, audio: Path) -> None:
    parley.settings |= {"PARLEY_AUTH__ENABLED": "true"}
    served = serve(parley)
    token = parley("token", "create", "--subject", "anna", "--expires", "1h").out.strip()
    recording = (audio / "formats" / "whisperkit_8_Channel_ID.m4a").read_bytes()

    async def main() -> tuple[list[Message], Message, str]:
        async with connect(f"{served.socket_url}/funasr?token={token}", max_size=None) as line:
            file = await said_by(line, first_frame("offline", wav_format="others"), recording, size=65536)
        async with connect(f"{served.socket_url}/funasr") as line:
            refusal = json.loads(await line.recv())
            try:
                await line.recv()
            except ConnectionClosed as closed:
                assert closed.rcvd is not None
                return file, refusal, closed.rcvd.reason
        raise AssertionError("a stranger was not turned away")

    file, refusal, reason = asyncio.run(main())
    assert "left" in file[0]["text"].lower(), file
    assert refusal["error"] == "auth_failed"
    assert reason == refusal["message"]
    served.stop()
